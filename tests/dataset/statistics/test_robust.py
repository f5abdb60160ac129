import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from small_dataset_audio.dataset.statistics.robust import modified_z, outliers


def _named(*values: float) -> "pd.Series[float]":
    return pd.Series(values, index=[f"t{i}" for i in range(len(values))], dtype=np.float64)


def test_the_score_counts_robust_deviations_from_the_median() -> None:
    scores = modified_z(_named(1, 2, 3, 4, 100))
    assert scores["t2"] == 0
    assert scores["t4"] == pytest.approx(97 / 1.4826)
    assert scores["t0"] == pytest.approx(-2 / 1.4826)


def test_where_most_are_the_same_the_mean_deviation_counts() -> None:
    values = _named(*[0.0] * 19, 1.0)
    assert modified_z(values)["t19"] == pytest.approx(20 / 1.2533)
    assert outliers(values).index.tolist() == ["t19"]


def test_where_all_are_the_same_nothing_stands_apart() -> None:
    assert modified_z(_named(*[7.0] * 20)).empty
    assert outliers(_named(*[7.0] * 20)).empty


def test_the_farthest_comes_first_and_the_absent_is_left_out() -> None:
    values = _named(*np.linspace(0, 1, 20), 30.0, -50.0, np.nan)
    assert outliers(values).index.tolist() == ["t21", "t20"]


def test_a_few_wild_values_do_not_hide_each_other() -> None:
    values = _named(*np.linspace(0, 1, 20), *[1e6] * 5)
    assert outliers(values).index.tolist() == [f"t{i}" for i in range(20, 25)]


def test_of_a_handful_none_is_told_to_stand_apart() -> None:
    assert outliers(_named(1, 2, 3, 4, 100)).empty


@given(
    st.lists(st.floats(-1e6, 1e6), min_size=10, max_size=60, unique=True),
    st.floats(0.1, 1000),
    st.floats(-1000, 1000),
)
def test_neither_scale_nor_shift_changes_a_score(values: list[float], scale: float, shift: float) -> None:
    rounded = _named(*np.round(values, 3))
    before, after = modified_z(rounded), modified_z(rounded * scale + shift)
    if before.abs().max() < 1e6 and before.index.equals(after.index):
        assert np.allclose(before, after, rtol=1e-3, atol=1e-3)
    assert np.isfinite(before).all()
