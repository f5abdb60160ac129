"""What the loader of Stable Audio Tools does with a file: facts of ``SampleDataset`` in its releases 0.0.19 and 0.0.20.

It takes files by their suffix, and asks for each once an epoch. A file that cannot be loaded, or is silent, is replaced by a
random other one, with no more than a line in the log. A shorter one is padded with silence, from a longer one a random part
is taken.
"""

from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any, Final, Literal

import numpy as np
from numpy.typing import NDArray

from small_dataset_audio.dataset.export.formats.stable_audio import SILENT_BELOW
from small_dataset_audio.dataset.heard.levels import PEAKS_PER_SECOND
from small_dataset_audio.dataset.lint.limits import Limits

__all__ = ["SILENT_BELOW", "SUFFIXES", "Fate", "Seen", "fate"]

SUFFIXES: Final = frozenset({".wav", ".mp3", ".flac", ".ogg", ".aif", ".opus"})
"""What it takes for audio, upper or lower case (``get_audio_filenames``)."""
_HIDDEN: Final = "."
_STEREO: Final = 2

Fate = Literal["read whole", "padded", "cropped", "skipped", "replaced"]


@dataclass(frozen=True)
class Seen:
    """What the loader makes of one file.

    Attributes:
        file: its path.
        track: the track or crop that it is the recording of.
        fate: what happens to it.
        why: in a sentence.
        seconds: how long it is; None where it cannot be read, or was not looked at.
        padded_share: how much of what the trainer gets is silence behind its end.
        heard_share: how much of it the trainer hears at one go.
        silent_share: how many of the parts that may be taken from it count as silence, and are replaced.
        resampled: its rate is not the trainer's.
        channels: what happens to its channels; None where they are taken as they are.
    """

    file: str
    track: str
    fate: Fate
    why: str
    seconds: float | None = None
    padded_share: float = 0.0
    heard_share: float = 0.0
    silent_share: float = 0.0
    resampled: bool = False
    channels: str | None = None

    def as_dict(self) -> dict[str, Any]:
        """Return it as JSON-ready values."""
        return asdict(self)


@dataclass(frozen=True, eq=False)
class Shape:
    """What decides over the fate of a recording.

    Attributes:
        samples: its length.
        rate: samples per second.
        channels: their number.
        peaks: the largest sample in each tenth of a second.
    """

    samples: int
    rate: int
    channels: int
    peaks: NDArray[np.float32]


def unseen(file: Path, track: str) -> Seen | None:
    """Return why the loader never sees a file; None where it does."""
    if file.suffix.lower() not in SUFFIXES:
        return Seen(str(file), track, "skipped", f"The loader takes no {file.suffix or 'such'} files.")
    if file.name.startswith(_HIDDEN):
        return Seen(str(file), track, "skipped", "The loader takes no file whose name begins with a dot.")
    return None


def fate(file: Path, track: str, shape: Shape, limits: Limits) -> Seen:
    """Return what the loader makes of a file that it sees and can decode."""
    length = -(-shape.samples * limits.rate // shape.rate)
    seconds = shape.samples / shape.rate
    share = min(1.0, limits.sample_size / length)
    silent = _silent_share(shape.peaks, limits, seconds)
    if silent >= 1:
        how: Fate = "replaced"
        why = "It is silent: the loader takes a random other file instead, every time."
    elif length < limits.sample_size:
        how = "padded"
        why = f"{limits.seconds - seconds:.1f} s of silence are put behind its {seconds:.1f} s."
    elif length == limits.sample_size:
        how, why = "read whole", "It is exactly as long as what the trainer takes."
    else:
        how = "cropped"
        why = f"The trainer hears a random part, {limits.seconds:.1f} of its {seconds:.1f} s, at one go."
    if 0 < silent < 1:
        why += f" {silent:.0%} of the parts that it may take are silent, and are replaced by a random other file."
    return Seen(
        str(file),
        track,
        how,
        why,
        round(seconds, 3),
        round(max(0.0, 1 - length / limits.sample_size), 4),
        round(share, 4),
        round(silent, 4),
        shape.rate != limits.rate,
        _channels(shape.channels),
    )


def _channels(channels: int) -> str | None:
    if channels < _STEREO:
        return "mono, put into both channels"
    return None if channels == _STEREO else f"only the first two of {channels} are taken"


def _silent_share(peaks: NDArray[np.float32], limits: Limits, seconds: float) -> float:
    """Return the share of the parts that the loader may take which are silent, to a tenth of a second."""
    window = max(1, round(limits.seconds * PEAKS_PER_SECOND))
    loud = np.concatenate([[0], np.cumsum(peaks >= SILENT_BELOW)])
    if seconds <= limits.seconds or window >= len(peaks):
        return float(loud[-1] == 0)
    return float(np.mean(loud[window:] == loud[:-window]))
