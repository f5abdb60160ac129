"""The pulse of impulses whose spacing is known."""

import numpy as np
import pytest

from small_dataset_audio.features.rhythm import pulse
from small_dataset_audio.features.rhythm.lines import Curve
from small_dataset_audio.features.rhythm.pulse import decode, tempo_grid
from small_dataset_audio.features.rhythm.spectrum import FRAME_RATE


def impulses(frames: Curve, total: int, height: float = 3.0) -> Curve:
    curve = np.zeros(total)
    curve[np.round(frames).astype(int)] = height
    return curve


@pytest.mark.parametrize("period", [30, 37, 50, 64, 81, 110])
def test_even_impulses_are_followed_one_by_one_or_at_a_multiple(period: int) -> None:
    frames = np.arange(17.0, 3000.0, period)
    found = decode(impulses(frames, 3000)).frames
    ratio = float(np.median(np.diff(found))) / period
    octave = float(2.0 ** np.round(np.log2(ratio)))
    assert ratio == pytest.approx(octave, rel=0.02)
    place = (found[1:-1] - 17.0) / (period * min(octave, 1.0)) % 1.0
    assert np.all(np.minimum(place, 1.0 - place) < 0.15)


def test_a_gliding_tempo_is_followed() -> None:
    frames = 20.0 + np.cumsum(np.geomspace(80.0, 45.0, 60))
    found = decode(impulses(frames, int(frames[-1]) + 50)).frames
    assert np.all(np.abs(frames[2:-2, np.newaxis] - found).min(axis=1) <= 4.0)


def test_a_gap_is_bridged_at_the_same_pace() -> None:
    frames = np.arange(10.0, 4000.0, 60.0)
    kept = frames[(frames < 1500) | (frames > 2300)]
    found = decode(impulses(kept, 4000)).frames
    inside = found[(found > 1500) & (found < 2300)]
    assert np.diff(inside) == pytest.approx(60.0, abs=3.0)


def test_one_missed_and_one_added_impulse_do_not_derail_it() -> None:
    frames = np.arange(10.0, 3000.0, 55.0)
    curve = impulses(np.delete(frames, 20), 3000)
    curve[int(frames[30]) + 20] = 3.0
    found = decode(curve).frames
    assert np.all(np.abs(frames[1:-1, np.newaxis] - found).min(axis=1) <= 1.0)


def test_chunks_do_not_show(monkeypatch: pytest.MonkeyPatch) -> None:
    generator = np.random.default_rng(4)
    curve = impulses(np.cumsum(generator.integers(20, 60, 60)), 3700) + generator.random(3700)
    whole = decode(curve)
    monkeypatch.setattr(pulse, "CHUNK", 100)
    pieces = decode(curve)
    assert pieces.frames.tolist() == whole.frames.tolist()
    assert pieces.score == pytest.approx(whole.score)


def test_the_score_is_per_second_and_higher_for_a_clearer_pulse() -> None:
    short, long = (decode(impulses(np.arange(20.0, total, 50.0), total)).score for total in (1500, 6000))
    assert short == pytest.approx(long, rel=0.1)
    weak = decode(impulses(np.arange(20.0, 1500.0, 50.0), 1500, height=1.0)).score
    assert weak < short


def test_a_curve_shorter_than_a_period_has_one_pulse_at_most_twice() -> None:
    assert 1 <= decode(np.ones(20)).frames.size <= 2


def test_the_grid_covers_40_to_250_in_equal_ratios() -> None:
    tempi, periods = tempo_grid()
    assert tempi[-1] == pytest.approx(40.0)
    assert tempi[0] >= 250.0
    assert np.diff(np.log(tempi)) == pytest.approx(-0.025)
    assert periods[-1] == round(60 * FRAME_RATE / 40)
    assert np.all(np.diff(periods) >= 0)
