"""How fast pictures come: this program and others, each in a process of its own, measured alike."""
