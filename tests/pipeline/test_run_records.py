from pathlib import Path

import pytest

from small_dataset_audio.config.model import Settings
from small_dataset_audio.pipeline.run_records import read_records, settings_behind
from support.history_logs import write_log

LIBRARY = Path("/music/library")


def test_steps_are_known_by_track_and_stage(tmp_path: Path) -> None:
    reports = tmp_path / "reports"
    newer = write_log(
        reports, 2, LIBRARY, [{"track": "Song", "stage": "analyze"}, {"track": "Other", "stage": "analyze"}]
    )
    older = write_log(reports, 1, LIBRARY, [{"track": "Song", "stage": "analyze", "seconds": "long"}])
    found = read_records([reports, tmp_path / "nowhere"], ["Song"])
    assert (found.logs, found.notes) == (2, [])
    first, second = found.of("Song", "analyze")
    assert (first.log, second.log) == (older, newer)
    assert (second.version, second.settings_hash, second.seconds) == (2, "5e77", 1.51)
    assert first.seconds is None
    assert second.library == LIBRARY
    assert second.sda == "0.1.0"
    assert not found.of("Other", "analyze")


def test_failures_are_told_in_their_words(tmp_path: Path) -> None:
    told = {"track": "Song", "stage": "analyze", "ok": False}
    write_log(tmp_path, 1, LIBRARY, [told | {"failure": {"what": "It is silent."}}, told])
    assert [step.failure for step in read_records([tmp_path], ["Song"]).of("Song", "analyze")] == [
        "It is silent.",
        "It failed.",
    ]


def test_old_logs_that_say_less_are_understood(tmp_path: Path) -> None:
    write_log(tmp_path, 1, LIBRARY, [{"track": "Song", "stage": "analyze"}], likeness=None, stages=None, library=None)
    [step] = read_records([tmp_path], ["Song"]).of("Song", "analyze")
    assert (step.version, step.settings_hash, step.library) == (None, None, None)


def test_a_damaged_log_counts_as_far_as_it_goes(tmp_path: Path) -> None:
    log = write_log(tmp_path, 1, LIBRARY, [{"track": "Song", "stage": "analyze"}, {"track": "Song", "stage": "crop"}])
    start, first, _, end = log.read_text().splitlines()
    log.write_text(f"{start}\n{first}\nrubbish\n{end}\n")
    found = read_records([tmp_path], ["Song"])
    assert set(found.steps) == {("Song", "analyze")}
    [note] = found.notes
    assert "damaged in line 3" in note


def test_a_folder_that_cannot_be_read_is_a_note(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def broken(*_: object) -> list[Path]:
        raise OSError(5, "Input/output error")

    monkeypatch.setattr(Path, "glob", broken)
    assert read_records([tmp_path], ["Song"]).notes == [
        f"The run logs in {tmp_path} cannot be read: Input/output error."
    ]


def test_the_settings_behind_a_hash_are_those_of_the_newest_run_that_has_it(tmp_path: Path) -> None:
    settings = Settings().model_dump(mode="json")
    other = settings | {"features": settings["features"] | {"key_profile": "electronic"}}
    write_log(tmp_path, 1, LIBRARY, [], settings=settings, likeness={"analyze": "2 old A", "gone": "1 g A"})
    write_log(tmp_path, 2, LIBRARY, [], settings=other, likeness={"analyze": "2 new A"})
    write_log(tmp_path, 3, LIBRARY, [], settings={"unknown": 1}, likeness={"analyze": "2 alien A"})
    write_log(tmp_path, 4, LIBRARY, []).write_text("rubbish\n\n")
    wanted = [("analyze", name) for name in ("old", "new", "alien", "never")]
    found = settings_behind([tmp_path], [*wanted, ("gone", "g")])
    assert set(found) == {("analyze", "old"), ("analyze", "new")}
    assert found["analyze", "old"] != found["analyze", "new"]
    assert "electronic" in str(found["analyze", "new"])
