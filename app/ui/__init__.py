"""The window: the only rooms with Qt."""
