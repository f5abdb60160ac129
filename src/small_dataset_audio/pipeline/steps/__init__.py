"""The stages with models, one module each: what they need, and what they do to one track."""
