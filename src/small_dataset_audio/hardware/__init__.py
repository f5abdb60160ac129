"""Torch start-up, device choice, memory."""
