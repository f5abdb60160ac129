import json
from pathlib import Path

import pytest

from small_dataset_audio.dataset.layout import Track
from small_dataset_audio.errors import StoreError
from small_dataset_audio.pipeline.plan import Failure
from small_dataset_audio.pipeline.runlog import RunLog, read_events
from small_dataset_audio.pipeline.stage import Job
from small_dataset_audio.pipeline.worker import StepResult


def test_events_are_there_as_soon_as_they_are_written(tmp_path: Path) -> None:
    with RunLog(tmp_path / "reports") as log:
        log.write("start", {"jobs": 1, "name": "Ünïcode"})
        job = Job(Track(tmp_path / "one"), ("analyze",))
        failure = Failure("one", "analyze", "what", "why", "fix")
        log.step(StepResult(job, "analyze", 1.23456, 99, 7, failure, (("bpm", "no beats"),)))
        start, step = read_events(log.path)
    assert start["name"] == "Ünïcode"
    assert step["seconds"] == 1.235
    assert (step["opening"], step["audio_seconds"]) == (0.0, None)
    assert step["absent"] == {"bpm": "no beats"}
    assert step["failure"]["why"] == "why"
    assert step["ok"] is False
    assert step["at"] >= 0


def test_two_logs_of_one_second_are_two_files(tmp_path: Path) -> None:
    with RunLog(tmp_path) as one, RunLog(tmp_path) as two:
        assert one.path != two.path


def test_a_line_that_a_crash_cut_off_is_left_out(tmp_path: Path) -> None:
    file = tmp_path / "run.jsonl"
    file.write_text(json.dumps({"event": "start"}) + '\n{"event": "st')
    assert list(read_events(file)) == [{"event": "start"}]


def test_damage_elsewhere_is_an_error_with_its_line(tmp_path: Path) -> None:
    file = tmp_path / "run.jsonl"
    file.write_text('{"event": "start"}\nrubbish\n{"event": "end"}\n')
    with pytest.raises(StoreError, match="line 2"):
        list(read_events(file))
    with pytest.raises(StoreError, match="Could not read"):
        list(read_events(tmp_path / "none.jsonl"))


def test_a_reports_folder_that_cannot_be_made_is_an_error(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    with pytest.raises(StoreError, match="run log"):
        RunLog(tmp_path / "file" / "reports")


def test_a_full_disk_while_writing_is_an_error(tmp_path: Path) -> None:
    class Full:
        def write(self, _text: str) -> int:
            raise OSError(28, "No space left on device")

        def close(self) -> None: ...

    with RunLog(tmp_path) as log:
        log._file.close()
        log._file = Full()  # type: ignore[assignment]
        with pytest.raises(StoreError, match="run log"):
            log.write("end", {})
