import numpy as np
from numpy.typing import ArrayLike

from small_dataset_audio.dataset.report.drawing.draw import STEPS
from small_dataset_audio.dataset.report.over_time import Curve, chroma_of, curves_of
from small_dataset_audio.dataset.series import Series


def series(**values: ArrayLike) -> Series:
    return Series(4.0, {name: np.asarray(value, dtype=np.float32) for name, value in values.items()})


def test_a_series_is_a_curve_in_words_with_its_unit() -> None:
    assert curves_of(series(onset_strength=[0.123456, 2.0], lufs=[-14.0, -9.5])) == [
        Curve("onset strength", "1: the track's mean", (0.1235, 2.0)),
        Curve("lufs", "LUFS", (-14.0, -9.5)),
    ]


def test_what_the_picture_shows_one_by_one_and_what_is_empty_is_no_curve() -> None:
    assert curves_of(series(beats=[1], downbeats=[1], onsets=[1])) == []
    assert curves_of(series(lufs=[], chroma=np.ones((3, 12)))) == []


def test_powers_are_levels_and_silence_has_none() -> None:
    power = [[1.0, 0.1, 0.01, 0.0], [1e-9, 0.5, 9e-9, 1e-7]]
    made = curves_of(series(band_power=power))
    assert [curve.name for curve in made] == ["level, bass", "level, body", "level, mid", "level, air"]
    assert {curve.unit for curve in made} == {"dBFS"}
    assert [curve.values for curve in made] == [(0.0, None), (-10.0, -3.01), (-20.0, None), (None, -70.0)]


def test_powers_of_other_bands_are_not_called_by_the_names_of_these() -> None:
    assert curves_of(series(band_power=np.ones((2, 5)))) == []


def test_a_long_series_is_drawn_in_fewer_points_each_a_mean() -> None:
    (curve,) = curves_of(series(lufs=np.arange(4000, dtype=np.float32)))
    assert len(curve.values) == 400
    assert curve.values[0] == 4.5


def test_what_is_no_number_leaves_a_hole() -> None:
    (curve,) = curves_of(series(lufs=[1.0, np.nan, np.inf]))
    assert curve.values == (1.0, None, None)


def test_pitch_classes_are_letters_from_nothing_to_all() -> None:
    chroma = np.zeros((3, 12))
    chroma[:, 0] = (0.0, 0.5, 1.0)
    chroma[:, 11] = (2.0, -1.0, np.nan)
    made = chroma_of(series(chroma=chroma))
    assert len(made) == 12
    assert made[0] == STEPS[0] + STEPS[32] + STEPS[63]
    assert made[11] == STEPS[63] + STEPS[0] + STEPS[0]


def test_where_no_pitch_was_measured_there_are_no_letters() -> None:
    assert chroma_of(series()) == []
    assert chroma_of(series(chroma=np.ones(12))) == []
    assert chroma_of(series(chroma=np.ones((0, 12)))) == []
