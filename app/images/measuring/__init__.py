"""Measuring on images: shapes, the pixels under them, and the numbers that come of it."""
