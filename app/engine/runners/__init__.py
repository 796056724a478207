"""What a worker process does for each kind of job; the only rooms of app with torch."""
