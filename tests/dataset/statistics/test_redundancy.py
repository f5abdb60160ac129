import numpy as np
import pandas as pd
import pytest

from small_dataset_audio.dataset.statistics.redundancy import clusters, complete, inflation, principal_components


def _independent(tracks: int = 200) -> pd.DataFrame:
    return pd.DataFrame(np.random.default_rng(3).normal(size=(tracks, 3)), columns=["a", "b", "c"])


def test_independent_numbers_are_not_inflated() -> None:
    found = inflation(_independent())
    assert found is not None
    assert not found.determined
    assert all(1.0 <= factor < 1.1 for factor in found.factors.values())


def test_inflation_is_that_of_the_regression_on_the_others() -> None:
    numbers = _independent()
    numbers["d"] = numbers["a"] + 0.5 * numbers["b"] + 0.3 * np.random.default_rng(9).normal(size=200)
    found = inflation(numbers)
    assert found is not None
    design = np.column_stack([np.ones(200), numbers[["a", "b", "c"]]])
    rest = numbers["d"] - design @ np.linalg.lstsq(design, numbers["d"].to_numpy(), rcond=None)[0]
    assert found.factors["d"] == pytest.approx(numbers["d"].var() / rest.var(), rel=1e-6)


def test_what_follows_exactly_is_named_and_not_infinite() -> None:
    numbers = _independent()
    numbers["d"] = numbers["a"] - numbers["b"]
    found = inflation(numbers)
    assert found is not None
    assert found.determined == ("a", "b", "d")
    assert list(found.factors) == ["c"]
    assert found.factors["c"] < 1.1


@pytest.mark.parametrize("tracks", [0, 1, 3, 4])
def test_inflation_takes_more_tracks_than_numbers(tracks: int) -> None:
    assert inflation(_independent(tracks)) is None


def test_inflation_takes_two_numbers() -> None:
    assert inflation(_independent()[["a"]]) is None


def test_components_of_a_plane_are_two() -> None:
    numbers = _independent()[["a", "b"]]
    numbers["c"] = numbers["a"] + numbers["b"]
    found = principal_components(numbers)
    assert found is not None
    assert found.needed == 2
    assert sum(one.explained for one in found.components) == pytest.approx(1)
    assert found.components[2].explained == pytest.approx(0, abs=1e-9)
    assert found.scores.shape == (200, 3)
    assert set(found.components[0].loadings) == {"a", "b", "c"}
    assert found.as_dict()["tracks"] == 200


def test_components_take_three_tracks_and_two_numbers() -> None:
    assert principal_components(_independent(2)) is None
    assert principal_components(_independent()[["a"]]) is None


def test_complete_leaves_out_what_few_have_and_then_tracks_that_lack_something() -> None:
    numbers = _independent(20)
    numbers.loc[:5, "c"] = np.nan
    numbers.loc[7, "a"] = np.nan
    numbers["same"] = 1.0
    found = complete(numbers)
    assert list(found.columns) == ["a", "b"]
    assert 7 not in found.index
    assert len(found) == 19


def test_any_two_of_a_cluster_are_alike() -> None:
    names = ["a", "b", "c", "d"]
    correlation = pd.DataFrame(
        [[1, 0.9, -0.85, 0.1], [0.9, 1, -0.82, np.nan], [-0.85, -0.82, 1, 0.2], [0.1, np.nan, 0.2, 1]], names, names
    )
    [found] = clusters(correlation, {"a": 10, "b": 10, "c": 12, "d": 10}, 0.8)
    assert found.as_dict() == {"names": ["a", "b", "c"], "keep": "c", "least_correlation": 0.82}
    [other] = clusters(correlation, dict.fromkeys(names, 10), 0.8)
    assert other.keep == "a"
    assert clusters(correlation, dict.fromkeys(names, 10), 0.95) == ()
    assert clusters(correlation.loc[["a"], ["a"]], {"a": 1}, 0.8) == ()
