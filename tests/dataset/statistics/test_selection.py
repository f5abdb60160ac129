import numpy as np
import pytest

from small_dataset_audio.dataset.declared import Declared
from small_dataset_audio.dataset.statistics.relations import relate
from small_dataset_audio.dataset.statistics.selection import UNTOLD, Selection, select
from small_dataset_audio.dataset.statistics.suitable import spread_of
from support.statistics_library import Number, declaring, summaries, table_of

Columns = dict[str, list[float | None]]


def _selected(
    columns: Columns, declared: dict[str, Declared] | None = None, wanted: int | None = None, *, crops: bool = False
) -> Selection:
    table = table_of(columns, declared, crops=crops)
    numbers = summaries(table, declared)
    return select(table, numbers, relate(table, numbers), wanted=wanted)


def _random(tracks: int, seed: int = 1) -> list[float | None]:
    return [*np.random.default_rng(seed).random(tracks)]


def _refusals(found: Selection) -> dict[str, str]:
    return {one.name: one.obstacle for one in found.refused}


def test_of_two_that_say_the_same_one_is_chosen_and_stands_for_the_other() -> None:
    a = _random(60)
    found = _selected({"a": a, "twin": [(x or 0) ** 2 for x in a], "b": _random(60, 2)})
    names = [one.name for one in found.chosen]
    assert len(names) == 2
    assert "b" in names
    [kept] = [one for one in found.chosen if one.name != "b"]
    [other] = {"a", "twin"} - {kept.name}
    assert kept.stands_for == {other: pytest.approx(1)}
    assert f"It stands for {other} (+1.00) as well." in kept.why
    assert _refusals(found) == {other: "redundant"}
    assert found.told == pytest.approx(1, abs=0.1)


def test_what_several_tell_together_is_redundant_too() -> None:
    a, b, c = (np.random.default_rng(seed).random(300) for seed in (1, 2, 3))
    found = _selected({"a": [*a], "b": [*b], "c": [*c], "sum": [*(a + b + c) / 3]}, wanted=3)
    assert len(found.chosen) == 3
    [refusal] = found.refused
    assert refusal.obstacle == "redundant"
    assert "together" in refusal.why


@pytest.mark.parametrize(
    ("number", "values", "obstacle"),
    [
        (Number("x"), [None] * 40, "absent"),
        (Number("x"), [*_random(30), *[None] * 10], "incomplete"),
        (Number("x", "pitch class", high=11, kind="int"), [float(i % 12) for i in range(40)], "circular"),
        (Number("x", high=100, kind="int"), [float(i) for i in range(40)], "count"),
        (Number("x"), [0.4] * 40, "constant"),
        (Number("x", high=1000), _random(40), "narrow"),
        (Number("x", high=0.5), _random(40), "outside"),
        (Number("x", kind="flag"), [1.0] * 39 + [0.0], "constant"),
    ],
)
def test_what_cannot_condition_is_refused(number: Number, values: list[float | None], obstacle: str) -> None:
    found = _selected({"x": values, "good": _random(40, 9)}, declaring(number, Number("good")))
    assert [one.name for one in found.chosen] == ["good"]
    assert _refusals(found) == {"x": obstacle}


def test_parts_of_a_vector_and_undeclared_numbers_are_refused() -> None:
    columns: Columns = {f"chroma_{i}": _random(30, i) for i in range(3)}
    found = _selected(columns | {"year": _random(30, 9)}, declaring(*(Number(name) for name in columns)))
    assert _refusals(found) == {"year": "undeclared", **dict.fromkeys(columns, "part")}
    assert not found.chosen
    assert found.notes == ("No number is suitable; the reasons stand beside each.",)


def test_a_flag_that_is_often_both_can_be_chosen() -> None:
    flag: list[float | None] = [float(i % 2) for i in range(40)]
    found = _selected({"flag": flag, "a": _random(40)}, declaring(Number("flag", kind="flag"), Number("a")))
    assert {one.name for one in found.chosen} == {"flag", "a"}
    assert any("1 on 20." in one.why for one in found.chosen)


def test_no_more_are_recommended_than_wanted_or_than_the_tracks_can_tell() -> None:
    columns: Columns = {f"n{i}x": _random(60, i) for i in range(12)}
    assert len(_selected(columns).chosen) == 8
    assert len(_selected(columns, wanted=2).chosen) == 2
    few = _selected({name: values[:12] for name, values in columns.items()})
    assert 1 <= len(few.chosen) <= 4
    assert any("12 tracks are enough for 4 numbers" in note for note in few.notes)
    assert {"further", "redundant"} >= set(_refusals(few).values())


def test_a_tiny_library_is_told_what_is_suitable_by_itself() -> None:
    found = _selected({"a": _random(6), "b": [0.5] * 6})
    assert not found.chosen
    assert found.told is None
    assert _refusals(found) == {"a": UNTOLD, "b": "constant"}
    assert "at least 10" in found.notes[0]


def test_crops_are_said_to_resemble_each_other() -> None:
    found = _selected({"a": _random(30)}, crops=True)
    assert found.notes == ("Crops of one track resemble each other: they tell less than as many tracks would.",)


def test_a_missing_value_here_and_there_is_no_obstacle() -> None:
    values = _random(40)
    values[7] = None
    found = _selected({"a": values, "b": _random(40, 3)})
    [choice] = [one for one in found.chosen if one.name == "a"]
    assert choice.coverage == 39 / 40
    assert choice.why.startswith("39 of 40 tracks have it")
    assert choice.nearest is not None
    assert choice.as_dict()["nearest"]["name"] == "b"


def test_what_has_no_range_or_no_order_has_no_spread() -> None:
    known = declaring(Number("angle", "°", high=360))
    numbers = summaries(table_of({"angle": [10.0, 200.0], "year": [1990.0, 2000.0]}, known), known)
    assert spread_of(numbers["angle"]) == 0
    assert spread_of(numbers["year"]) == 0
