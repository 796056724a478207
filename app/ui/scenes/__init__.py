"""The strip of the images within one file: scenes, series, wells or data sets."""
