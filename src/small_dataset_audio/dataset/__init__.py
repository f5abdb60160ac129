"""Tracks on disk: layout, the .INFO store, and how recordings come in."""
