"""What hurts a small data set: checks of a library, each finding with its evidence, the file, and a fix."""

from small_dataset_audio.dataset.lint.finding import Finding, Findings
from small_dataset_audio.dataset.lint.limits import Limits
from small_dataset_audio.dataset.lint.linting import lint

__all__ = ["Finding", "Findings", "Limits", "lint"]
