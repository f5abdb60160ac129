"""How fast each band of a spectrogram rises, in units of its own loudest moments: what strokes are read from.

Every band counts relative to how loud it gets in the same recording, so that a soft hi-hat is not hidden by a loud kick,
and the gain of the recording does not matter. A rise only counts against the loudest of the neighbouring bands a moment
ago, so that a tone that glides is not a stroke.

Source: Böck and Widmer, "Maximum filter vibrato suppression for onset detection", DAFx 2013.
"""

from collections.abc import Iterator
from typing import Final

import numpy as np
from numpy.typing import NDArray

from small_dataset_audio.audio import spool
from small_dataset_audio.audio.clip import Clip
from small_dataset_audio.models.transcription.frames import FRAME, RATE, Bands, blocks, frame_count
from small_dataset_audio.models.transcription.peaks import Curve, Picking, pick

RISE_FRAMES: Final = 2
"""A rise is measured over so many frames: 20 ms, about half a frame's length."""
SETTLED_FRAMES: Final = 10
"""An attack has decayed after this many frames."""
EDGE_FRAMES: Final = 3
"""Frames that reach over an end of the recording. Where it is cut out of a sound, its ends are no strokes."""
BEGINS: Final = 1.5
"""A recording begins with a stroke if it is so many times louder at once than after `SETTLED_FRAMES`."""
NEIGHBOURS: Final = 3
"""Bands that the maximum filter spans."""
LOUD_PERCENTILE: Final = 97.0
"""Of a band's magnitudes: its loud moments."""
QUIETEST: Final = 1e-3
"""Frames and bands this far (-60 dB) under the loudest count for nothing."""
SILENCE_DBFS: Final = -60.0
"""A recording that is never louder than this holds no drums: what is there is noise, or leaked from elsewhere."""
MOST_FRAMES: Final = 30_000
"""As many frames, evenly spread, tell how loud a longer recording gets (5 minutes' worth)."""
LATENCY: Final = 0.005
"""Seconds by which a rise is late: a compromise between annotated recordings (8 ms) and programmed drums (1 ms)."""

PICKING: Final = Picking(10, 9, 3, 3, apart=4, mean_share=0.5)
"""Peaks of a rise: the moving mean spans 0.2 s, strokes on one drum are at least 50 ms apart."""
STROKE_FRAMES: Final = 7
"""Frames on either side that a stroke must exceed to count among the strong ones."""
STRONG_PERCENTILE: Final = 90.0
"""Of the peaks of a curve: its strong strokes, to which thresholds are relative."""
LEAST: Final = 0.1
"""Strong strokes count as at least this strong: a curve in which nothing happens is not magnified."""


def is_silent(clip: Clip) -> bool:
    """Return whether no part of the mean of the channels is louder than `SILENCE_DBFS` (RMS of frames of `FRAME`)."""
    limit = 10.0 ** (SILENCE_DBFS / 10.0)
    for _, block in spool.blocks(clip.samples, FRAME * 64):
        mono = block.mean(axis=0, dtype=np.float64)
        whole = mono[: mono.size - mono.size % FRAME].reshape(-1, FRAME)
        if any(np.dot(part, part) > limit * part.size for part in (*whole, mono[whole.size :])):
            return False
    return True


def loudness(clip: Clip) -> NDArray[np.float32] | None:
    """Return how loud each band gets ``[shape=(bands,)]``, None for silence."""
    if is_silent(clip):
        return None
    every = -(-frame_count(round(clip.seconds * RATE)) // MOST_FRAMES)
    kept, reached = [], 0
    for bands in blocks(clip, mirrored=True):
        kept.append(bands[-reached % every :: every])
        reached += bands.shape[0]
    magnitudes = 10.0 ** np.concatenate(kept) - 1.0
    total = magnitudes.sum(axis=1)
    sounding = magnitudes[total > QUIETEST * total.max()]
    loud = np.percentile(sounding, LOUD_PERCENTILE, axis=0)
    return np.asarray(np.maximum(loud, QUIETEST * loud.mean()), dtype=np.float32)


def rises(clip: Clip, loud: NDArray[np.float32]) -> Iterator[tuple[Bands, Bands]]:
    """Yield the spectrogram in blocks, each with the rise of every band in it ``[shape=(frames, bands)]``.

    Args:
        clip: the recording.
        loud: what `loudness` says of it.
    """
    from scipy.ndimage import maximum_filter1d  # noqa: PLC0415 - half a second that other commands must not cost

    before: Bands | None = None
    begins = True
    for bands in blocks(clip, mirrored=True):
        here = np.log1p((10.0**bands - 1.0) / loud)
        if before is None:
            later = np.minimum(SETTLED_FRAMES + np.arange(RISE_FRAMES), here.shape[0] - 1)
            before = here[later]
            level = np.linalg.norm(10.0**bands - 1.0, axis=1)
            begins = bool(level[:EDGE_FRAMES].max() > BEGINS * level[later].mean())
        logs = np.concatenate([before, here])
        highest = maximum_filter1d(logs[:-RISE_FRAMES], NEIGHBOURS, axis=1)
        rise = np.maximum(logs[RISE_FRAMES:] - highest, 0.0)
        if not begins:
            rise[:EDGE_FRAMES] = 0.0
            begins = True
        yield bands, rise
        before = logs[-RISE_FRAMES:]


def strokes(curve: Curve, share: float) -> NDArray[np.intp]:
    """Return the frames of the strokes in a curve of rises: peaks that reach ``share`` of the strong ones."""
    from scipy.ndimage import maximum_filter1d  # noqa: PLC0415 - as above

    curve = np.append(curve[:-EDGE_FRAMES], np.zeros(min(EDGE_FRAMES, curve.size), dtype=curve.dtype))
    tops = curve[(curve == maximum_filter1d(curve, 2 * STROKE_FRAMES + 1)) & (curve > 0.0)]
    strong = float(np.percentile(tops, STRONG_PERCENTILE)) if tops.size else 0.0
    return pick(curve, share * max(strong, LEAST), PICKING)
