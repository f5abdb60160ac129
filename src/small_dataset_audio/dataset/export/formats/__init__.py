"""What lies in an export: one module for each format, with `write`, and with `verify`, which reads everything back.

`custom_metadata` is part of no program of sda's: it is copied into exports for Stable Audio Tools.
"""
