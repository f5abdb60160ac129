"""The checks of a library, as the settings ask for them: the glue between the data set and the models' room."""

from collections.abc import Callable, Collection
from pathlib import Path

from small_dataset_audio.config.model import Settings
from small_dataset_audio.dataset.layout import list_tracks
from small_dataset_audio.dataset.lint import Findings, Limits, lint
from small_dataset_audio.features.catalog import declared
from small_dataset_audio.models.captioning.evidence import contradictions
from small_dataset_audio.pipeline.workers import asked_for, worker_count


def checked(
    library: Path,
    settings: Settings,
    *,
    checks: Collection[str] | None = None,
    skip: Collection[str] = (),
    sample_size: int | None = None,
    sample_rate: int | None = None,
    progress: Callable[[int, int], None] | None = None,
) -> Findings:
    """Return what hurts in a library.

    Args:
        library: the folder.
        settings: where what was heard is kept, how long crops are, and how many processes listen.
        checks: the names of the checks to make; None for all.
        skip: names of checks to leave out.
        sample_size: how many samples the trainer takes at once; None: crops.samples, or that of Stable Audio Open 1.0.
        sample_rate: the trainer's; None: that of Stable Audio Open 1.0.
        progress: called with how many tracks were listened to, and how many there are.

    Raises:
        StoreError: the library cannot be read.
        UsageError: there is no such check.
    """
    return lint(
        library,
        declared(),
        cache=settings.paths.cache,
        limits=limits_of(settings, sample_size, sample_rate),
        checks=checks,
        skip=skip,
        contradicts=contradictions,
        workers=worker_count(len(list_tracks(library)), asked_for(settings)),
        progress=progress,
    )


def limits_of(settings: Settings, sample_size: int | None = None, sample_rate: int | None = None) -> Limits:
    """Return the targets of the training that follow from the settings and what was asked for."""
    usual = Limits()
    rate = sample_rate or usual.rate
    samples = settings.crops.samples
    seconds = settings.crops.seconds if samples is None else samples / rate
    return Limits(rate, sample_size or samples or usual.sample_size, seconds)
