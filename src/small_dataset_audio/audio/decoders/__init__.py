"""The two libraries that decode, and where their blocks are gathered."""
