"""Saturation: how much of a recording is driven into the ceiling, and in how many stretches.

The file is cut into frames of 256 samples (the last one may be shorter). A frame is saturated when the highest absolute
sample of any channel in it reaches 0.95. Gaps between saturated frames that last 20 ms or less are bridged; of the runs
that result, those that last 10 ms or more are kept.
"""

from typing import Final

import numpy as np
from numpy.typing import NDArray

from small_dataset_audio.audio.clip import Samples
from small_dataset_audio.audio.spool import blocks
from small_dataset_audio.features.measured import Measured
from small_dataset_audio.features.sound import Family, Sound

FRAME: Final = 256
"""Samples per frame (features.md, saturation)."""
THRESHOLD: Final = 0.95
"""A frame that peaks at or above this share of full scale is saturated (features.md)."""
BRIDGED_MS: Final = 20
"""Gaps up to this long, in milliseconds, do not part a run (features.md)."""
KEPT_MS: Final = 10
"""Runs from this long on, in milliseconds, are kept (features.md)."""

_CHUNK: Final = 1024 * FRAME
"""Samples looked at together: they stay in the processor's cache."""


def saturated_runs(samples: Samples, rate: int) -> NDArray[np.int64]:
    """Return first sample and end of each saturated run of ``samples`` ``[shape=(channels, n)]``, ``[shape=(runs, 2)]``."""
    length = samples.shape[1]
    starts = np.flatnonzero(_frame_peaks(samples) >= np.float32(THRESHOLD)) * FRAME
    if not starts.size:
        return np.empty((0, 2), dtype=np.int64)
    ends = np.minimum(starts + FRAME, length)
    parted = (starts[1:] - ends[:-1]) * 1000 > BRIDGED_MS * rate  # whole numbers: exactly 20 ms is bridged at any rate
    runs = np.column_stack([starts[np.append(True, parted)], ends[np.append(parted, True)]])
    return np.asarray(runs[(runs[:, 1] - runs[:, 0]) * 1000 >= KEPT_MS * rate], dtype=np.int64)


def _frame_peaks(samples: Samples) -> NDArray[np.float32]:
    """Return the highest absolute sample of any channel in each frame ``[shape=(ceil(n / FRAME),)]``."""
    peaks = np.zeros(-(-samples.shape[1] // FRAME), dtype=np.float32)
    for channel in samples:
        for start, part in blocks(channel, _CHUNK):
            if max(part.max(), -part.min()) < np.float32(THRESHOLD):
                continue  # no frame in it can be saturated
            chunk = np.abs(part)
            frames = np.pad(chunk, (0, -chunk.shape[0] % FRAME)).reshape(-1, FRAME).max(axis=1)
            at = slice(start // FRAME, start // FRAME + frames.shape[0])
            np.maximum(peaks[at], frames, out=peaks[at])
    return peaks


def measure(sound: Sound, earlier: Measured) -> Measured:  # noqa: ARG001 - the signature of a family
    """Return share of the duration and number of the saturated runs of the mix."""
    length = sound.mix.samples.shape[1]
    if not length:
        return Measured(absent=dict.fromkeys(FAMILY.features, "there are no samples"))
    runs = saturated_runs(sound.mix.samples, sound.mix.rate)
    ratio = float((runs[:, 1] - runs[:, 0]).sum() / length)
    return Measured(values={"saturation_ratio": ratio, "saturation_count": float(runs.shape[0])})


FAMILY: Final = Family(name="saturation", features=("saturation_ratio", "saturation_count"), measure=measure)
"""Share and number of saturated runs."""
