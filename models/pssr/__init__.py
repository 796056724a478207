"""Point-scanning super-resolution: PSSR and its successor."""
