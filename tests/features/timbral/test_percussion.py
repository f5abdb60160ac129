"""The percussive share, against median filtering of the whole spectrogram."""

import numpy as np
import pytest
from scipy import ndimage

from small_dataset_audio.features.timbral import percussion as module
from small_dataset_audio.features.timbral.frames import Line
from small_dataset_audio.features.timbral.percussion import median_of
from small_dataset_audio.features.timbral.shortframes import short_frames
from support.signals import clicks, noise, tone


def share(line: Line) -> float:
    found = short_frames(line).percussive
    assert found is not None
    return found


def filtered(line: Line) -> float:
    """Return the share by medians over 31 whole frames and bins of the magnitude spectrogram."""
    frames = np.lib.stride_tricks.sliding_window_view(np.pad(line, 1024), 2048)[::512]
    window = np.hanning(2049)[:-1]
    spectrum = np.fft.rfft(frames * window, axis=1)
    magnitude = np.abs(spectrum)
    harmonic, flat = (ndimage.median_filter(magnitude, size, mode="reflect") for size in ((31, 1), (1, 31)))
    mask = flat**2 / (flat**2 + harmonic**2 + 1e-30)
    loud = [
        np.sqrt(np.mean((np.fft.irfft(part, axis=1) * window) ** 2, axis=1))
        for part in (spectrum * mask, spectrum * (1 - mask))
    ]
    return float(loud[0].sum() / (loud[0] + loud[1]).sum())


@pytest.mark.parametrize(
    "line",
    [
        noise(2.0)[0],
        clicks(np.arange(0.1, 2.0, 0.25), 2.0)[0] + 0.2 * tone(2.0)[0],
        np.asarray(0.01 * noise(2.0)[0] + tone(2.0)[0] + tone(2.0, frequency=660.0)[0], dtype=np.float32),
    ],
    ids=["noise", "clicks on a tone", "tones"],
)
def test_the_share_is_that_of_whole_medians(line: Line) -> None:
    assert share(line) == pytest.approx(filtered(line), rel=0.06, abs=0.01)


def test_clicks_are_percussive_and_tones_are_not() -> None:
    assert share(clicks(np.arange(0.1, 2.0, 0.25), 2.0)[0]) > 0.9
    assert share(tone(2.0)[0] + 0.5 * tone(2.0, frequency=1234.0)[0]) < 0.15


def test_long_sounds_are_measured_at_some_frames(monkeypatch: pytest.MonkeyPatch) -> None:
    line = clicks(np.arange(0.1, 4.0, 0.25), 4.0)[0] + 0.2 * tone(4.0)[0] + noise(4.0, rms=0.01)[0]
    whole = share(line)
    for most in (200, 40):
        monkeypatch.setattr(module, "MOST_FRAMES", most)
        assert share(line) == pytest.approx(whole, rel=0.25)


@pytest.mark.parametrize("planes", [3, 5, 15, 29])
def test_the_median_of_many_planes_is_the_median(planes: int) -> None:
    codes = np.random.default_rng(planes).integers(0, 256, (planes, 7, 11)).astype(np.uint8)
    assert np.array_equal(median_of([plane.copy() for plane in codes]), np.median(codes, axis=0).astype(np.uint8))
