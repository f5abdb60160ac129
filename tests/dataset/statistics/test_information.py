import numpy as np
import pandas as pd
import pytest
from sklearn.metrics import mutual_info_score

from small_dataset_audio.dataset.statistics.information import LEAST_FOR_INFORMATION, information
from small_dataset_audio.dataset.statistics.numbers import Kind

FLOATS: dict[str, Kind] = {"a": "float", "b": "float", "c": "float"}


def _numbers(tracks: int = 2000) -> pd.DataFrame:
    rng = np.random.default_rng(5)
    a = rng.normal(size=tracks)
    return pd.DataFrame({"a": a, "b": rng.normal(size=tracks), "c": a**2})


def test_what_is_unrelated_tells_nothing_and_an_arch_tells_much() -> None:
    numbers = _numbers()
    found = information(numbers, FLOATS)
    assert found is not None
    assert found["b"]["a"] < 0.12
    assert found["c"]["a"] > 0.75
    assert abs(numbers["a"].corr(numbers["c"], method="spearman")) < 0.1
    assert np.allclose(found, found.T)


def test_classes_agree_with_scikit_learn() -> None:
    rng = np.random.default_rng(7)
    key = rng.integers(0, 12, 400).astype(float)
    scale = np.where(rng.random(400) < 0.7, key % 2, rng.integers(0, 2, 400)).astype(float)
    found = information(pd.DataFrame({"key": key, "scale": scale}), {"key": "circular", "scale": "flag"})
    assert found is not None
    expected = mutual_info_score(key, scale) - (12 - 1) * (2 - 1) / (2 * 400)
    assert found["scale"]["key"] == pytest.approx(np.sqrt(1 - np.exp(-2 * expected)))


def test_tracks_without_one_of_the_two_do_not_count() -> None:
    numbers = _numbers(400)
    whole = information(numbers.iloc[:300], FLOATS)
    numbers.loc[300:, "c"] = np.nan
    found = information(numbers, FLOATS)
    assert whole is not None
    assert found is not None
    assert found["c"]["a"] == pytest.approx(whole["c"]["a"], abs=0.05)


def test_of_too_few_tracks_nothing_is_told() -> None:
    assert information(_numbers(LEAST_FOR_INFORMATION - 1), FLOATS) is None
    numbers = _numbers(40)
    numbers.loc[10:, "c"] = np.nan
    found = information(numbers, FLOATS)
    assert found is not None
    assert np.isnan(found["c"]["a"])
    assert np.isfinite(found["b"]["a"])
