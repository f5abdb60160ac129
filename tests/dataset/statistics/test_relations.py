import json

import numpy as np
import pytest
from scipy.stats import pearsonr, spearmanr

from small_dataset_audio.dataset.statistics.relations import Relations, relate
from support.statistics_library import Number, declaring, summaries, table_of


def _related(columns: dict[str, list[float | None]]) -> Relations:
    table = table_of(columns)
    return relate(table, summaries(table))


def _columns(tracks: int) -> dict[str, list[float | None]]:
    rng = np.random.default_rng(2)
    a, b = rng.random(tracks), rng.random(tracks)
    return {
        "a": [*a],
        "b": [*b],
        "almost_a": [*(a + 0.02 * rng.random(tracks))],
        "arch_of_b": [*(b - 0.5) ** 2],
        "same": [0.5] * tracks,
    }


def test_correlations_are_those_of_scipy() -> None:
    columns = _columns(50)
    columns["b"][3] = None
    found = _related(columns)
    kept = [i for i in range(50) if i != 3]
    a = [columns["a"][i] for i in kept]
    b = [columns["b"][i] for i in kept]
    assert found.spearman["b"]["a"] == pytest.approx(spearmanr(a, b).statistic)
    assert found.pearson["b"]["a"] == pytest.approx(pearsonr(a, b).statistic)
    assert "same" not in found.names


def test_the_closest_pair_comes_first_and_an_arch_is_found() -> None:
    found = _related(_columns(200))
    assert {found.pairs[0].a, found.pairs[0].b} == {"a", "almost_a"}
    [bent] = [pair for pair in found.pairs if pair.bent]
    assert {bent.a, bent.b} == {"b", "arch_of_b"}
    [cluster] = found.clusters
    assert cluster.names == ("a", "almost_a")
    assert not found.notes


def test_circular_numbers_have_no_correlation_but_information() -> None:
    rng = np.random.default_rng(4)
    key = rng.integers(0, 12, 300).astype(float)
    table = table_of(
        {"tonic": [*key], "x": [*(key + rng.normal(size=300) * 0.1)], "y": [*rng.random(300)]},
        known := declaring(Number("tonic", "pitch class", high=11, kind="int"), Number("x", high=12), Number("y")),
    )
    found = relate(table, summaries(table, known))
    assert "tonic" not in found.spearman.columns
    [pair] = [one for one in found.pairs if "tonic" in {one.a, one.b}]
    assert pair.spearman is None
    assert pair.information is not None
    assert set(pair.as_dict()) == {"a", "b", "tracks", "information"}


@pytest.mark.parametrize("tracks", [0, 1, 2])
def test_of_fewer_than_three_tracks_nothing_is_defined(tracks: int) -> None:
    found = _related(_columns(tracks))
    [note] = found.notes
    assert "not defined for fewer than three" in note
    assert found.as_dict() == {"numbers": [], "pairs": [], "clusters": [], "notes": [note]}


def test_with_few_tracks_it_is_said_what_chance_can_do() -> None:
    found = _related(_columns(6))
    assert found.chance == pytest.approx(
        0.9172, abs=1e-4
    )  # tables of critical values: 0.917 for 6 pairs, 1 %, two-sided
    assert not found.clusters
    assert any("can be chance" in note for note in found.notes)
    assert all(pair.strength >= found.chance for pair in found.pairs if found.chance)


def test_numbers_that_do_not_vary_are_not_compared() -> None:
    found = _related({"a": [1.0] * 30, "b": [None] * 30})
    assert found.names == ()
    assert found.pairs == ()
    assert any("Principal components" in note for note in found.notes)


@pytest.mark.parametrize("tracks", [0, 1, 2, 3, 4, 9, 10, 25])
def test_the_document_is_json_whatever_the_size(tracks: int) -> None:
    json.dumps(_related(_columns(tracks)).as_dict(), allow_nan=False)
