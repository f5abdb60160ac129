"""Spectral peaks, gathered by their place within the octave and by their distance from the tempered scale."""

from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray

from small_dataset_audio.audio.spool import Table, folder_of, give_back
from small_dataset_audio.features.harmonic.constantq import C1_HZ
from small_dataset_audio.features.harmonic.pitchband import PITCH_RATE, SILENT_POWER, Band
from small_dataset_audio.features.spectra import frames_of

FRAME: Final = 4096
"""Samples per spectrum: 372 ms, long enough to part the notes of chords in the bass."""
HOP: Final = 2048
"""Samples from one spectrum to the next: 186 ms."""
LOWEST_HZ: Final = 40.0
HIGHEST_HZ: Final = 5000.0
"""Where peaks are looked for (features.md, HPCP)."""
FLOOR: Final = 1e-6
"""What lies more than 60 dB under the strongest of its frame is no peak of the music."""
SIDELOBE: Final = 1e-3
SIDELOBE_BINS: Final = 8
"""What lies more than 30 dB under something at most 8 bins (22 Hz) away may be a side lobe of the Hann window: its first lies
31 dB down, its eighth under `FLOOR`."""
CELLS: Final = 240
"""Cells per octave, 5 cents each, in which peaks are gathered."""
CENTS: Final = 100
"""Cents per semitone."""
REGISTER_TOP: Final = 72.0
"""Semitones above C1 up to which (C7, 2093 Hz) peaks tell tuning and key: higher ones are mostly harmonics, which lie beside
the tempered scale and outside the chord, and the noise of consonants and drums."""
TUNING_FROM: Final = 12.0
"""Semitones above C1 from which (C2) peaks tell the tuning: lower ones are placed too coarsely."""
TUNING_SPREAD: Final = 8.0
"""Standard deviation, in cents, of the bell that joins peaks to one tuning: vibrato and stretched strings stay together."""
BLOCK: Final = 256
"""Frames per transform: bounds the temporary memory."""

Spectrum = NDArray[np.float32]
"""Power spectra ``[shape=(frames, FRAME // 2 + 1)]``, summed over channels; a full-scale sine peaks at 1."""


@dataclass(frozen=True)
class Peaks:
    """The spectral peaks of a signal.

    Attributes:
        frames: how many frames of the signal are not silent.
        octave: summed amplitude of the peaks of each of these frames that has any, by place within the octave, the first
            cell centred on C where A4 is 440 Hz ``[shape=(at most frames, CELLS)]``.
        register: the same of the peaks under `REGISTER_TOP` only ``[shape=(at most frames, CELLS)]``.
        cents: summed amplitude of all peaks by how many cents they lie above the next lower tempered semitone
            ``[shape=(CENTS,)]``.
    """

    frames: int
    octave: NDArray[np.float32]
    register: NDArray[np.float32]
    cents: NDArray[np.float64]


def spectral_peaks(band: Band) -> Peaks:
    """Return the peaks of ``band`` between `LOWEST_HZ` and `HIGHEST_HZ`.

    Frames of `FRAME` every `HOP`, periodic Hann window, no padding. A peak is a bin above both neighbours, above
    `FLOOR` and above what may be a side lobe; its frequency and height are those of the parabola through the logarithms of the three.
    """
    views = [frames_of(channel, FRAME, HOP) for channel in band]
    frames = 0
    octaves, registers = (Table(CELLS, views[0].shape[0], folder_of(band)) for _ in range(2))
    cents = np.zeros(CENTS)
    for start in range(0, views[0].shape[0], BLOCK):
        spectrum = _sounding_spectra([view[start : start + BLOCK] for view in views])
        frame, pitch, amplitude = _peaks_of(spectrum)
        frames += spectrum.shape[0]
        octaves.append(_gathered(frame, pitch, amplitude, spectrum.shape[0]))
        low = pitch < REGISTER_TOP
        registers.append(_gathered(frame[low], pitch[low], amplitude[low], spectrum.shape[0]))
        tuned = low & (pitch >= TUNING_FROM)
        cents += np.bincount((pitch[tuned] % 1.0 * CENTS).astype(np.int64) % CENTS, amplitude[tuned], CENTS)
        give_back(band[:, start * HOP : (start + BLOCK) * HOP])
    return Peaks(frames, octaves.finish(), registers.finish(), cents)


def _gathered(
    frame: NDArray[np.int64], pitch: NDArray[np.float64], amplitude: NDArray[np.float64], frames: int
) -> NDArray[np.float32]:
    """Return the summed amplitude by frame and cell, without the frames that have no peak ``[shape=(at most frames, CELLS)]``."""
    cell = np.rint(pitch * (CELLS / 12.0)).astype(np.int64) % CELLS
    octave = np.bincount(frame * CELLS + cell, amplitude, frames * CELLS).reshape(frames, CELLS)
    return octave[octave.any(axis=1)].astype(np.float32)


def tuning_of(peaks: Peaks) -> float:
    """Return where A4 lies in cents from 440 Hz, from -50 up to 50; 0 where no peak tells.

    It is the most common distance of the peaks from the tempered scale, each weighted by its amplitude: the highest point of
    the circular histogram under a bell of `TUNING_SPREAD`, then the mean under the bell at that point.
    """
    if not peaks.cents.any():
        return 0.0
    away = (np.arange(CENTS) + CENTS // 2) % CENTS - CENTS // 2
    bell = np.exp(-0.5 * (away / TUNING_SPREAD) ** 2)
    smooth = np.fft.irfft(np.fft.rfft(peaks.cents) * np.fft.rfft(bell), CENTS)
    top = int(np.argmax(smooth))
    near = np.roll(peaks.cents, -top) * bell
    middle = top + 0.5 + float((near * away).sum() / near.sum())  # a cell's peaks lie half a cent above its edge
    return (middle + CENTS / 2) % CENTS - CENTS / 2


def _sounding_spectra(views: list[NDArray[np.float32]]) -> Spectrum:
    """Return the power spectra of those frames that are not silent; ``views`` holds the same frames of every channel."""
    from scipy import fft  # noqa: PLC0415 - half a second that looking a stage up must not cost

    window = (0.5 - 0.5 * np.cos(2.0 * np.pi * np.arange(FRAME) / FRAME)).astype(np.float32)
    power = sum(np.einsum("ij,ij->i", frames, frames) for frames in views) / FRAME
    sounding = np.flatnonzero(power > SILENT_POWER)
    spectrum = np.zeros((sounding.shape[0], FRAME // 2 + 1), dtype=np.float32)
    for frames in views:
        transform = fft.rfft(frames[sounding] * window, axis=1)
        spectrum += transform.real**2 + transform.imag**2
    spectrum *= np.float32((2.0 / window.sum()) ** 2)
    return spectrum


def _peaks_of(spectrum: Spectrum) -> tuple[NDArray[np.int64], NDArray[np.float64], NDArray[np.float64]]:
    """Return of each peak its frame, its pitch in semitones above C1, and its amplitude."""
    from scipy.ndimage import maximum_filter1d  # noqa: PLC0415 - as above

    first, stop = int(np.ceil(LOWEST_HZ * FRAME / PITCH_RATE)), int(HIGHEST_HZ * FRAME / PITCH_RATE) + 1
    middle, left, right = spectrum[:, first:stop], spectrum[:, first - 1 : stop - 1], spectrum[:, first + 1 : stop + 1]
    nearby = maximum_filter1d(spectrum, 2 * SIDELOBE_BINS + 1, axis=1, mode="nearest")[:, first:stop]
    floor = np.maximum(FLOOR * spectrum.max(axis=1, keepdims=True), SIDELOBE * nearby)
    frame, place = np.nonzero((middle > left) & (middle >= right) & (middle > floor))
    least = float(np.finfo(np.float32).tiny)
    before, at, after = (np.log(part[frame, place].astype(np.float64) + least) for part in (left, middle, right))
    shift = 0.5 * (before - after) / (before - 2.0 * at + after)
    hertz = (place + first + shift) * (PITCH_RATE / FRAME)
    return frame, 12.0 * np.log2(hertz / C1_HZ), np.exp(0.5 * at - 0.125 * (before - after) * shift)
