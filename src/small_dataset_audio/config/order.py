"""The names of the pipeline's stages, known without importing any of them."""

from typing import Final

STAGES: Final = (
    "organize",
    "separate",
    "analyze",
    "classify",
    "aesthetics",
    "metadata",
    "caption",
    "transcribe",
    "crop",
)
"""In the order in which a track passes through them."""
