"""The loudness meter beside an independent one: the filter ebur128 of FFmpeg, which comes with PyAV."""

import av
import av.filter
import numpy as np
import pytest

from small_dataset_audio.features.loudness.meter import energy, integrated, loudness_range
from small_dataset_audio.features.true_peak import true_peak
from support.signals import Signal, noise

pytestmark = pytest.mark.skipif("ebur128" not in av.filter.filters_available, reason="this PyAV has no ebur128")
LAYOUTS = {1: "mono", 2: "stereo", 6: "5.1"}


def programme(channels: int, rate: int) -> Signal:
    """Return 24 s of coloured noise whose level wanders over 20 dB, with a pause, each channel on its own."""
    white = noise(24.0, rate, rms=0.2, channels=channels, seed=channels)
    coloured = np.cumsum(white - white.mean(axis=1, keepdims=True), axis=1) * 0.02 + white
    t = np.arange(coloured.shape[1]) / rate
    level = 10.0 ** ((-16.0 + 10.0 * np.sin(2.0 * np.pi * t / 13.0)) / 20.0)
    level[(t > 10.0) & (t < 13.0)] = 0.0
    coloured /= np.abs(coloured).max()
    return (coloured * level).astype(np.float32)


def ffmpeg(samples: Signal, rate: int) -> dict[str, float]:
    """Return what FFmpeg's meter says at the end: ``I`` in LUFS, ``LRA`` in LU, ``true_peak`` in dBTP."""
    layout = LAYOUTS[samples.shape[0]]
    graph = av.filter.Graph()
    source = graph.add_abuffer(sample_rate=rate, format="fltp", layout=layout)
    meter = graph.add("ebur128", "metadata=1:peak=true")
    sink = graph.add("abuffersink")
    source.link_to(meter)
    meter.link_to(sink)
    graph.configure()
    said: dict[str, str] = {}
    for start in range(0, samples.shape[1], rate // 10):
        block = np.ascontiguousarray(samples[:, start : start + rate // 10])
        frame = av.AudioFrame.from_ndarray(block, format="fltp", layout=layout)
        frame.sample_rate, frame.pts = rate, start
        graph.push(frame)
        while True:
            try:
                said = dict(graph.pull().metadata) or said
            except (av.BlockingIOError, EOFError):
                break
    found = {name: float(said[f"lavfi.r128.{name}"]) for name in ("I", "LRA", "true_peak")}
    return found | {"true_peak": float(20.0 * np.log10(found["true_peak"]))}


@pytest.mark.parametrize(("channels", "rate"), [(1, 44100), (2, 44100), (2, 48000), (6, 48000), (2, 96000)])
def test_two_meters_agree(channels: int, rate: int) -> None:
    samples = programme(channels, rate)
    theirs, ours = ffmpeg(samples, rate), energy(samples, rate)
    assert integrated(ours) == pytest.approx(theirs["I"], abs=0.05)
    assert loudness_range(ours) == pytest.approx(theirs["LRA"], abs=0.3)  # theirs counts windows that are not full yet
    assert true_peak(samples) == pytest.approx(
        theirs["true_peak"], abs=0.15
    )  # four times oversampled; ours eight times
