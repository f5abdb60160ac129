"""The recording of a track, decoded for a stage that listens to the mix and to nothing else."""

from collections.abc import Callable
from dataclasses import replace

from small_dataset_audio.audio.clip import Clip
from small_dataset_audio.audio.decode import decode
from small_dataset_audio.config.model import Settings
from small_dataset_audio.dataset.info import read_info
from small_dataset_audio.dataset.layout import Track
from small_dataset_audio.dataset.mixes import mix_of
from small_dataset_audio.pipeline.scratch import scratch
from small_dataset_audio.pipeline.stage import Bench, Job, Listen, Outcome, Work


def on_mix(listen: Callable[[Bench], Listen]) -> Callable[[Bench], Work]:
    """Return how a stage that only listens is opened for tracks: it hears the mix, and knows what ``.INFO`` says of it."""

    def opened(bench: Bench) -> Work:
        """Return what the stage does to a job, once its model is loaded."""
        heard = listen(bench)

        def work(job: Job) -> Outcome:
            """Return what was heard in the mix, with the warnings of decoding it first."""
            clip, warnings = decoded_mix(job.track, bench.settings)
            outcome = heard(clip, read_info(job.track.info))
            return replace(outcome, warnings=(*warnings, *outcome.warnings))

        return work

    return opened


def decoded_mix(track: Track, settings: Settings) -> tuple[Clip, tuple[str, ...]]:
    """Return the full mix, a long one on disk (`audio.spool`), and warnings for the user.

    Raises:
        StoreError: the track has none, or there is no room for a long one.
        AudioError: it cannot be decoded.
    """
    clip = decode(mix_of(track), allow_truncated=settings.pipeline.allow_truncated, scratch=scratch(settings))
    return clip, cut_short(track.name, clip)


def cut_short(name: str, clip: Clip) -> tuple[str, ...]:
    """Return what the user should know of a recording called ``name``: nothing, unless it is cut short."""
    return (f"{name} is cut short: what could be decoded was used.",) if clip.truncated else ()
