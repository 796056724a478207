"""Finding images: places, folders, thumbnails."""
