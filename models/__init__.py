"""The science: arrays in, arrays out. No paths, no settings, no printing."""
