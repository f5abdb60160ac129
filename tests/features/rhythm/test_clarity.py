"""A pulse is only reported where chance does not explain it."""

import numpy as np
import pytest

from small_dataset_audio.features.rhythm.accents import STRONGEST, accents
from small_dataset_audio.features.rhythm.clarity import clarity, surrogate
from small_dataset_audio.features.rhythm.onsets import detect
from small_dataset_audio.features.rhythm.pulse import decode
from small_dataset_audio.features.rhythm.spectrum import ANALYSIS_RATE, FRAME_RATE, curves
from support.rhythm_pieces import ROCK, beat_times, drums, events, piano
from support.signals import Signal, noise


def clarity_of(samples: Signal) -> float:
    found = curves(samples[0])
    return clarity(decode(np.minimum(accents(found), STRONGEST)), detect(found.full).times * FRAME_RATE)


@pytest.mark.parametrize(
    "samples",
    [
        drums(ROCK, beat_times(40, 100.0)).samples,
        drums(ROCK, beat_times(24, 120.0, human=0.01), jitter=0.008).samples,
        piano(beat_times(40, 80.0, human=0.02), jitter=0.01).samples,
        piano(beat_times(40, 120.0, 80.0)).samples,
    ],
    ids=["drums", "a drummer", "a pianist", "slowing down"],
)
def test_music_is_clear(samples: Signal) -> None:
    assert 0.4 < clarity_of(samples) < 1.0


@pytest.mark.parametrize("seed", range(8))
def test_events_at_random_times_have_no_pulse(seed: int) -> None:
    generator = np.random.default_rng(seed)
    gaps = generator.exponential(0.4, 80) if seed % 2 else np.exp(generator.normal(np.log(0.3), 0.5, 80))
    assert clarity_of(events(np.cumsum(gaps), 25.0, seed=seed)) == 0.0


def test_noise_and_no_onsets_have_no_pulse() -> None:
    assert clarity_of(noise(10.0, ANALYSIS_RATE)) == 0.0
    assert clarity(decode(np.ones(1000)), np.empty(0)) == 0.0


def test_a_surrogate_is_made_of_the_same_events() -> None:
    curve = np.zeros(1000)
    onsets = np.array([100.0, 220.0, 300.0, 700.0])
    curve[onsets.astype(int)] = [1.0, 2.0, 3.0, 4.0]
    found = surrogate(curve, onsets, 6000, np.random.default_rng(0))
    assert found.size == 6000
    assert set(found.tolist()) == {0.0, 1.0, 2.0, 3.0, 4.0}
    assert not np.array_equal(found[:1000], curve)


def test_the_answer_is_the_same_every_time() -> None:
    samples = drums(ROCK, beat_times(16, 100.0)).samples
    assert clarity_of(samples) == clarity_of(samples)
