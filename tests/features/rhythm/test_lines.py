"""Curves in blocks: to the bit what numpy and scipy make of the whole, wherever the curve lies."""

from pathlib import Path

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray
from scipy.ndimage import gaussian_filter1d, maximum_filter1d, uniform_filter1d

from small_dataset_audio.audio.spool import folder_of
from small_dataset_audio.features.rhythm import lines
from small_dataset_audio.features.rhythm.lines import (
    filtered,
    looked_up,
    mapped,
    percentile_above,
    running_means,
    stored,
    total,
)
from support.spooled import on_disk

LENGTHS = (1, 2, 17, 100, 1000, 5001)

Curve = NDArray[np.float64]


def curve_of(length: int, seed: int = 0) -> Curve:
    """Return numbers of very different sizes, as envelopes have."""
    return np.random.default_rng(seed).random(length) ** 6


@pytest.fixture(params=[32, 1000, 1 << 14])
def _blocks(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(lines, "BLOCK", request.param)
    monkeypatch.setattr(lines, "TOGETHER", 7)


@pytest.mark.usefixtures("_blocks")
@pytest.mark.parametrize("length", LENGTHS)
@pytest.mark.parametrize("width", [1, 5, 18, 601])
def test_running_means_are_those_of_the_whole(tmp_path: Path, length: int, width: int) -> None:
    curve = curve_of(length)
    for line in (curve, on_disk(curve, tmp_path)):
        np.testing.assert_array_equal(
            np.concatenate(list(running_means(line, width))), uniform_filter1d(curve, width, mode="nearest")
        )
        np.testing.assert_array_equal(
            np.concatenate(list(running_means(line, width, squared=True))),
            uniform_filter1d(curve * curve, width, mode="nearest"),
        )
        np.testing.assert_array_equal(
            np.concatenate(list(running_means(line, width, go_on=False))),
            uniform_filter1d(curve, width, mode="constant"),
        )


@pytest.mark.usefixtures("_blocks")
@pytest.mark.parametrize("length", LENGTHS)
def test_filters_are_those_of_the_whole(tmp_path: Path, length: int) -> None:
    curve = curve_of(length)
    for line in (curve, on_disk(curve, tmp_path)):
        smooth = filtered(lambda part: gaussian_filter1d(part, 1.0), line, 4)
        np.testing.assert_array_equal(np.concatenate(list(smooth)), gaussian_filter1d(curve, 1.0))
        highest = filtered(lambda part: maximum_filter1d(part, 7), line, 3)
        np.testing.assert_array_equal(np.concatenate(list(highest)), maximum_filter1d(curve, 7))


@pytest.mark.usefixtures("_blocks")
def test_what_is_made_of_a_curve_lies_where_the_curve_lies(tmp_path: Path) -> None:
    curve = curve_of(3000)
    laid_out = on_disk(curve, tmp_path)
    for line, folder in ((curve, None), (laid_out, tmp_path)):
        doubled = mapped(lambda block: 2.0 * block, line)
        assert folder_of(doubled) == folder
        np.testing.assert_array_equal(doubled, 2.0 * curve)
    assert stored(iter(()), 0, tmp_path).shape == (0,)
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("length", [0, 1, 7, 129, 16385, 70001, 300_000])
def test_a_total_is_that_of_numpy(tmp_path: Path, length: int) -> None:
    curve = curve_of(length)
    for line in (curve, on_disk(curve, tmp_path)):
        assert total(line) == curve.sum()
        assert total(line, squared=True) == (curve * curve).sum()


@pytest.mark.usefixtures("_blocks")
@pytest.mark.parametrize("shape", [(0,), (1,), (50,), (20, 7)])
def test_places_are_looked_up_whatever_their_order(tmp_path: Path, shape: tuple[int, ...]) -> None:
    curve = curve_of(2000)
    places = np.random.default_rng(1).integers(0, 2000, shape)
    for line in (curve, on_disk(curve, tmp_path)):
        np.testing.assert_array_equal(looked_up(line, places), curve[places])


@settings(max_examples=100, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    values=st.lists(st.one_of(st.floats(0.0, 1e300), st.sampled_from([0.0, 1.0, 2.0])), min_size=1, max_size=200),
    threshold=st.sampled_from([0.0, 0.5, 1.0, 1e301]),
    percent=st.floats(0.0, 100.0),
)
def test_a_percentile_is_that_of_numpy(
    monkeypatch: pytest.MonkeyPatch, values: list[float], threshold: float, percent: float
) -> None:
    monkeypatch.setattr(lines, "BLOCK", 16)
    curve = np.array(values)
    above = curve[curve > threshold]
    wanted = float(np.percentile(above, percent)) if above.size else None
    assert percentile_above(curve, threshold, percent) == wanted


def test_a_percentile_of_a_long_curve_sorts_few_of_its_values(monkeypatch: pytest.MonkeyPatch) -> None:
    curve = curve_of(200_000)
    wanted = float(np.percentile(curve, 95.0))
    sorted_values: list[int] = []
    sort = np.sort

    def counting(values: Curve) -> Curve:
        sorted_values.append(values.size)
        return sort(values)

    monkeypatch.setattr(np, "sort", counting)
    assert percentile_above(curve, 0.0, 95.0) == wanted
    assert sum(sorted_values) < 20_000
