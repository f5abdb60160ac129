"""Onsets, beats, downbeats and what follows from them."""
