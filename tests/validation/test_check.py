"""Checks run together, stay in order, and never end each other."""

import threading
import time

import pytest

from small_dataset_audio.validation.check import Check, Report, Result, Status, run_together


def fine() -> Result:
    return Result("ok", "as it should be")


def test_results_come_in_the_order_of_the_checks() -> None:
    last_is_done = threading.Event()

    def first() -> Result:
        assert last_is_done.wait(10)
        return Result("ok", "first")

    def last() -> Result:
        last_is_done.set()
        return Result("note", "last", "more", "do this")

    reports = run_together([Check("a", "g", first, "-"), Check("b", "g", fine, "-"), Check("c", "h", last, "-")])
    assert [report.name for report in reports] == ["a", "b", "c"]
    assert [report.summary for report in reports] == ["first", "as it should be", "last"]
    assert (reports[2].group, reports[2].detail, reports[2].fix) == ("h", "more", "do this")
    assert all(report.seconds >= 0 for report in reports)


def test_a_check_that_crashes_is_a_result() -> None:
    def broken() -> Result:
        raise KeyError("missing")

    crashed, other = run_together([Check("a", "g", broken, "report it", critical=True), Check("b", "g", fine, "-")])
    assert (crashed.status, crashed.critical, crashed.fix) == ("crash", True, "report it")
    assert crashed.summary == "The check itself crashed with KeyError: 'missing'"
    assert crashed.detail is not None
    assert "broken" in crashed.detail
    assert other.status == "ok"


def test_a_check_that_gives_no_answer_is_a_failure() -> None:
    released = threading.Event()

    def stuck() -> Result:
        released.wait(30)
        return fine()

    start = time.perf_counter()
    hanging, other = run_together(
        [Check("a", "g", stuck, "look at the disk", patience=0.1), Check("b", "g", fine, "-")]
    )
    released.set()
    assert time.perf_counter() - start < 20
    assert (hanging.status, hanging.fix) == ("fail", "look at the disk")
    assert hanging.summary == "There was no answer within 0.1 seconds."
    assert other.status == "ok"


def test_a_check_that_wants_to_end_the_program_is_a_crash() -> None:
    def leaving() -> Result:
        raise SystemExit(3)

    (report,) = run_together([Check("a", "g", leaving, "-")])
    assert (report.status, report.summary) == ("crash", "The check itself crashed with SystemExit: 3")


def test_where_there_are_no_threads_left_the_checks_run_one_by_one(monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(_: threading.Thread) -> None:
        raise RuntimeError("can't start new thread")

    monkeypatch.setattr(threading.Thread, "start", refuse)
    assert [report.status for report in run_together([Check("a", "g", fine, "-")] * 3)] == ["ok"] * 3


def test_the_checks_that_need_torch_start_first() -> None:
    started: list[str] = []

    def noting(name: str) -> Check:
        def run() -> Result:
            started.append(name)
            return fine()

        return Check(name, "g", run, "-", needs_torch=name == "torch")

    reports = run_together([noting("a"), noting("torch")])
    assert [report.name for report in reports] == ["a", "torch"]
    assert started[0] == "torch"


@pytest.mark.parametrize(("status", "fix"), [("ok", None), ("note", None), ("warn", None), ("fail", "general")])
def test_a_fix_is_given_only_where_something_is_wrong(status: Status, fix: str | None) -> None:
    (report,) = run_together([Check("a", "g", lambda: Result(status, "x"), "general")])
    assert report.fix == fix


def test_a_fix_of_its_own_wins() -> None:
    (report,) = run_together([Check("a", "g", lambda: Result("fail", "x", None, "special"), "general")])
    assert report.fix == "special"


def test_the_json_shape() -> None:
    report = Report("g", "n", "ok", "s", None, None, 0.123456789, critical=True)
    assert report.as_dict() == {
        "group": "g",
        "name": "n",
        "status": "ok",
        "summary": "s",
        "detail": None,
        "fix": None,
        "seconds": 0.1235,
    }


def test_no_checks_no_reports() -> None:
    assert run_together([]) == []
