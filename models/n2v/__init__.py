"""Denoising that learns from the noisy images themselves: blind spots and noise added on top."""
