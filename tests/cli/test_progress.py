import io
import sys
from dataclasses import replace
from pathlib import Path

import pytest

from small_dataset_audio.cli.console import Terminal
from small_dataset_audio.cli.progress import STOPPING, BarProgress, PlainProgress, progress_display
from small_dataset_audio.dataset.layout import Track
from small_dataset_audio.pipeline.plan import Failure, Plan
from small_dataset_audio.pipeline.stage import Job
from small_dataset_audio.pipeline.worker import StepResult

LIBRARY = Path("library")
FAILURE = Failure("tape", "analyze", "It broke.", "It was old.", "Mend it.")


def job(name: str = "tape") -> Job:
    return Job(Track(LIBRARY / name), ("organize", "analyze"))


def result(stage: str, seconds: float, failure: Failure | None = None) -> StepResult:
    return StepResult(job(), stage, seconds, 0, 1, failure)


def test_a_plain_line_for_each_finished_track(capsys: pytest.CaptureFixture[str]) -> None:
    with progress_display(Terminal(), quiet=False) as display:
        assert isinstance(display, PlainProgress)
        display.begin(Plan(LIBRARY, [job(), job("other")], ["old"]), 1)
        display.step(result("organize", 0.25))
        display.step(result("analyze", 0.5))
        display.finish_track(job(), None)
        display.finish_track(job("other"), FAILURE)
        display.stopping()
    assert capsys.readouterr().err.splitlines() == [
        "2 tracks to do on 1 process; 1 done already.",
        "[1/2] tape: done (0.8 s)",
        "[2/2] other: FAILED (analyze): It broke. (0.0 s)",
        STOPPING,
    ]


def test_on_a_cluster_the_machine_is_named(capsys: pytest.CaptureFixture[str]) -> None:
    with progress_display(Terminal(), quiet=False) as display:
        display.begin(Plan(LIBRARY, [job()]), 2)
        display.step(replace(result("organize", 0.25), node="attic"))
        display.step(replace(result("analyze", 0.25), node="cellar"))
        display.finish_track(job(), None)
    assert capsys.readouterr().err.splitlines()[1:] == ["[1/1] tape: done (0.5 s on cellar)"]


def test_quiet_shows_nothing(capsys: pytest.CaptureFixture[str]) -> None:
    with progress_display(Terminal(quiet=True), quiet=True) as display:
        display.begin(Plan(LIBRARY, [job()]), 2)
        display.finish_track(job(), None)
    assert capsys.readouterr().err == ""


class Screen(io.StringIO):
    def isatty(self) -> bool:
        return True


@pytest.mark.parametrize("columns", [80, 40])
def test_a_bar_on_a_terminal_with_failures_above_it(monkeypatch: pytest.MonkeyPatch, columns: int) -> None:
    screen = Screen()
    monkeypatch.setattr(sys, "stderr", screen)
    monkeypatch.setenv("COLUMNS", str(columns))
    monkeypatch.setenv("TERM", "xterm")
    with progress_display(Terminal(), quiet=False) as display:
        assert isinstance(display, BarProgress)
        display.step(result("organize", 0.1))
        display.finish_track(job("early"), None)
        display.begin(Plan(LIBRARY, [job(), job("[bold]other")]), 2)
        display.step(replace(result("organize", 0.1), node="attic"))
        display.finish_track(job("[bold]other"), FAILURE)
        display.finish_track(job(), None)
        display.stopping()
    seen = screen.getvalue()
    assert "0/2" in seen
    assert "2/2" in seen
    assert "organize on attic: tape" in " ".join(seen.split())
    assert "Stopping" in seen
    assert "[bold]other" in seen.replace("\n", "")


@pytest.mark.parametrize("quiet", [False, True])
def test_a_name_with_line_breaks_stays_in_its_line(capsys: pytest.CaptureFixture[str], *, quiet: bool) -> None:
    terminal = Terminal(quiet=quiet)
    with progress_display(terminal, quiet=quiet) as display:
        display.begin(Plan(LIBRARY, [job("a\nb\u2028c")]), 1)
        display.finish_track(job("a\nb\u2028c"), None)
    terminal.warn("x\ny is left out.")
    lines = [] if quiet else ["1 track to do on 1 process; 0 done already.", "[1/1] a\\nb\\u2028c: done (0.0 s)"]
    assert capsys.readouterr().err.splitlines() == [*lines, "Warning: x\\ny is left out."]
