"""Peaks that stand out, against the same rule walked one value at a time."""

from itertools import pairwise

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as arrays

from small_dataset_audio.features.timbral.contrast import Maxima, Values, contrasting, interpolated, local_maxima

SPECTRA = arrays.arrays(
    np.float32,
    st.tuples(st.integers(1, 5), st.integers(3, 30)),
    elements=st.integers(0, 8).map(lambda value: value / 8),
)


def walked(spectrum: list[float], contrast: float) -> list[int]:
    """Return the bins of one spectrum that stand out, by walking from one local maximum to the next."""
    bins = len(spectrum)
    tops = [
        i
        for i in range(bins)
        if spectrum[i] >= contrast
        and (i == 0 or spectrum[i] > spectrum[i - 1])
        and (i == bins - 1 or not spectrum[i + 1] > spectrum[i])
    ]
    found, before = [], -np.inf
    while tops:
        best, since = tops[0], np.inf
        for i, (last, top) in enumerate(pairwise(tops), 1):
            since = min(since, *(spectrum[last : top - 1] or [spectrum[last]]))
            if spectrum[best] - since >= contrast:
                rest = tops[i:]
                break
            if spectrum[top] > spectrum[best]:
                before, best, since = min(before, since), top, np.inf
        else:
            since, rest = -np.inf, []
        if spectrum[best] - before >= contrast and spectrum[best] - since >= contrast:
            found.append(best)
            before = since
        else:
            before = min(before, since)
        tops = rest
    return found


def stands_out(spectra: Values, contrast: float) -> Maxima:
    return contrasting(local_maxima(spectra, contrast), contrast)


@settings(deadline=None)
@given(SPECTRA, st.sampled_from([0.125, 0.25, 0.5]))
def test_many_spectra_at_once_are_walked_as_one_by_one(spectra: Values, contrast: float) -> None:
    peaks = stands_out(spectra, contrast)
    found = [peaks.bin[peaks.row == row].tolist() for row in range(spectra.shape[0])]
    assert found == [walked(row, contrast) for row in spectra.tolist()]


def test_a_ripple_on_a_slope_is_no_peak() -> None:
    spectrum = np.array([[0.0, 0.3, 0.28, 0.29, 0.9, 0.5, 0.52, 0.1, 0.2, 0.4, 0.0]], dtype=np.float32)
    assert stands_out(spectrum, 0.1).bin.tolist() == [4, 9]


def test_spectra_of_silence_have_no_peak_above_a_floor() -> None:
    peaks = stands_out(np.zeros((3, 9), dtype=np.float32), 0.1)
    assert peaks.row.size == peaks.bin.size == 0


def test_a_level_stretch_counts_at_its_beginning_and_an_end_can_be_a_peak() -> None:
    spectrum = np.array([[1.0, 0.0, 0.0, 0.7, 0.7, 0.0, 0.0, 0.0, 0.8]], dtype=np.float32)
    assert stands_out(spectrum, 0.1).bin.tolist() == [0, 3, 8]


def test_rows_go_on_counting_from_the_first_row() -> None:
    spectra = np.array([[0.0, 1.0, 0.0], [0.0, 0.5, 0.0]], dtype=np.float32)
    joined = Maxima.joined([local_maxima(spectra, 0.1), local_maxima(spectra, 0.1, 2)])
    assert joined.row.tolist() == [0, 1, 2, 3]
    assert joined.only(joined.row > 1).height.tolist() == [1.0, 0.5]


@pytest.mark.parametrize("place", [4.0, 4.3, 3.6])
def test_a_parabola_is_found_where_its_top_is(place: float) -> None:
    parabola = (2.0 - 0.1 * (np.arange(9) - place) ** 2).astype(np.float32)[np.newaxis]
    found, height = interpolated(local_maxima(parabola, 0.0), 8)
    assert found == pytest.approx([place], abs=1e-5)
    assert height == pytest.approx([2.0], abs=1e-5)


def test_a_peak_at_an_end_stays_where_it_is() -> None:
    falling = np.array([[3.0, 1.0, 0.5, 2.0]], dtype=np.float32)
    found, height = interpolated(local_maxima(falling, 0.0), 3)
    assert found.tolist() == [0.0, 3.0]
    assert height.tolist() == [3.0, 2.0]
