"""How fast the spectrum rises: the curves from which onsets and beats are read.

A spectrogram with logarithmically spaced bands, its logarithm, and the half-wave rectified rise of each band, where a
rise only counts against the loudest of the neighbouring bands a moment ago, so that vibrato is not an onset.

Sources: Böck and Widmer, "Maximum filter vibrato suppression for onset detection", DAFx 2013 (the flux and its
filterbank); Lerdahl and Jackendoff, "A Generative Theory of Tonal Music", 1983, metrical preference rule 5 (long notes
and changes of harmony are accents: the sustained rise).
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from small_dataset_audio.audio.spool import Spool, Table, blocks, folder_of, give_back
from small_dataset_audio.features.rhythm.lines import Curve, mapped, percentile_above, total
from small_dataset_audio.features.spectra import Mono, frames_of

Bands = NDArray[np.float32]
"""One row per frame, one column per frequency band ``[shape=(frames, bands)]``."""

ANALYSIS_RATE = 22050
"""Everything is resampled to this rate, so that the same music at 8 or 192 kHz is read alike."""
FRAME = 1024
"""Samples per frame at `ANALYSIS_RATE`: 46 ms, as in Böck and Widmer."""
HOP = 220
"""Samples from one frame to the next: 10 ms."""
FRAME_RATE = ANALYSIS_RATE / HOP
"""Frames per second."""

LOWEST_HZ, HIGHEST_HZ, BANDS_PER_OCTAVE = 30.0, 10500.0, 24
"""The filterbank; where bands would be narrower than a bin of the transform, they are merged."""
COMPRESSION = 10.0
"""``log(1 + COMPRESSION * x)``, with x relative to the loud parts of the same recording."""
LOUD_PERCENTILE = 95.0
QUIETEST = 1e-3
"""Frames this far (-60 dB) under the loudest are left out of `LOUD_PERCENTILE`: padding with silence changes nothing."""
RISE_FRAMES = 2
"""A rise is measured over this many frames: half of `FRAME`, as in Böck and Widmer."""
SETTLED_FRAMES = 10
"""An attack has decayed after this many frames (100 ms)."""
VIBRATO_BANDS = 3
"""Width of the maximum filter."""
SUSTAIN_FRAMES = 15
"""A sustained rise compares the means of this many frames (150 ms) after and before."""
LOW_HZ, HIGH_HZ = 180.0, 1500.0
"""Under the first: bass drum and bass. Above the second: snare, cymbals, consonants, attacks."""
BASS_HZ = 130.0
"""Bass drum and the lowest octave of a bass."""
TOP_HZ, TONES_HZ = 3000.0, (80.0, 2000.0)
LASTING_FRAMES = 13
"""What is shorter (130 ms) is no tone: a moving minimum takes away drum hits."""
BLOCK = 2048
"""Frames worked on at a time: bounds the temporary memory."""


@dataclass(frozen=True)
class Curves:
    """The rises of one signal, per frame of 10 ms; frame ``i`` is centred on sample ``i * HOP``.

    Attributes:
        full: mean rise over all bands; the onset envelope.
        low: the part of `full` under `LOW_HZ`.
        high: the part of `full` above `HIGH_HZ`.
        sustained: mean rise of the average over the next `SUSTAIN_FRAMES` frames over the last as many.
        bass: magnitude under `BASS_HZ`, in units of its mean.
        top: log magnitudes above `TOP_HZ`: cymbals and snares ``[shape=(frames, bands)]``.
        tones: log magnitudes within `TONES_HZ` of what lasts at least `LASTING_FRAMES`: harmony without the drums
            ``[shape=(frames, bands)]``.
    """

    full: Curve
    low: Curve
    high: Curve
    sustained: Curve
    bass: Curve
    top: Bands
    tones: Bands

    @property
    def seconds(self) -> float:
        """Duration in seconds, to the frame."""
        return float(self.full.shape[0] / FRAME_RATE)


def filterbank() -> tuple[NDArray[np.float32], NDArray[np.float64]]:
    """Return triangles of height 1 ``[shape=(FRAME // 2 + 1, bands)]`` and their centres in Hz ``[shape=(bands,)]``."""
    octaves = np.log2(HIGHEST_HZ / LOWEST_HZ)
    frequencies = LOWEST_HZ * 2.0 ** (np.arange(octaves * BANDS_PER_OCTAVE + 1) / BANDS_PER_OCTAVE)
    corners = np.unique(np.round(frequencies * FRAME / ANALYSIS_RATE))
    bins = np.arange(FRAME // 2 + 1)
    triangles = [
        np.interp(bins, [left, centre, right], [0.0, 1.0, 0.0])
        for left, centre, right in zip(corners, corners[1:], corners[2:], strict=False)
    ]
    return np.array(triangles, dtype=np.float32).T.copy(), corners[1:-1] * ANALYSIS_RATE / FRAME


def band_magnitudes(signal: Mono) -> Bands:
    """Return the magnitudes of ``signal`` (at `ANALYSIS_RATE`) in the bands of `filterbank` ``[shape=(frames, bands)]``."""
    from scipy import fft  # noqa: PLC0415 - half a second that looking a stage up must not cost

    weights, _ = filterbank()
    window = np.hanning(FRAME + 1)[:-1].astype(np.float32)
    count = signal.shape[0] // HOP + 1
    bands = Table(weights.shape[1], count, folder_of(signal))
    for first in range(0, count, BLOCK):
        start, last = first * HOP - FRAME // 2, min(first + BLOCK, count) - 1
        frames = frames_of(_mirrored(signal, start, last * HOP + FRAME // 2), FRAME, HOP)
        bands.append(np.abs(fft.rfft(frames * window, axis=1)) @ weights)
    return bands.finish()


def _mirrored(signal: Mono, start: int, stop: int) -> Mono:
    """Return samples ``start`` to ``stop`` of ``signal``, which is mirrored at both ends: zeros would make a click of every cut."""
    read = signal[max(start - FRAME, 0) : stop + FRAME]
    before, after = max(-start, 0), max(stop - signal.shape[0], 0)
    mirrored = np.pad(read, (before, after), mode="reflect")
    give_back(read)
    begin = min(max(start, 0), FRAME)
    return mirrored[begin : begin + stop - start]


def loudness_of(totals: Curve) -> float:
    """Return the `LOUD_PERCENTILE` of ``totals`` among the frames that are not silent; 1 where all are."""
    highest = max((float(block.max()) for _, block in blocks(totals)), default=0.0)
    loud = percentile_above(totals, QUIETEST * highest, LOUD_PERCENTILE)
    return 1.0 if loud is None else loud


def rises(logs: Bands) -> Bands:
    """Return how much each band rose over the loudest of its neighbours `RISE_FRAMES` ago ``[shape=(frames, bands)]``.

    The first frames have no past; they count as a rise where they are louder than `SETTLED_FRAMES` later, as a file is
    that begins with an attack, and one that was cut out of a lasting sound is not.
    """
    from scipy.ndimage import maximum_filter1d  # noqa: PLC0415 - as above

    loudest = maximum_filter1d(logs, VIBRATO_BANDS, axis=1)
    flux = np.zeros_like(logs)
    np.maximum(logs[RISE_FRAMES:] - loudest[:-RISE_FRAMES], 0.0, out=flux[RISE_FRAMES:])
    later = loudest[SETTLED_FRAMES : SETTLED_FRAMES + RISE_FRAMES]
    np.maximum(logs[: later.shape[0]] - later, 0.0, out=flux[: later.shape[0]])
    return flux


def sustained_rise(logs: Bands) -> Curve:
    """Return the mean over the bands of the rise from the frames before to the frames after ``[shape=(frames,)]``."""
    width, frames = SUSTAIN_FRAMES, logs.shape[0]
    curve = np.zeros(frames)
    if frames > 2 * width:
        sums = np.cumsum(np.pad(logs, ((1, 0), (0, 0))), axis=0, dtype=np.float64)
        windows = sums[width:] - sums[:-width]
        curve[width : frames - width + 1] = np.maximum(windows[width:] - windows[:-width], 0.0).mean(axis=1) / width
    return curve


def curves(signal: Mono) -> Curves:
    """Return the rises of ``signal``, which has `ANALYSIS_RATE` samples per second ``[shape=(n,)]``, n >= `FRAME`.

    They do not depend on the gain of the signal. Nothing rises in the last 23 ms, of which no frame is heard in full: where
    sound is cut off, nothing begins.
    """
    from scipy.ndimage import minimum_filter1d  # noqa: PLC0415 - as above

    bands = band_magnitudes(signal)
    frames, count = bands.shape
    folder = folder_of(bands)
    _, centres = filterbank()
    totals, bass = _sums(bands, centres < BASS_HZ)
    scale = np.float32(COMPRESSION * count / loudness_of(totals))
    heard = (signal.shape[0] - FRAME // 2) // HOP + 1
    lows, highs = int((centres < LOW_HZ).sum()), int((centres < HIGH_HZ).sum())
    tonal = slice(int((centres < TONES_HZ[0]).sum()), int((centres < TONES_HZ[1]).sum()))
    top = slice(int((centres < TOP_HZ).sum()), count)
    lines = Spool(4, frames, folder, np.float64)
    tops = Table(top.stop - top.start, frames, folder)
    tones = Table(tonal.stop - tonal.start, frames, folder)
    for start in range(0, frames, BLOCK):
        stop, first = min(frames, start + BLOCK), max(0, start - SUSTAIN_FRAMES)
        logs = np.log1p(bands[first : stop + SUSTAIN_FRAMES] * scale)
        give_back(bands[first:stop])
        here = slice(start - first, stop - first)
        flux = rises(logs)[here]
        flux[max(0, heard - start) :] = (
            0.0  # the rest reads beyond the end, and a tone that is mirrored has a kink there
        )
        full = flux.mean(axis=1, dtype=np.float64)
        low = flux[:, :lows].sum(axis=1, dtype=np.float64) / count
        high = flux[:, highs:].sum(axis=1, dtype=np.float64) / count
        lines.append(np.stack((full, low, high, sustained_rise(logs)[here])))
        tops.append(logs[here, top])
        tones.append(minimum_filter1d(logs[:, tonal], LASTING_FRAMES, axis=0)[here])
    full, low, high, sustained = lines.finish()
    mean = max(total(bass) / frames, np.finfo(np.float64).tiny)
    return Curves(full, low, high, sustained, mapped(lambda block: block / mean, bass), tops.finish(), tones.finish())


def _sums(bands: Bands, lowest: NDArray[np.bool_]) -> NDArray[np.float64]:
    """Return the sum of all bands, and that of the ``lowest``, in each frame ``[shape=(2, frames)]``."""
    sums = Spool(2, bands.shape[0], folder_of(bands), np.float64)
    for _, block in blocks(bands, BLOCK, axis=0):
        sums.append(np.stack((block.sum(axis=1, dtype=np.float64), block[:, lowest].sum(axis=1, dtype=np.float64))))
    return sums.finish()
