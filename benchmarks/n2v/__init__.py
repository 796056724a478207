"""CAREamics in an environment of its own."""
