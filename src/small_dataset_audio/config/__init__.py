"""The settings model, load and save, paths. Never imports torch."""
