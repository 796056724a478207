"""Measuring on the picture: tools, what is drawn, the numbers and the page that shows them."""
