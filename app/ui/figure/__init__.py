"""Figures and movies: what the viewer shows, drawn again at any density."""
