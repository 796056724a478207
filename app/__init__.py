"""Everything a person touches: files, model library, jobs, window, command line."""
