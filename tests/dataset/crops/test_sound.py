import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from small_dataset_audio.audio import spool
from small_dataset_audio.dataset.crops.plan import Span
from small_dataset_audio.dataset.crops.sound import WaveCrossings, fade, faded, peak_dbfs
from support.signals import Signal, noise, silence, tone


def test_crossings_of_a_sine_are_half_a_period_apart() -> None:
    wave = WaveCrossings(tone(1.0, rate=48000, frequency=100.0, phase=0.1, channels=2))
    first = wave.first(1000, 1480)
    assert first is not None
    assert (first / 48000 * 200 + 0.1 / np.pi) % 1 < 200 / 48000
    assert wave.nearest(first + 10, first - 400, first + 400) == first
    assert wave.first(first + 1, first + 100) is None
    assert wave.nearest(first + 50, first + 1, first + 100) is None


def test_silence_crosses_zero_everywhere_and_what_is_out_of_phase_as_well() -> None:
    assert WaveCrossings(silence(1.0)).first(100, 200) == 100
    apart = tone(1.0, channels=2) * np.array([[1.0], [-1.0]], dtype=np.float32)
    assert WaveCrossings(apart).first(100, 200) == 100


def test_nothing_crosses_beyond_the_ends() -> None:
    wave = WaveCrossings(silence(0.01))
    assert wave.first(0, 5) == 1
    assert wave.first(441, 500) is None
    assert wave.first(900, 1000) is None


def test_a_fade_rises_from_nothing_and_is_no_longer_than_half_a_crop() -> None:
    rise = fade(1000, 100)
    assert rise[0] == 0
    assert np.all(np.diff(rise) > 0)
    assert rise[50] == pytest.approx(0.5)
    assert fade(10, 100).size == 5
    assert fade(1000, 0).size == 0


def joined(samples: Signal, span: Span, count: int) -> Signal:
    return np.concatenate(list(faded(samples, span, count)), axis=1)


@given(st.integers(1, 3000), st.integers(0, 600), st.integers(1, 700), st.integers(0, 900))
def test_both_ends_are_faded_whatever_the_blocks(length: int, count: int, block: int, lacking: int) -> None:
    whole = noise(0.1, channels=2)
    span = Span(700, 700 + length)
    held = whole[:, : max(700, 700 + length - lacking)]
    gain = np.ones(length, dtype=np.float32)
    rise = fade(length, count)
    gain[: rise.size] *= rise
    gain[length - rise.size :] *= rise[::-1]
    expected = np.zeros((2, length), dtype=np.float32)
    expected[:, : held.shape[1] - 700] = held[:, 700 : span.stop] * gain[: held.shape[1] - 700]
    blocks = spool.blocks
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("small_dataset_audio.dataset.crops.sound.blocks", lambda array: blocks(array, block))
        assert np.array_equal(joined(held, span, count), expected)


def test_without_a_fade_crops_put_together_are_the_recording() -> None:
    whole = noise(0.5, channels=2)
    parts = [joined(whole, Span(start, start + 4410), 0) for start in range(0, 22050, 4410)]
    assert np.array_equal(np.concatenate(parts, axis=1), whole)


def test_a_crop_is_as_loud_as_its_loudest_sample() -> None:
    wave = tone(1.0, peak=0.1)
    wave[:, 22050:] = 0
    assert peak_dbfs(wave, Span(0, 22050)) == pytest.approx(-20, abs=0.01)
    assert peak_dbfs(wave, Span(22050, 44100)) == -np.inf
