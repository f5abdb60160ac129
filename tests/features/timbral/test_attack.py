"""How attacks run: time, strength, centroid and the bandwidth that they reach."""

import numpy as np
import pytest
from scipy import signal

from small_dataset_audio.features.timbral.attacks import attack as module
from small_dataset_audio.features.timbral.attacks import bandwidth
from small_dataset_audio.features.timbral.attacks.attack import Attacks, attack_of, measure_attacks
from small_dataset_audio.features.timbral.attacks.bandwidth import FLOOR, FRAME, bandwidth_track, mean_bandwidth
from small_dataset_audio.features.timbral.attacks.envelope import peak_envelope
from small_dataset_audio.features.timbral.attacks.onsets import BEFORE
from small_dataset_audio.features.timbral.frames import Line
from small_dataset_audio.features.timbral.recording import RATE
from small_dataset_audio.features.timbral.shortframes import HOP
from support.signals import noise, tone

NO_FLUX = np.ones(4 * RATE // HOP, dtype=np.float32)


def notes(rise: float, frequency: float = 1000.0) -> Line:
    """Return two notes of a second each that fade in along a straight line over ``rise`` seconds."""
    t = np.arange(RATE) / RATE
    shape = np.minimum(t / rise, 1.0) * np.minimum((0.9 - t).clip(0.0) / 0.3, 1.0)
    note = tone(1.0, frequency=frequency)[0] * shape
    return np.tile(note, 2).astype(np.float32)


def measured(line: Line, onsets: list[int]) -> Attacks:
    envelope = peak_envelope(line, float(np.abs(line).max()), BEFORE)
    return measure_attacks(line, np.array(onsets) + BEFORE, envelope, NO_FLUX)


@pytest.mark.parametrize("rise", [0.02, 0.05, 0.1])
def test_an_even_rise_is_an_attack_from_a_tenth_to_eight_tenths_of_it(rise: float) -> None:
    found = measured(notes(rise), [0, RATE])
    assert 10.0**found.log_seconds == pytest.approx([0.7 * rise] * 2, rel=0.02)
    assert found.strength.tolist() == [1.0, 1.0]


def test_no_attack_is_longer_than_a_tenth_of_a_second() -> None:
    assert 10.0 ** measured(notes(0.5), [0, RATE]).log_seconds == pytest.approx([0.1] * 2, rel=0.01)


def test_a_rise_that_is_too_long_to_read_by_samples_is_read_by_steps(monkeypatch: pytest.MonkeyPatch) -> None:
    by_samples = measured(notes(0.08), [0, RATE])
    monkeypatch.setattr(module, "MOST_STEPS", 100)
    by_steps = measured(notes(0.08), [0, RATE])
    assert by_steps.log_seconds == pytest.approx(by_samples.log_seconds, abs=0.03)
    assert by_steps.centroid == pytest.approx(by_samples.centroid, rel=0.2)


def test_the_attack_ends_where_the_rise_pauses() -> None:
    rise = np.concatenate([np.linspace(0.0, 0.6, 600), np.full(3000, 0.6), np.linspace(0.6, 1.0, 400)])
    begin, duration = attack_of(rise.astype(np.float32))
    assert begin == pytest.approx(100, abs=2)
    assert duration == pytest.approx(500, abs=102)


def test_a_jump_is_an_attack_of_one_sample() -> None:
    assert attack_of(np.array([0.0, 0.0, 0.0, 1.0], dtype=np.float32)) == (3, 1)


def test_the_centroid_is_that_of_the_magnitude_from_20_hz_on() -> None:
    spans = [
        noise(0.1, seed=seed)[0] + 2.0 * tone(0.1, frequency=frequency)[0]
        for seed, frequency in ((1, 5.0), (2, 3000.0))
    ]
    centroids = module._Centroids()
    for span in [*spans, np.zeros(800, dtype=np.float32)]:
        centroids.add(span)
    hertz = np.arange(2801) * RATE / 5600
    wanted = []
    for span in spans:
        spectrum = np.abs(np.fft.rfft(span, 5600)) * (hertz >= 20.0)
        wanted.append(np.sum(spectrum * hertz) / np.sum(spectrum))
    assert centroids.all() == pytest.approx(wanted, rel=1e-4)


def test_a_higher_tone_has_a_higher_attack_centroid() -> None:
    assert (
        measured(notes(0.02, 2500.0), [0, RATE]).centroid[1] > 1.5 * measured(notes(0.02, 400.0), [0, RATE]).centroid[1]
    )


def test_more_attacks_than_are_transformed_together_keep_their_order(monkeypatch: pytest.MonkeyPatch) -> None:
    line = np.concatenate([notes(0.02, 400.0), notes(0.02, 2500.0)])
    starts = [0, RATE, 2 * RATE, 3 * RATE]
    whole = measured(line, starts).centroid
    monkeypatch.setattr(module, "_TOGETHER", 3)
    assert measured(line, starts).centroid == pytest.approx(whole, rel=1e-4)


def test_an_event_that_only_falls_has_no_attack_and_a_short_one_no_centroid() -> None:
    falling = (tone(0.5)[0] * np.linspace(1.0, 0.0, RATE // 2)).astype(np.float32)
    envelope = np.linspace(1.0, 0.0, (RATE // 2 + BEFORE) // 8).astype(np.float32)
    found = measure_attacks(falling, np.array([0]), envelope, NO_FLUX)
    assert found.log_seconds.size == found.centroid.size == 0
    assert found.strength.size == 1
    short = noise(0.1)[0, :400]
    found = measured(np.append(np.zeros(2000, dtype=np.float32), short), [0])
    assert found.log_seconds.size == 1
    assert found.centroid.size == 0


def test_bandwidth_reaches_from_the_low_end_to_the_highest_that_is_dense_enough() -> None:
    t = np.arange(RATE) / RATE
    bins = [40, 400, 1200]
    line = sum(np.sin(2 * np.pi * RATE / FRAME * place * t + place) for place in bins)
    track = bandwidth_track(np.asarray(0.1 * line, dtype=np.float32), 1024)
    middle = track[track.shape[0] // 2]
    assert middle == pytest.approx((1200 - 40) * RATE / FRAME, abs=3 * RATE / FRAME)
    assert track[0] == 0.0  # the silence before


def test_a_high_band_is_measured_though_its_low_end_is_far_up() -> None:
    t = np.arange(RATE) / RATE
    line = sum(np.sin(2 * np.pi * RATE / FRAME * place * t + place) for place in (900, 1000, 1100))
    track = bandwidth_track(np.asarray(0.1 * line, dtype=np.float32), 2048)
    assert track[track.shape[0] // 2] == pytest.approx(200 * RATE / FRAME, abs=12 * RATE / FRAME)


def bursts(hop_seconds: float = 0.5) -> Line:
    """Return bursts of noise that fade in, four of them."""
    count = round(hop_seconds * RATE)
    shape = np.minimum(np.arange(count) / (0.1 * RATE), 1.0) * (np.arange(count) < 0.7 * count)
    return np.concatenate([noise(hop_seconds, seed=seed)[0] * shape for seed in range(4)]).astype(np.float32)


def test_attacks_of_noise_reach_half_the_rate() -> None:
    onsets = BEFORE + np.arange(4) * RATE // 2
    assert mean_bandwidth(bursts(), onsets, np.ones(4)) > 0.85 * RATE / 2


def test_long_sounds_are_followed_in_longer_steps_without_moving_much(monkeypatch: pytest.MonkeyPatch) -> None:
    onsets = BEFORE + np.arange(4) * RATE // 2
    whole = mean_bandwidth(bursts(), onsets, np.ones(4))
    monkeypatch.setattr(bandwidth, "MOST_FRAMES", 50)
    assert mean_bandwidth(bursts(), onsets, np.ones(4)) == pytest.approx(whole, rel=0.05)


def test_the_mean_bandwidth_is_weighted_by_strength() -> None:
    low = signal.sosfilt(signal.butter(8, 3000.0, fs=RATE, output="sos"), bursts()[:RATE])
    line = np.concatenate([low, bursts()[RATE:]]).astype(np.float32)
    onsets = BEFORE + np.arange(4) * RATE // 2
    of_low, of_all, of_high = (
        mean_bandwidth(line, onsets, np.array(strength))
        for strength in ([1.0, 1.0, 1e-9, 1e-9], [1.0, 1.0, 1.0, 1.0], [1e-9, 1e-9, 1.0, 1.0])
    )
    assert of_low < 0.75 * of_high
    assert of_all == pytest.approx(0.5 * (of_low + of_high), rel=1e-6)


def test_silence_reaches_no_bandwidth_but_has_a_logarithm() -> None:
    assert mean_bandwidth(np.zeros(RATE, dtype=np.float32), np.array([0]), np.ones(1)) == FLOOR
