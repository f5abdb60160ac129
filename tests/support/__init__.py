"""Signals and files that tests share."""
