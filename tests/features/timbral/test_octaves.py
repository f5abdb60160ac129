"""Third-octave powers without filtering sample by sample, against filtering sample by sample."""

import numpy as np
import pytest
from scipy import signal

from small_dataset_audio.features.timbral.ear.octaves import (
    BANDS,
    EDGE,
    FRAME,
    ORDER,
    RIPPLE_DB,
    TOP_BAND,
    TOP_BANDS,
    third_octave_powers,
)
from small_dataset_audio.features.timbral.recording import RATE
from support.signals import clicks, noise, tone


def filtered(frame: np.ndarray) -> list[float]:
    """Return the power of each band of one frame, every filter starting at rest."""
    centres = TOP_BAND * 2.0 ** (np.arange(1 - TOP_BANDS, 1) / 3.0)
    passes = [
        signal.butter(ORDER, [centre * 2 ** (-1 / 6), centre * 2 ** (1 / 6)], "bandpass", fs=RATE, output="sos")
        for centre in centres
    ]
    powers, now = [float(np.mean(signal.sosfilt(passes[3], frame) ** 2))], frame
    for stage in range(9):
        if stage:
            now = signal.lfilter(*signal.cheby1(2, RIPPLE_DB, EDGE), now)[1::2]
        powers += [float(np.mean(signal.sosfilt(one, now) ** 2)) for one in passes[2::-1]]
    return powers[::-1]


@pytest.mark.parametrize(
    "samples",
    [noise(0.3), tone(0.3, frequency=50.0), tone(0.3, frequency=6000.0), clicks(np.array([0.01, 0.1]), 0.3)],
    ids=["noise", "low tone", "high tone", "clicks"],
)
def test_every_band_has_the_power_of_its_filter(samples: np.ndarray) -> None:
    powers, rms = third_octave_powers(samples[0])
    frames = np.pad(samples[0], (0, -samples.shape[1] % FRAME)).reshape(-1, FRAME).astype(np.float64)
    wanted = np.array([filtered(frame) for frame in frames])
    assert powers.shape == (frames.shape[0], BANDS)
    np.testing.assert_allclose(rms, np.sqrt(np.mean(frames**2, axis=1)), rtol=1e-5)
    loud = wanted > 1e-4 * wanted.max()
    np.testing.assert_allclose(10 * np.log10(powers[loud]), 10 * np.log10(wanted[loud]), atol=0.05)
    np.testing.assert_allclose(powers, wanted, atol=2e-6 * wanted.max())


def test_silence_has_no_power() -> None:
    powers, rms = third_octave_powers(np.zeros(2 * FRAME, dtype=np.float32))
    assert not powers.any()
    assert not rms.any()
