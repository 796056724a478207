"""What all restoring families share."""
