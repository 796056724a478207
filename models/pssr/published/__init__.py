"""Networks as they were published, one file each; parameters have the names of their checkpoints.

All work on our scale of 0 to 1 and turn it inside into the scale of their training, where that is known.
"""
