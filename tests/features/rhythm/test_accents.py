"""Accents: relative to their neighbourhood, limited, within reach."""

import numpy as np
import pytest

from small_dataset_audio.features.rhythm import accents as module
from small_dataset_audio.features.rhythm.accents import (
    STRONGEST,
    accents,
    at,
    local_units,
    strengths,
    sums_before,
)
from small_dataset_audio.features.rhythm.spectrum import ANALYSIS_RATE, curves
from support.signals import clicks, silence


def test_a_quiet_verse_counts_as_much_as_a_loud_chorus() -> None:
    curve = np.zeros(4000)
    curve[25::50] = 1.0
    curve[2000:] *= 0.5
    local = local_units(curve)
    assert local[525] == pytest.approx(local[3525], rel=0.05)


def test_but_a_fade_out_is_not_blown_up() -> None:
    curve = np.zeros(4000)
    curve[25::50] = 1.0
    curve[2000:] *= 1e-3
    local = local_units(curve)
    assert local[3525] < 0.1 * local[525]


def test_nothing_stays_nothing() -> None:
    assert not local_units(np.zeros(100)).any()
    assert not accents(curves(silence(1.0, ANALYSIS_RATE)[0])).any()


def test_accents_are_on_the_clicks_and_only_there() -> None:
    times = np.arange(0.5, 9.5, 0.5)
    found = curves(clicks(times, 10.0, ANALYSIS_RATE)[0])
    curve = accents(found)
    frames = np.round(times * ANALYSIS_RATE / 220).astype(int)
    for frame in frames:
        assert curve[frame - 2 : frame + 3].max() > 3.0
    assert np.median(curve) < 0.1


def test_strengths_reach_twenty_milliseconds() -> None:
    found = curves(clicks(np.array([1.0]), 2.0, ANALYSIS_RATE)[0])
    full = strengths(found).full
    top = int(found.full.argmax())
    assert full[top - 2 : top + 3] == pytest.approx(full[top])
    assert full[top + 12] < full[top] <= STRONGEST


def test_sums_are_of_what_lies_before(monkeypatch: pytest.MonkeyPatch) -> None:
    rows = np.array([[1.0, 2.0], [3.0, 4.0], [5.0, 6.0]], dtype=np.float32)
    wanted = [[0.0, 0.0], [1.0, 2.0], [1.0, 2.0], [9.0, 12.0]]
    for block in (1, 2, 3, 4):
        monkeypatch.setattr(module, "BLOCK", block)
        assert sums_before(rows, np.array([0, 1, 1, 3])).tolist() == wanted
    assert sums_before(rows, np.empty(0, dtype=np.intp)).shape == (0, 2)


def test_a_curve_is_read_at_the_nearest_frame_within_it() -> None:
    assert at(np.array([1.0, 2.0, 3.0]), np.array([-5.0, 0.4, 0.6, 9.0])).tolist() == [1.0, 1.0, 2.0, 3.0]
