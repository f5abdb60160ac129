"""Pitch content: constant-Q, chroma, pitch-class profiles, key."""
