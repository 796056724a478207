"""One file per way of reading an image; the table is in app.images.open."""
