import json

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from small_dataset_audio.dataset.statistics.numbers import NumberSummary, family_of, kind_of, summarise_number
from support.statistics_library import Number


def _summary(values: list[float | None], declared: Number | None = None, top: int = 2) -> NumberSummary:
    named = pd.Series(
        [np.nan if value is None else value for value in values],
        index=[f"t{i}" for i in range(len(values))],
        name="x",
        dtype=np.float64,
    )
    absent = {f"t{i}": "it is silent" for i, value in enumerate(values) if value is None}
    return summarise_number(named, declared, absent, top=top)


def test_a_number_with_known_answers() -> None:
    found = _summary([1.0, 2.0, 3.0, 4.0, 5.0, None], Number("x", high=4.0))
    assert (found.count, found.reasons) == (5, {"it is silent": 1})
    assert found.facts == pytest.approx({"min": 1, "max": 5, "mean": 3, "median": 3, "mad": 1, "std": np.sqrt(2.5)})
    assert found.quantiles == pytest.approx({0.05: 1.2, 0.25: 2, 0.5: 3, 0.75: 4, 0.95: 4.8})
    assert (found.below, found.above, found.outside) == (0, 1, 0.2)
    assert [(one.track, one.value) for one in found.highest] == [("t4", 5), ("t3", 4)]
    assert [(one.track, one.value) for one in found.lowest] == [("t0", 1), ("t1", 2)]


def test_the_histogram_holds_every_value() -> None:
    found = _summary(list(np.random.default_rng(1).normal(size=500)))
    assert found.histogram is not None
    assert sum(found.histogram.counts) == 500
    assert len(found.histogram.edges) == len(found.histogram.counts) + 1
    assert found.histogram.edges[0] == found.facts["min"]
    assert found.histogram.edges[-1] == found.facts["max"]


def test_far_values_are_named_with_their_score() -> None:
    found = _summary([*np.linspace(0, 1, 20), 9.0])
    [far] = found.outliers
    assert (far.track, far.value) == ("t20", 9.0)
    assert far.as_dict()["score"] > 10


def test_a_number_that_no_track_has() -> None:
    found = _summary([None, None], Number("x"))
    assert found.as_dict() == {
        "name": "x", "kind": "float", "unit": "1", "low": 0.0, "high": 1.0, "group": "timbre", "stage": "analyze",
        "count": 0, "absent": {"it is silent": 2}, "outliers": [], "highest": [], "lowest": [],
    }  # fmt: skip
    assert found.outside == 0


def test_of_one_value_there_is_no_deviation() -> None:
    found = _summary([3.5])
    assert found.facts == {"min": 3.5, "max": 3.5, "mean": 3.5, "median": 3.5}
    assert found.histogram is not None
    assert found.histogram.as_dict() == {"edges": [3.5, 3.5], "counts": [1]}


def test_flags_are_counted() -> None:
    found = _summary([1, 0, 1, 1, None], Number("x", unit="0/1", kind="flag"))
    assert found.facts == {"ones": 3}
    assert found.histogram is not None
    assert found.histogram.as_dict() == {"edges": [-0.5, 0.5, 1.5], "counts": [1, 3]}
    assert not found.quantiles
    assert not found.highest


def test_small_whole_numbers_get_a_bin_each() -> None:
    found = _summary([3, 3, 5, 7], Number("x", high=100, kind="int"))
    assert found.histogram is not None
    assert found.histogram.edges == (2.5, 3.5, 4.5, 5.5, 6.5, 7.5)
    assert found.histogram.counts == (2, 0, 1, 0, 1)
    wide = _summary([0, 10, 500], Number("x", high=1000, kind="int")).histogram
    assert wide is not None
    assert wide.edges[-1] == 500


def test_pitch_classes_are_not_averaged_on_a_line() -> None:
    tonic = Number("x", unit="pitch class", high=11, kind="int")
    found = _summary([11, 1, 11, 1], tonic)
    assert found.kind == "circular"
    assert found.facts["mean"] == pytest.approx(0, abs=1e-9) or found.facts["mean"] == pytest.approx(12)
    assert found.facts["concentration"] == pytest.approx(np.cos(np.pi / 6))
    assert "min" not in found.facts
    assert not found.quantiles
    assert found.histogram is not None
    assert found.histogram.counts == (0, 2, 0, 0, 0, 0, 0, 0, 0, 0, 0, 2)


def test_pitch_classes_all_round_the_circle_have_no_mean() -> None:
    found = _summary([0, 3, 6, 9], Number("x", unit="pitch class", high=11, kind="int"))
    assert found.facts == {"concentration": pytest.approx(0, abs=1e-9)}


def test_an_angle_is_circular_too() -> None:
    found = _summary([350.0, 10.0], Number("x", unit="°", high=360))
    assert found.facts["mean"] % 360 == pytest.approx(0, abs=1e-6) or found.facts["mean"] == pytest.approx(360)
    assert found.histogram is not None
    assert len(found.histogram.counts) == 12
    assert sum(found.histogram.counts) == 2


def test_what_nobody_declared_is_whole_if_all_of_it_is() -> None:
    assert kind_of(pd.Series([1998.0, 2004.0]), None) == "int"
    assert kind_of(pd.Series([1998.5, 2004.0]), None) == "float"
    assert kind_of(pd.Series([np.nan]), None) == "float"
    assert "outside" not in _summary([1998, 2004]).as_dict()


def test_parts_of_vectors_are_known_by_their_index() -> None:
    assert family_of("chroma_11") == "chroma"
    assert family_of("lufs") is None
    assert family_of("lufs_bass") is None


@given(
    st.lists(st.none() | st.floats(-1e9, 1e9), max_size=40),
    st.sampled_from(
        [
            None,
            Number("x"),
            Number("x", kind="int", high=10),
            Number("x", kind="flag"),
            Number("x", unit="pitch class", high=11, kind="int"),
            Number("x", unit="rad", high=6.28),
        ]
    ),
)
def test_whatever_the_values_the_document_is_json(values: list[float | None], declared: Number | None) -> None:
    if declared is not None and (declared.kind != "float" or declared.unit == "rad"):
        values = [None if value is None else float(round(value) % 1000) for value in values]
    found = _summary(values, declared)
    json.dumps(found.as_dict(), allow_nan=False)
    assert found.count + sum(found.reasons.values()) == len(values)
    if found.histogram:
        assert sum(found.histogram.counts) == found.count
