"""Speed and quality against limits and simple methods; one file per question, never timed tests."""
