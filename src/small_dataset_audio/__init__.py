"""sda: a small personal collection of recordings becomes a training-ready, richly annotated dataset."""

__version__ = "0.1.0"
