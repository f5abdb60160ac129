"""The models that turn measures into points: brightness, depth, warmth, hardness. What must rise rises, by how much the model says."""

import numpy as np
import pytest
from scipy import signal

from small_dataset_audio.features.timbral import warmth as warmth_module
from small_dataset_audio.features.timbral.attacks.attack import Attacks
from small_dataset_audio.features.timbral.attacks.onsets import BEFORE
from small_dataset_audio.features.timbral.brightness import brightness
from small_dataset_audio.features.timbral.depth import (
    FRAME,
    RMS_BLOCK,
    depth,
    from_20_hz,
    lowest_partial,
    mean_duration,
)
from small_dataset_audio.features.timbral.ear.bark import BarkLoudness
from small_dataset_audio.features.timbral.filters import power_response
from small_dataset_audio.features.timbral.frames import Line
from small_dataset_audio.features.timbral.hardness import hardness
from small_dataset_audio.features.timbral.recording import RATE
from small_dataset_audio.features.timbral.warmth import straightness, warmth
from support.signals import noise, silence, tone

BINS = 1025
ONE_EVENT = np.array([0])
BARK = BarkLoudness(sharpness=1.0, booming=1.0, low=1.0, middle=10.0, warm=20.0, high=30.0)


def lines(**powers: float) -> np.ndarray:
    """Return a power spectrum with lines at bins, given as ``b100=1.0``."""
    power = np.zeros(BINS)
    for name, value in powers.items():
        power[int(name[1:])] = value
    return power


def test_the_response_is_that_of_the_filter_in_three_passes() -> None:
    frequency = np.array([5.0, 20.0, 100.0, 2000.0, 15000.0, RATE / 2])
    for corner, kind in ((20.0, "highpass"), (2000.0, "highpass"), (500.0, "lowpass")):
        wanted = np.abs(signal.freqz(*signal.butter(2, corner, kind, fs=RATE), worN=frequency, fs=RATE)[1]) ** 6
        found = power_response(frequency, corner, "highpass" if kind == "highpass" else "lowpass")
        np.testing.assert_allclose(found, wanted, rtol=1e-6, atol=1e-12)


@pytest.mark.parametrize("bin_", [300, 500, 900])
def test_the_brightness_of_one_high_line_is_that_of_its_frequency(bin_: int) -> None:
    hertz = bin_ * RATE / 2048
    wanted = 17.378889309312974 * np.log10(hertz) + 17.434733750553022
    assert brightness(lines(**{f"b{bin_}": 3.0})) == pytest.approx(wanted, abs=0.05)


def test_brightness_follows_ratio_and_centroid() -> None:
    low, high = 20 * RATE / 2048, 600 * RATE / 2048
    found = brightness(lines(b20=3.0, b600=1.0))
    centroid = 0.75 * low + 0.25 * high
    assert found == pytest.approx(
        4.613128018020465 * np.log10(0.25) + 17.378889309312974 * np.log10(centroid) + 17.4347, abs=0.05
    )
    darker, brighter = brightness(lines(b20=30.0, b600=1.0)), brightness(lines(b20=0.3, b600=1.0))
    assert found is not None
    assert darker is not None
    assert brighter is not None
    assert darker < found < brighter


def test_without_power_there_is_no_brightness() -> None:
    assert brightness(np.zeros(BINS)) is None
    assert brightness(lines(b0=1.0)) is None


@pytest.mark.parametrize(
    ("frequency", "gain"), [(4.0, 0.0), (10.0, 0.014), (20.0, 0.3536), (100.0, 0.998), (5000.0, 1.0)]
)
def test_depth_hears_from_20_hz_up(frequency: float, gain: float) -> None:
    sound = tone(3.0, frequency=frequency, peak=1.0)[0]
    heard = from_20_hz(sound, 0, sound.shape[0])
    assert np.abs(heard[RATE : 2 * RATE]).max() == pytest.approx(gain, abs=0.006)
    np.testing.assert_allclose(from_20_hz(sound, 50000, 60000), heard[50000:60000], atol=1e-5)


@pytest.mark.parametrize("frequency", [60.0, 247.3, 1000.0])
def test_the_lowest_partial_is_found_between_bins(frequency: float) -> None:
    t = np.arange(FRAME) / RATE
    frame = np.sin(2 * np.pi * frequency * t) + 2 * np.sin(2 * np.pi * 2.5 * frequency * t)
    average = np.abs(np.fft.rfft(frame * np.hamming(FRAME))) ** 2
    assert lowest_partial(average) == pytest.approx(frequency, abs=3.0)


def test_a_spectrum_that_only_falls_has_its_lowest_partial_at_the_bottom() -> None:
    assert lowest_partial(np.linspace(1.0, 0.0, 2049)) == 1.0


def test_events_last_from_their_loudest_moment_until_40_db_under_the_highest() -> None:
    rms = np.full(100, 0.001, dtype=np.float32)
    rms[10:30] = 1.0  # begins at 5: loudest at 10, over at 30
    rms[60:70] = 0.5
    step = RMS_BLOCK / RATE
    assert mean_duration(rms, np.array([5])) == pytest.approx(20 * step)
    assert mean_duration(rms, np.array([5, 55])) == pytest.approx(15 * step)
    assert mean_duration(rms, np.array([5, 20])) == pytest.approx((10 + 10) / 2 * step)
    assert mean_duration(rms, np.array([80])) == pytest.approx(0.5 * step)  # never loud: the least that has a logarithm


def deep(frequency: float, seconds: float = 1.0) -> float:
    sound = 0.1 * tone(seconds, frequency=frequency, peak=1.0)[0]
    return depth(np.append(sound, silence(0.2)[0]), 0.1, ONE_EVENT)


def test_lower_and_longer_is_deeper() -> None:
    assert deep(60.0) > deep(200.0) > deep(450.0) > deep(1200.0)
    assert deep(60.0, 3.0) > deep(60.0, 1.0) > deep(60.0, 0.3)


def test_the_depth_of_a_low_tone_follows_the_model() -> None:
    # Its centroid and lowest partial are its frequency; the ratio is what the filter lets through; it lasts one second,
    # of which the decadic logarithm is 0.
    ratio = (1.0 + (200.0 / 500.0) ** 4) ** -3
    wanted = (
        -0.0043703565847874465 * 200
        + 32.83743202462131 * ratio
        - 14.217438690256062 * np.log10(200)
        + 66.69534393444391
    )
    assert deep(200.0) == pytest.approx(wanted, abs=0.9)


def test_long_sounds_are_as_deep_at_fewer_frames(monkeypatch: pytest.MonkeyPatch) -> None:
    from small_dataset_audio.features.timbral import depth as depth_module

    sound = np.cumsum(noise(8.0, rms=0.001)[0], dtype=np.float64)
    line = np.asarray(
        signal.sosfilt(signal.butter(2, 30.0, "highpass", fs=RATE, output="sos"), sound), dtype=np.float32
    )
    whole = depth(line, float(np.abs(line).max()), ONE_EVENT)
    monkeypatch.setattr(depth_module, "MOST_FRAMES", 100)
    assert depth(line, float(np.abs(line).max()), ONE_EVENT) == pytest.approx(whole, abs=0.5)


def warm(line: Line, onsets: np.ndarray = ONE_EVENT, bark: BarkLoudness = BARK) -> float:
    found = warmth(line, onsets, bark)
    assert found is not None
    return found


def harmonics(frequency: float, slope_db: float, seconds: float = 1.0) -> Line:
    """Return a tone whose partials fall by ``slope_db`` per octave."""
    partials = [(i, 10.0 ** (-slope_db / 20.0 * np.log2(i))) for i in range(1, int(0.45 * RATE / frequency))]
    parts = [level * tone(seconds, frequency=frequency * i, peak=1.0, phase=i * i)[0] for i, level in partials]
    return np.asarray(0.05 * np.sum(parts, axis=0), dtype=np.float32)


def test_warmth_follows_its_bark_levels() -> None:
    line = harmonics(100.0, 6.0)
    other = BarkLoudness(sharpness=1.0, booming=1.0, low=1.0, middle=10.0, warm=21.0, high=32.0)
    assert warm(line, bark=other) - warm(line) == pytest.approx(0.29156539973575546 - 2 * 0.08819320850778556, abs=1e-9)


def test_low_and_dark_is_warm() -> None:
    assert warm(harmonics(110.0, 9.0)) > warm(harmonics(110.0, 3.0))
    assert warm(harmonics(110.0, 6.0)) > warm(harmonics(880.0, 6.0)) + 5.0


def test_events_are_read_apart_and_silent_ones_are_left_out() -> None:
    loud, quiet = harmonics(110.0, 6.0), silence(1.0)[0]
    line = np.concatenate([loud, quiet])
    assert warm(line, BEFORE + np.array([0, RATE])) == pytest.approx(warm(loud), abs=0.05)
    assert warmth(quiet, ONE_EVENT, BARK) is None


def test_of_very_many_events_some_are_read(monkeypatch: pytest.MonkeyPatch) -> None:
    line = np.concatenate([harmonics(110.0, 6.0, 0.3), harmonics(165.0, 8.0, 0.3)] * 6)
    onsets = BEFORE + np.arange(12) * round(0.3 * RATE)
    whole = warm(line, onsets)
    monkeypatch.setattr(warmth_module, "MOST_EVENTS", 6)
    assert warm(line, onsets) == pytest.approx(whole, abs=1.0)
    monkeypatch.setattr(warmth_module, "_BATCH", 2)
    monkeypatch.setattr(warmth_module, "_BLOCK", 1000)
    assert warm(line, onsets) == pytest.approx(whole, abs=1.0)


def test_a_power_law_is_a_straight_line_over_log_frequency() -> None:
    place = np.maximum(np.arange(500), 0.5)
    bent = np.where(np.arange(500) < 100, 1.0, place**-2.0)
    spectra = np.stack([place**-2.0, place**-0.5, bent, np.ones(500)]).astype(np.float32)
    found = straightness(spectra, np.full(4, 20))
    assert found[:2] == pytest.approx([1.0, 1.0], abs=1e-6)
    assert found[2] < 0.95
    assert found[3] == 1.0
    log = np.stack([np.log(place[20:]), np.log(bent[20:])])
    assert found[2] == pytest.approx(np.corrcoef(log)[0, 1] ** 2, abs=1e-4)


def attacks(seconds: float = 0.01, strength: float = 6.0, centroid: float = 2000.0) -> Attacks:
    return Attacks(np.log10([seconds]), np.array([strength]), np.array([centroid]))


def test_hardness_follows_the_regression() -> None:
    wanted = 12.079781720638145 * 4 + 18.52100377170042 * 3 + 14.139883645260355 + 5.567690321917516 * np.log10(0.5)
    wanted += 3.9346817690405635 * np.log10(6.0) + 4.326890461087848 * 2 - 85.60352209068202
    assert hardness(attacks(centroid=1000.0), 1e4, BARK, 0.5) == pytest.approx(wanted)


def test_hardness_rises_with_everything_that_makes_an_attack_hard() -> None:
    soft = hardness(attacks(), 5000.0, BARK, 0.2)
    assert hardness(attacks(seconds=0.002), 5000.0, BARK, 0.2) > soft
    assert hardness(attacks(strength=9.0), 5000.0, BARK, 0.2) > soft
    assert hardness(attacks(centroid=4000.0), 5000.0, BARK, 0.2) > soft
    assert hardness(attacks(), 10000.0, BARK, 0.2) > soft
    assert hardness(attacks(), 5000.0, BARK, 0.6) > soft


def test_a_low_centroid_and_none_count_as_200_hz() -> None:
    low = hardness(attacks(centroid=90.0), 5000.0, BARK, 0.2)
    none = Attacks(np.log10([0.01]), np.array([6.0]), np.empty(0))
    assert low == hardness(none, 5000.0, BARK, 0.2) == hardness(attacks(centroid=200.0), 5000.0, BARK, 0.2)
