"""Which models exist and which are here. Free of Qt and torch."""
