"""One engine for all: exact lengths, any rate and number of channels, memory that does not grow, the same bits twice."""

import tracemalloc
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from small_dataset_audio.audio.clip import Clip
from small_dataset_audio.audio.spool import Scratch, Spool, folder_of
from small_dataset_audio.errors import ModelError
from small_dataset_audio.hardware.oom import OutOfMemory
from small_dataset_audio.models.batches import Batches
from small_dataset_audio.models.separation.engine import Separator
from small_dataset_audio.models.separation.network import Estimates, Examples, Network
from support.signals import noise, silence, tone

FACTORS = np.array([0.25, 0.75], dtype=np.float32)


class Halves:
    """A network that gives a quarter of the mix and three quarters, and remembers what it was asked."""

    def __init__(self) -> None:
        self.batches: list[tuple[int, ...]] = []
        self.rates: set[int] = set()
        self.loudest = 0.0
        self.fails_above = 1 << 30

    def apply(self, examples: Examples, rate: int) -> Estimates:
        if len(examples) > self.fails_above:
            raise MemoryError
        self.batches.append(examples.shape)
        self.rates.add(rate)
        self.loudest = max(self.loudest, float(np.abs(examples).max()))
        made: Estimates = examples[:, np.newaxis] * FACTORS[:, np.newaxis, np.newaxis]
        return made


def separator(
    made: Halves, *, rate: int | None = 44100, channels: int | None = 2, batch: int = 1, normalise: bool = False
) -> Separator:
    network = Network("demucs", "fake", ("a", "b"), rate, channels, 4096, 0.25, normalise, made.apply)
    return Separator(network, Batches(batch, "cpu"))


@pytest.mark.parametrize("rate", [8000, 44100, 48000, 96000])
@pytest.mark.parametrize("channels", [1, 2, 6])
@pytest.mark.parametrize("length", [1, 4095, 12345])
def test_stems_are_as_long_as_the_mix_and_lie_where_it_lies(rate: int, channels: int, length: int) -> None:
    mix = tone(length / rate, rate, 500, channels=channels)
    halves = Halves()
    stems = separator(halves).separate(Clip(mix, rate), "separating", None, [])
    assert halves.rates == {44100}
    assert {shape[1:] for shape in halves.batches} == {(2, 4096)}
    edge = min(length // 3, 400)  # where a resampler rings
    for factor, stem in zip(FACTORS, stems.values(), strict=True):
        assert stem.shape == mix.shape
        assert stem.dtype == np.float32
        inside = slice(edge, length - edge)
        np.testing.assert_allclose(
            stem[:, inside], factor * mix[:, inside], atol=1e-6 if rate == 44100 else 2e-2 if length < 5000 else 1e-3
        )


def test_a_network_for_any_rate_hears_the_recordings_own() -> None:
    halves = Halves()
    mix = noise(0.5, 22050, channels=3)
    stems = separator(halves, rate=None, channels=None).separate(Clip(mix, 22050), "separating", None, [])
    assert halves.rates == {22050}
    assert {shape[1] for shape in halves.batches} == {3}
    np.testing.assert_allclose(stems["a"] + stems["b"], mix, atol=1e-6)


def test_the_same_bits_twice_and_for_any_batch_of_a_network_that_gives_them() -> None:
    mix = Clip(noise(2, channels=2), 44100)
    first = separator(Halves()).separate(mix, "separating", None, [])
    again = separator(Halves(), batch=7).separate(mix, "separating", None, [])
    for name, stem in first.items():
        np.testing.assert_array_equal(stem, again[name])


def test_batches_are_filled_over_pieces_and_pairs_of_channels() -> None:
    halves = Halves()
    separator(halves, batch=4).separate(Clip(noise(0.5, channels=6), 44100), "separating", None, [])
    assert [shape[0] for shape in halves.batches] == [4] * 6  # 8 pieces of 3 pairs


def test_a_batch_that_does_not_fit_is_halved_once_and_said() -> None:
    halves = Halves()
    halves.fails_above = 2
    mix = noise(0.5, channels=2)
    warnings: list[str] = []
    working = separator(halves, batch=4)
    stems = working.separate(Clip(mix, 44100), "separating My Track", None, warnings)
    np.testing.assert_allclose(stems["a"] + stems["b"], mix, atol=1e-6)
    assert working.batches.size == 2
    assert warnings == ["Memory ran out while separating My Track: the batch was halved, from 4 to 2."]
    halves.fails_above = 0
    with pytest.raises(OutOfMemory, match="separating My Track"):
        working.separate(Clip(mix, 44100), "separating My Track", None, [])


def test_a_normalised_recording_is_heard_at_one_level_and_comes_back_at_its_own() -> None:
    for gain in (1e-3, 1.0):
        halves = Halves()
        mix = gain * noise(1, channels=2, rms=0.5)
        mix -= mix.mean()
        stems = separator(halves, normalise=True).separate(Clip(mix, 44100), "separating", None, [])
        assert 4 < halves.loudest < 8  # of white noise at a standard deviation of about 1
        np.testing.assert_allclose(stems["b"], 0.75 * mix, atol=1e-5 * gain)


def test_digital_silence_stays_silent() -> None:
    stems = separator(Halves(), normalise=True).separate(Clip(silence(0.3, channels=2), 44100), "separating", None, [])
    assert not any(stem.any() for stem in stems.values())


def test_an_offset_is_not_multiplied_into_every_stem() -> None:
    mix = 0.1 * noise(1, channels=2) + np.float32(0.2)
    stems = separator(Halves(), normalise=True).separate(Clip(mix, 44100), "separating", None, [])
    assert abs(float(stems["a"].mean())) < 1e-3


def test_values_that_are_no_numbers_are_an_error() -> None:
    working = separator(Halves())
    working.network = replace(
        working.network, apply=lambda examples, _: np.full((len(examples), 2, 2, 4096), np.nan, np.float32)
    )
    with pytest.raises(ModelError, match="not numbers while separating"):
        working.separate(Clip(noise(0.2, channels=2), 44100), "separating", None, [])


def spooled(folder: Path, seconds: float) -> Clip:
    spool = Spool(2, round(seconds * 44100), folder)
    for second in range(round(seconds)):
        spool.append(noise(1, channels=2, seed=second))
    return Clip(spool.finish(), 44100)


@pytest.mark.parametrize("rate", [44100, 48000])
def test_a_long_recording_is_separated_on_disk_in_the_memory_of_a_short_one(tmp_path: Path, rate: int) -> None:
    peaks = []
    for seconds in (4, 40):
        clip = replace(spooled(tmp_path, seconds), rate=rate)
        tracemalloc.start()
        stems = separator(Halves()).separate(clip, "separating", Scratch(tmp_path, most_held=0), [])
        peaks.append(tracemalloc.get_traced_memory()[1])
        tracemalloc.stop()
        assert all(folder_of(stem) == tmp_path for stem in stems.values())
        assert stems["a"].shape == clip.samples.shape
    assert peaks[1] < 1.5 * peaks[0] + (1 << 20)
    assert list(tmp_path.iterdir()) == []


def test_on_disk_and_in_memory_the_bits_are_the_same(tmp_path: Path) -> None:
    clip = spooled(tmp_path, 3)
    on_disk = separator(Halves()).separate(clip, "separating", Scratch(tmp_path, most_held=0), [])
    in_memory = separator(Halves()).separate(Clip(np.array(clip.samples), 44100), "separating", None, [])
    for name, stem in on_disk.items():
        np.testing.assert_array_equal(stem, in_memory[name])
