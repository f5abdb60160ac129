"""What the run logs know."""

import json
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from small_dataset_audio.config.model import Settings
from small_dataset_audio.pipeline.forecast.history import (
    ENOUGH,
    LEAST_SPREAD,
    NEWEST,
    Done,
    History,
    Pace,
    likeness,
    read_history,
)
from small_dataset_audio.pipeline.stages import ANALYZE

WANTED = {"analyze": "2 abc cpu", "organize": "1 def cpu"}


def start(own: object = "2 abc cpu", **changed: Any) -> dict[str, Any]:  # noqa: ANN401 - parts of an event
    return {"event": "start", "likeness": {"analyze": own, "organize": "1 def cpu"}, **changed}


def step(track: str, took: object, audio: object = 10.0, **changed: Any) -> dict[str, Any]:  # noqa: ANN401 - as above
    return {
        "event": "step", "track": track, "stage": "analyze", "ok": True, "seconds": took, "audio_seconds": audio,
        "peak_bytes": 100, **changed,
    }  # fmt: skip


def write(reports: Path, *events: object, name: str = "run-20260101-000000-aaaa.jsonl") -> None:
    reports.mkdir(exist_ok=True)
    (reports / name).write_text("".join(json.dumps(event) + "\n" for event in events))


def pace_in(reports: Path) -> Pace:
    pace = read_history(reports, WANTED).pace("analyze")
    assert pace is not None
    return pace


def test_the_pace_is_work_per_second_of_audio(tmp_path: Path) -> None:
    write(tmp_path, start(), step("a", 1.0), step("b", 3.0, peak_bytes=300), step("c", 2.0))
    pace = pace_in(tmp_path)
    assert pace.seconds == pytest.approx(0.2)
    assert pace.low == pytest.approx(0.12)
    assert pace.high == pytest.approx(0.28)
    assert (pace.tracks, pace.peak_bytes) == (3, 300)


def test_a_single_track_is_a_pace_with_some_spread(tmp_path: Path) -> None:
    write(tmp_path, start(), step("a", 1.0))
    pace = pace_in(tmp_path)
    assert pace.seconds == pytest.approx(0.1)
    assert pace.low == pytest.approx(0.1 / LEAST_SPREAD)
    assert pace.high == pytest.approx(0.1 * LEAST_SPREAD)


def test_what_it_took_to_be_ready_is_not_work(tmp_path: Path) -> None:
    write(tmp_path, start(), step("a", 3.0, opening=2.0), step("b", 1.0, opening=0.0), step("c", 1.0, opening=9.0))
    pace = pace_in(tmp_path)
    assert pace.seconds == pytest.approx(2.0 / 30.0)
    assert pace.opening == 2.0


def test_long_tracks_count_for_more(tmp_path: Path) -> None:
    write(tmp_path, start(), step("short", 1.0, 1.0), step("long", 100.0, 1000.0))
    assert pace_in(tmp_path).seconds == pytest.approx(101 / 1001)


@pytest.mark.parametrize(
    "event",
    [
        step("a", 1.0, ok=False),
        step("a", 1.0, stage="separate"),
        step("a", None),
        step("a", "long"),
        step("a", -1),
        step("a", 1.0, audio=None),
        step("a", 1.0, audio=0),
        {"event": "note"},
        {},
    ],
)
def test_what_failed_or_is_not_known_does_not_count(tmp_path: Path, event: dict[str, Any]) -> None:
    write(tmp_path, start(), event)
    assert read_history(tmp_path, WANTED).pace("analyze") is None


@pytest.mark.parametrize(
    "first", [start("1 abc cpu"), start("2 abc cuda:0"), start(likeness=None), start(likeness={}), step("a", 1.0)]
)
def test_steps_of_another_version_device_or_settings_say_nothing(tmp_path: Path, first: dict[str, Any]) -> None:
    write(tmp_path, first, step("a", 1.0))
    assert read_history(tmp_path, WANTED).steps == {}


def test_peaks_that_were_not_written_are_none(tmp_path: Path) -> None:
    write(tmp_path, start(), step("a", 1.0, peak_bytes=None))
    assert pace_in(tmp_path).peak_bytes == 0


@pytest.mark.parametrize("damage", [b"not json\n{}\n", b"5\n{}\n", b"\xff\xfe\n{}\n"])
def test_a_damaged_log_is_a_note_and_the_others_count(tmp_path: Path, damage: bytes) -> None:
    write(tmp_path, start(), step("a", 1.0))
    (tmp_path / "run-20260102-000000-bbbb.jsonl").write_bytes(b'{"event": "start"}\n' + damage)
    found = read_history(tmp_path, WANTED)
    assert found.pace("analyze") is not None
    [note] = found.notes
    assert "run-20260102-000000-bbbb.jsonl is damaged in line 2." in note
    assert note.endswith("It is not used.")


def test_only_the_newest_logs_are_read(tmp_path: Path) -> None:
    for number in range(NEWEST + 5):
        write(tmp_path, start(), step("a", float(number)), name=f"run-2026{number:04}-000000-aaaa.jsonl")
    found = read_history(tmp_path, WANTED).steps["analyze"]
    assert [one.seconds for one in found] == [float(number) for number in range(NEWEST + 4, 4, -1)]


def test_reading_ends_when_enough_is_known(tmp_path: Path) -> None:
    for number in range(3):
        steps = [step(f"track {index}", 1.0) for index in range(ENOUGH)]
        write(tmp_path, start(), *steps, name=f"run-2026010{number}-000000-aaaa.jsonl")
    found = read_history(tmp_path, {"analyze": WANTED["analyze"]})
    assert len(found.steps["analyze"]) == ENOUGH


def test_no_reports_is_no_history(tmp_path: Path) -> None:
    assert read_history(tmp_path / "nowhere", WANTED).steps == {}


def test_work_that_took_no_time_is_a_pace_too() -> None:
    assert History({"organize": [Done(0.0, 2.0)]}).pace("organize") == Pace(0.0, 0.0, 0.0, 1, 0)


def test_versions_settings_and_places_are_told_apart() -> None:
    usual = Settings()
    other = Settings.model_validate({"features": {"key_profile": "electronic"}})
    found = {
        likeness(ANALYZE, usual, "a processor"),
        likeness(ANALYZE, other, "a processor"),
        likeness(ANALYZE, usual, "cuda:0"),
        likeness(replace(ANALYZE, version=ANALYZE.version + 1), usual, "a processor"),
    }
    assert len(found) == 4
    assert likeness(ANALYZE, Settings(), "a processor") in found
