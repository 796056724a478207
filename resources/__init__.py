"""Data only: model cards, weights, samples, icons, themes, licences."""
