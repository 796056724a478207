"""PSSR2 in an environment of its own."""
