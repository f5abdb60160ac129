"""The door: one thin module per command group. It parses, calls and renders; it decides nothing."""
