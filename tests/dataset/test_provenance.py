"""Who made which value."""

from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from small_dataset_audio.dataset.provenance import Misshapen, StageRecord, Taken, checked, settle, stage_record

ANALYZE = StageRecord("analyze", 2, "abc", "def", 1.5, absent={"bpm": "There are no beats."})
CLASSIFY = StageRecord("classify", 1, "abc", "def", 0.5, model_sha256="123")


def test_a_stage_reads_its_own_record() -> None:
    part: dict[str, Any] = {}
    settle(part, ["lufs"], ANALYZE)
    settle(part, ["mood"], CLASSIFY)
    assert part["stages"]["analyze"]["made"] == ["lufs"]
    assert "model_sha256" not in part["stages"]["analyze"]
    assert "absent" not in part["stages"]["classify"]
    assert stage_record(part, "analyze") == ANALYZE
    assert stage_record(part, "classify") == CLASSIFY


@pytest.mark.parametrize(
    "part",
    [{}, {"stages": {}}, {"stages": {"analyze": {}}}, {"stages": {"analyze": ANALYZE.as_json([]) | {"version": "x"}}}],
)
def test_without_a_whole_record_a_stage_has_not_run(part: dict[str, Any]) -> None:
    assert stage_record(part, "analyze") is None


def test_stale_values_are_those_it_does_not_make_any_more() -> None:
    part: dict[str, Any] = {}
    assert settle(part, ["bpm", "lufs"], ANALYZE) == []
    assert settle(part, ["lufs", "lra"], ANALYZE) == ["bpm"]
    assert part["stages"]["analyze"]["made"] == ["lufs", "lra"]


def test_a_stage_does_not_take_what_another_one_made() -> None:
    part: dict[str, Any] = {}
    settle(part, ["bpm"], ANALYZE)
    with pytest.raises(Taken) as caught:
        settle(part, ["mood", "bpm"], CLASSIFY)
    assert caught.value.args == ("bpm", "analyze")


def test_what_the_user_sets_is_no_stages_any_more() -> None:
    part: dict[str, Any] = {}
    settle(part, ["bpm", "lufs"], ANALYZE)
    assert settle(part, ["bpm"], None) == []
    assert part["stages"]["analyze"]["made"] == ["lufs"]
    assert settle(part, [], ANALYZE) == ["lufs"]


@pytest.mark.parametrize(
    ("part", "says"),
    [
        ([], "not a mapping"),
        (None, "not a mapping"),
        ({}, "format has no number"),
        ({"format": "1"}, "format has no number"),
        ({"format": True}, "format has no number"),
        ({"format": 0}, "format has no number"),
        ({"format": 2}, "newer sda"),
        ({"format": 1, "source": 3}, "its source is not a mapping"),
        ({"format": 1, "audio": None}, "its audio is not a mapping"),
        ({"format": 1, "stages": []}, "its stages is not a mapping"),
        ({"format": 1, "stages": {"analyze": 1}}, "stage analyze"),
        ({"format": 1, "stages": {"analyze": {"made": "bpm"}}}, "stage analyze"),
        ({"format": 1, "stages": {"analyze": {"made": ["bpm", 1]}}}, "stage analyze"),
    ],
)
def test_a_misshapen_part_is_not_relied_on(part: object, says: str) -> None:
    with pytest.raises(Misshapen, match=says):
        checked(part)


def test_parts_that_are_not_known_are_kept() -> None:
    part = {"format": 1, "later": {"x": 1}, "stages": {"analyze": {"extra": 1}}}
    assert checked(part) is part


@settings(deadline=None, max_examples=60)
@given(st.lists(st.tuples(st.sampled_from("ab"), st.sets(st.sampled_from(["1", "2", "3", "4"]))), max_size=8))
def test_every_value_has_one_maker_and_none_is_forgotten(runs: list[tuple[str, set[str]]]) -> None:
    part: dict[str, Any] = {}
    there: set[str] = set()
    for stage, names in runs:
        try:
            stale = settle(part, sorted(names), StageRecord(stage, 1, "", "", 0.0))
        except Taken:
            continue
        there = (there - set(stale)) | names
        makers = [name for record in part["stages"].values() for name in record["made"]]
        assert sorted(makers) == sorted(there)
