"""The rhythm numbers of signals whose rhythm follows from how they are made."""

import mir_eval
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from numpy.typing import NDArray

from small_dataset_audio.audio.clip import Clip
from small_dataset_audio.features import rhythm
from small_dataset_audio.features.measured import Measured
from small_dataset_audio.features.rhythm import measures
from small_dataset_audio.features.rhythm.onsets import Onsets
from small_dataset_audio.features.rhythm.tracker import Beats
from small_dataset_audio.features.sound import Sound
from small_dataset_audio.features.spectra import Spectra
from support.signals import Signal, clicks, noise, silence, tone

RATE = 44100


def measure(samples: Signal, rate: int = RATE, stems: dict[str, Signal] | None = None) -> Measured:
    parts = {name: Spectra(Clip(stem, rate)) for name, stem in (stems or {}).items()}
    return rhythm.FAMILY.measure(Sound(Spectra(Clip(samples, rate)), parts), Measured())


def drum_beat(
    bpm: float, bars: int, swing: float = 0.5, rate: int = RATE, meter: int = 4
) -> tuple[Signal, NDArray[np.float64]]:
    """Return a plain beat (kick on one, snare on the others but one, hats on eighths) and the times of its beats."""
    beat = 60.0 / bpm
    beats: NDArray[np.float64] = np.asarray(0.5 + beat * np.arange(bars * meter), dtype=np.float64)
    seconds = float(beats[-1] + beat + 0.5)
    mix = np.zeros((1, round(seconds * rate)), dtype=np.float32)

    def hit(time: float, sound: NDArray[np.float64]) -> None:
        start = round(time * rate)
        stop = min(mix.shape[1], start + sound.size)
        mix[0, start:stop] += sound[: stop - start].astype(np.float32)

    t = np.arange(round(0.15 * rate)) / rate
    hiss = np.random.default_rng(1).standard_normal(t.size)
    kick = 0.7 * np.exp(-t / 0.05) * np.sin(2 * np.pi * 60 * t)
    snare = 0.35 * np.exp(-t / 0.04) * hiss
    hat = 0.12 * np.exp(-t / 0.012) * np.diff(hiss, prepend=0)
    for index, time in enumerate(beats):
        place = index % meter
        hit(time, kick if place in {0, 2} and (meter == 4 or place == 0) else snare)
        hit(time, hat)
        hit(time + beat * swing, hat)
    return mix.astype(np.float32), beats


@pytest.mark.parametrize("bpm", [70, 92, 110, 128, 150])
def test_a_plain_beat_has_its_tempo_and_its_beats(bpm: float) -> None:
    samples, beats = drum_beat(bpm, bars=8)
    found = measure(samples)
    assert found.values["bpm"] == pytest.approx(bpm, rel=0.01)
    assert found.values["bpm_is_defined"] == 1
    assert mir_eval.beat.f_measure(beats, found.times["beats"]) > 0.95
    nearest = found.times["beats"][np.abs(found.times["beats"][:, None] - beats).argmin(axis=0)]
    assert abs(float(np.median(nearest - beats))) < 0.012
    assert found.values["beat_regularity"] < 0.01
    assert found.confidence["beats"] > 0.3


def test_bars_of_three_and_of_four_are_told_apart() -> None:
    for meter in (3, 4):
        samples, beats = drum_beat(120, bars=10, meter=meter)
        downbeats = measure(samples).times["downbeats"]
        assert np.median(np.diff(downbeats)) == pytest.approx(meter * 0.5, rel=0.02)
        assert mir_eval.beat.f_measure(beats[::meter], downbeats) > 0.85


def test_swing_changes_syncopation_and_evenness_and_not_the_beat() -> None:
    straight, beats = drum_beat(100, bars=8)
    swung, _ = drum_beat(100, bars=8, swing=2 / 3)
    even, uneven = measure(straight), measure(swung)
    assert even.values["bpm"] == pytest.approx(100, rel=0.01)
    assert uneven.values["bpm"] == pytest.approx(100, rel=0.01)
    assert even.values["rhythmic_evenness"] > uneven.values["rhythmic_evenness"]
    assert mir_eval.beat.f_measure(beats, uneven.times["beats"]) > 0.95


@pytest.mark.parametrize("rate", [8000, 22050, 48000, 96000])
def test_the_rate_does_not_matter(rate: int) -> None:
    samples, _ = drum_beat(110, bars=6, rate=rate)
    assert measure(samples, rate).values["bpm"] == pytest.approx(110, rel=0.01)


def test_onsets_of_clicks_are_where_the_clicks_are() -> None:
    times = np.array([0.5, 0.9, 1.7, 2.0, 3.1, 3.35, 4.4, 5.0, 5.9])
    found = measure(clicks(times, 6.5))
    np.testing.assert_allclose(found.times["onsets"], times, atol=0.012)
    values = found.values
    assert values["onset_count"] == 9
    assert values["onset_density"] == pytest.approx(9 / 6.5)
    assert values["ioi_mean"] == pytest.approx(np.diff(times).mean(), abs=0.005)
    assert values["ioi_std"] == pytest.approx(np.diff(times).std(), abs=0.005)


def test_even_clicks_are_even() -> None:
    found = measure(clicks(np.arange(0.5, 12, 0.5), 12.5)).values
    assert found["rhythmic_evenness"] > 0.98
    assert found["rhythmic_complexity"] < 0.05
    assert found["on_beat_ratio"] == pytest.approx(1.0, abs=0.1)
    assert found["bpm"] == pytest.approx(120, rel=0.01)


@pytest.mark.parametrize(
    ("samples", "reason"),
    [
        (silence(10), "silent"),
        (tone(0.1), "shorter"),
        (tone(10), ""),
        (noise(10), ""),
        (clicks(np.array([2.0]), 8.0), ""),
    ],
    ids=["silence", "a tenth", "a tone", "noise", "one click"],
)
def test_without_a_pulse_there_is_no_tempo(samples: Signal, reason: str) -> None:
    found = measure(samples)
    assert found.values["bpm_is_defined"] == 0
    assert "bpm" not in found.values
    assert reason in found.absent["bpm"]
    assert "beats" not in found.times
    assert {*found.values, *found.absent} == set(rhythm.FAMILY.features)


def test_irregular_events_have_no_pulse() -> None:
    generator = np.random.default_rng(5)
    times = np.cumsum(generator.exponential(0.6, 50)) + 0.3
    assert measure(clicks(times, float(times[-1]) + 1)).values["bpm_is_defined"] == 0


def test_gain_and_channels_change_nothing() -> None:
    samples, _ = drum_beat(104, bars=6)
    base = measure(samples)
    for other in (samples * 0.25, np.concatenate([samples, samples]), np.concatenate([samples, -samples])):
        found = measure(other)
        np.testing.assert_allclose(found.times["beats"], base.times["beats"], atol=1e-3)
        assert found.values["onset_count"] == base.values["onset_count"]


def test_stems_are_measured_against_the_beats_of_the_mix() -> None:
    samples, beats = drum_beat(120, bars=8)
    offbeat = clicks(beats + 0.125, samples.shape[1] / RATE)
    found = measure(samples, stems={"drums": samples, "bass": offbeat})
    assert found.values["syncopation_bass"] == pytest.approx(1.0, abs=0.02)
    assert found.values["syncopation_drums"] < 0.6
    assert found.values["onset_density_average_bass"] == pytest.approx(2.0, abs=0.1)
    assert found.values["onset_density_variance_bass"] < 0.1
    assert found.values["rhythmic_evenness_bass"] > 0.97
    assert found.absent["syncopation_other"] == "there is no other stem"


def test_a_silent_stem_and_one_without_beats_to_count_against() -> None:
    samples, _ = drum_beat(120, bars=6)
    found = measure(samples, stems={"drums": samples, "bass": np.zeros_like(samples), "other": samples[:, :RATE]})
    assert "silent" in found.absent["syncopation_bass"]
    assert "window" in found.absent["onset_density_average_other"]
    quiet = measure(silence(samples.shape[1] / RATE), stems={"drums": samples})
    assert "no beats" in quiet.absent["syncopation_drums"]
    assert quiet.values["onset_density_average_drums"] > 1


def beats_of(times: list[float], downbeats: list[float]) -> Beats:
    return Beats(np.array(times), np.array(downbeats), 1.0, 1.0, 1.0)


def onsets_of(times: list[float], strengths: list[float] | None = None) -> Onsets:
    return Onsets(np.array(times), np.array(strengths or [1.0] * len(times)))


def test_tempo_leaves_out_gaps_and_slips() -> None:
    times = np.array([0.0, 0.5, 1.0, 1.5, 4.0, 4.5, 5.0, 5.1, 5.5])
    found = measures.tempo(times)
    assert found is not None
    assert found.bpm == pytest.approx(120)
    assert measures.tempo(np.array([1.0])) is None
    assert not measures.is_defined(np.arange(0.0, 7.0, 0.5))
    assert measures.is_defined(np.arange(0.0, 7.5, 0.5))
    wobbly = np.cumsum(np.tile([0.3, 0.65], 10))
    assert not measures.is_defined(wobbly)


@pytest.mark.parametrize(
    ("onset", "weight"), [(0.0, 0.0), (2.0, 0.0), (0.5, 0.25), (0.25, 0.5), (0.125, 1.0), (0.39, 1.0)]
)
def test_syncopation_weighs_each_place_of_the_bar(onset: float, weight: float) -> None:
    beats = beats_of([0, 0.5, 1, 1.5, 2, 2.5], [0, 2])
    assert measures.syncopation(onsets_of([onset]), beats) == pytest.approx(weight)


def test_syncopation_is_a_mean_by_strength_and_needs_bars_and_onsets() -> None:
    beats = beats_of([0, 0.5, 1, 1.5, 2], [0, 2])
    assert measures.syncopation(onsets_of([0.0, 0.125], [3.0, 1.0]), beats) == pytest.approx(0.25)
    assert measures.syncopation(onsets_of([9.0]), beats) is None
    assert measures.syncopation(onsets_of([0.5]), beats_of([0, 0.5], [])) is None
    assert measures.syncopation(onsets_of([0.5]), beats_of([0], [0])) is None


def test_on_beat_ratio_uses_the_smaller_tolerance() -> None:
    slow, fast = np.arange(0.0, 5.0), np.arange(0.0, 3.9, 0.2)
    onsets = np.array([0.06, 1.0, 2.5])
    assert measures.on_beat_ratio(onsets, slow) == pytest.approx(2 / 3)
    assert measures.on_beat_ratio(np.array([0.06]), fast) == 0.0
    assert measures.on_beat_ratio(np.array([]), slow) is None
    assert measures.on_beat_ratio(onsets, slow[:1]) is None


def test_entropy_is_that_of_the_shares_of_the_bins() -> None:
    assert measures.interval_entropy(np.full(8, 0.5)) == 0.0
    halves = measures.interval_entropy(np.array([0.1, 1.0] * 5))
    assert halves == pytest.approx(np.log(2) / np.log(50))
    everywhere = np.geomspace(0.03, 10, 50 * 40 + 1)[:-1]
    assert measures.interval_entropy(everywhere) == pytest.approx(1.0, abs=1e-3)
    assert measures.complexity(np.array([1.0])) is None
    assert measures.evenness(np.array([])) is None


@given(st.lists(st.floats(0.01, 20), min_size=2, max_size=60))
def test_complexity_and_evenness_stay_in_their_ranges(intervals: list[float]) -> None:
    given_intervals = np.array(intervals)
    complexity, evenness = measures.complexity(given_intervals), measures.evenness(given_intervals)
    assert complexity is not None
    assert evenness is not None
    assert -1e-9 <= complexity <= 1
    assert 0 < evenness <= 1


def test_density_is_counted_in_overlapping_windows() -> None:
    onsets = np.array([0.5, 1.0, 4.5, 5.0, 5.5])
    np.testing.assert_allclose(measures.windowed_density(onsets, 8.0), [0.5, 0.75, 0.75])
    assert measures.windowed_density(onsets, 3.0).size == 0
