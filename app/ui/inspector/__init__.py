"""The pages beside the picture: display, restore, info."""
