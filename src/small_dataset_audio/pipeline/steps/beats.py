"""Where the beats of an analysis come from: a tracker with weights, where one is installed, or the embedded one.

`features` does not know models, so beats that a model heard are handed to the analysis as `features.sound.GivenBeats`.
"""

from collections.abc import Callable
from typing import Final

from small_dataset_audio.audio.clip import Clip
from small_dataset_audio.config.model import Settings
from small_dataset_audio.errors import SdaError
from small_dataset_audio.features.sound import GivenBeats
from small_dataset_audio.models import beats
from small_dataset_audio.models.store import Store

BeatSource = Callable[[Clip], GivenBeats | None]
"""A recording -> its beats; None leaves them to the embedded tracker."""

_CPU: Final = "cpu"


def tracker(settings: Settings) -> beats.Tracker:
    """Return the tracker that an analysis with these settings uses."""
    return beats.chosen(settings.features.beats, Store.of(settings))


def obstacle(settings: Settings) -> SdaError | None:
    """Return what keeps the tracker that the settings name from being used here; None where nothing does."""
    return beats.obstacle(tracker(settings), Store.of(settings))


def digest(settings: Settings) -> str | None:
    """Return the digest of the tracker's weights; None for the embedded one."""
    chosen = tracker(settings)
    return None if chosen == "dsp" else Store.of(settings).digest(chosen)


def sentence(settings: Settings) -> str:
    """Return which tracker is used and why, for the user."""
    chosen = tracker(settings)
    if chosen != "dsp":
        return f"Beats: by {chosen}, whose weights are installed."
    if settings.features.beats == "dsp":
        return "Beats: by the embedded tracker (dsp), as features.beats says."
    return "Beats: by the embedded tracker (dsp). `sda models pull beat_this` brings a better one."


def beat_source(settings: Settings, device: str | None) -> BeatSource:
    """Return what finds the beats of recordings, its weights loaded.

    Args:
        settings: which tracker, and where its weights are.
        device: where it computes; None for the processor.

    Raises:
        SdaError: the tracker that the settings name cannot be used here.
    """
    chosen = tracker(settings)
    if chosen == "dsp":
        return lambda _clip: None
    opened = beats.open_beats(chosen, Store.of(settings), device or _CPU)

    def source(clip: Clip) -> GivenBeats:
        """Return the beats and downbeats that the network hears, in seconds."""
        heard = opened(clip)
        return GivenBeats(heard.beats, heard.downbeats)

    return source
