"""The single steps that make an image bad; `models.restoration.degrade` puts them in their order."""
