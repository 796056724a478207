"""Files in, image sources out; arrays in, files out. Free of Qt and torch."""
