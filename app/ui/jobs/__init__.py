"""The page and the strip of jobs."""
