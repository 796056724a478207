"""One file per way of writing an image."""
