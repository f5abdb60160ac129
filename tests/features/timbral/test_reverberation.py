"""Reverberation: decays of known length, and that pieces make no difference."""

from itertools import pairwise

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from small_dataset_audio.features.timbral.reverberation import (
    INTERCEPT,
    SHORTEST,
    SLOPE,
    TIMES,
    Decays,
    decays,
    reverberation,
)
from support.signals import noise

RATE = 44100
Signal = np.ndarray


def decaying(time: float, seconds: float = 6.0, every: float = 1.5, seed: int = 0) -> Signal:
    """Return bursts of noise that lose 60 dB in ``time`` seconds."""
    t = np.arange(round(seconds * RATE)) / RATE
    return np.asarray(
        0.5 * noise(seconds, rms=0.3, seed=seed)[0] * 10.0 ** (-3.0 * (t % every) / time), dtype=np.float32
    )


def taken(wave: Signal, piece: int | None = None) -> Decays:
    found = Decays()
    for start in range(0, wave.shape[0], piece or wave.shape[0]):
        found.add(wave[start : start + (piece or wave.shape[0])])
    return found


def time_of(wave: Signal) -> float:
    found = taken(wave).reverberation_time()
    assert found is not None
    return found


@pytest.mark.parametrize("time", [0.4, 0.6, 0.8, 1.0])
def test_the_time_of_exponential_decays_is_found(time: float) -> None:
    wave = decaying(time, 20.0)
    assert time_of(wave) == pytest.approx(time, abs=0.15)


def test_longer_decays_sound_more_reverberant() -> None:
    found = [reverberation([taken(decaying(time, 12.0))]) for time in (0.3, 0.5, 0.7, 0.9, 1.1)]
    assert found == sorted(found, key=lambda value: value or 0.0)
    assert found[0] is not None
    assert found[-1] is not None
    assert found[-1] - found[0] > 20.0


def test_the_probability_is_the_logistic_function_of_the_mean_time() -> None:
    one, other = taken(decaying(0.4)), taken(decaying(0.9, seed=1))
    mean = np.mean([time_of(decaying(0.4)), time_of(decaying(0.9, seed=1))])
    assert reverberation([one, other]) == pytest.approx(100.0 / (1.0 + np.exp(-SLOPE * mean - INTERCEPT)))


def test_a_sound_without_a_free_decay_has_the_shortest_time() -> None:
    steady = np.ones(RATE, dtype=np.float32)
    steady[::2] = -1.0
    assert time_of(steady) == TIMES[0]


def test_silent_channels_do_not_count_and_short_ones_have_no_time() -> None:
    wave = decaying(0.9)
    silent = taken(np.zeros_like(wave))
    assert reverberation([taken(wave), silent]) == reverberation([taken(wave)])
    assert reverberation([silent]) is None
    short = taken(wave[: SHORTEST - 1])
    assert short.reverberation_time() is None
    assert reverberation([short]) is None
    assert taken(wave[:SHORTEST]).reverberation_time() is not None


@settings(max_examples=10, deadline=None)
@given(st.integers(500, 30000).map(lambda half: 2 * half))
def test_pieces_make_no_difference(piece: int) -> None:
    wave = decaying(0.7, 3.0)
    assert taken(wave, piece).reverberation_time() == pytest.approx(time_of(wave), rel=1e-6)


@pytest.mark.parametrize("gain", [0.01, 0.5, 4.0])
def test_gain_makes_no_difference(gain: float) -> None:
    wave = decaying(0.7, 3.0)
    assert time_of(np.float32(gain) * wave) == pytest.approx(time_of(wave), abs=0.01)


def test_estimates_of_long_ago_are_forgotten() -> None:
    long_ago = np.concatenate([decaying(0.3, 30.0), decaying(1.0, 30.0)])
    assert time_of(long_ago) > 0.5 * (time_of(decaying(0.3, 30.0)) + 0.1)


def test_decays_are_found_where_sub_frames_fall_as_the_rule_says() -> None:
    half = decaying(0.8, 2.0, seed=3)[::2]
    count = (half.shape[0] - SHORTEST // 2) // 92
    frames, lengths = decays(half, count)
    for frame in range(0, count, 7):
        starts = [frame * 92] + [frame * 92 + 643 + 644 * i for i in range(5)]
        parts = [half[a : a + (643 if i == 0 else 644)].astype(np.float64) for i, a in enumerate(starts)]
        falls = [a.var() > b.var() and a.max() > b.max() and a.min() < b.min() for a, b in pairwise(parts)]
        lasted = falls.index(False) if False in falls else 0
        found = dict(zip(frames.tolist(), lengths.tolist(), strict=True)).get(frame, 0)
        assert found == (lasted if lasted in {3, 4} else 0), frame
