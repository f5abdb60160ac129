"""Decode, resample, encode; the Clip type."""
