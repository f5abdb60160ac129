"""Memory, shared memory and optional programs."""

import os
from pathlib import Path
from types import SimpleNamespace

import pytest

from small_dataset_audio.hardware.memory import GIB, Memory
from small_dataset_audio.validation.check import run_together
from small_dataset_audio.validation.machine import machine_checks, memory_result, shared_memory_result, tool_checks


def test_memory_enough() -> None:
    result = memory_result(Memory(24 * GIB, 20 * GIB))
    assert (result.status, result.summary, result.detail) == ("ok", "20.0 GiB free of 24.0", None)


def test_a_limit_is_noted() -> None:
    result = memory_result(Memory(4 * GIB, 3 * GIB, 4 * GIB, "memory.max of control group /docker/abc"))
    assert result.status == "note"
    assert result.detail == "This process may use 4.0 GiB: memory.max of control group /docker/abc."


def test_little_memory_is_a_warning() -> None:
    small = memory_result(Memory(GIB, GIB // 2, GIB, "x"))
    assert (small.status, small.summary) == ("warn", "Little memory: 0.5 GiB free of 1.0.")
    assert "more memory" in (small.fix or "")
    busy = memory_result(Memory(24 * GIB, GIB))
    assert (busy.status, busy.summary) == ("warn", "Little memory is free: 1.0 GiB free of 24.0.")
    assert "Close other programs" in (busy.fix or "")


@pytest.mark.parametrize(("mib", "status"), [(64, "warn"), (511, "warn"), (512, "ok"), (8192, "ok")])
def test_shared_memory(monkeypatch: pytest.MonkeyPatch, mib: int, status: str) -> None:
    monkeypatch.setattr(os, "statvfs", lambda _: SimpleNamespace(f_frsize=4096, f_blocks=mib * 256))
    result = shared_memory_result(Path("/dev/shm"))
    assert result.status == status
    assert f"{mib} MiB" in result.summary
    assert ("--shm-size" in (result.fix or "")) == (status == "warn")


def test_no_shared_memory(tmp_path: Path) -> None:
    assert shared_memory_result(tmp_path / "missing").status == "warn"


def test_shared_memory_is_a_matter_of_containers() -> None:
    assert [check.name for check in machine_checks(container=False)] == ["memory"]
    checks = machine_checks(container=True)
    assert [check.name for check in checks] == ["memory", "shared memory"]
    assert {report.status for report in run_together(checks)} <= {"ok", "note", "warn"}


def test_optional_programs_are_notes() -> None:
    reports = {report.name: report for report in run_together(tool_checks(lambda _: None))}
    assert set(reports) == {"ffmpeg", "fpcalc", "llama-server"}
    assert {report.status for report in reports.values()} == {"note"}
    assert "fingerprint" in reports["fpcalc"].summary
    assert all(report.fix for report in reports.values())
    found = run_together(tool_checks(lambda name: f"/usr/bin/{name}"))
    assert [(report.status, report.fix) for report in found] == [("ok", None)] * 3
    assert found[0].summary == "ffmpeg: /usr/bin/ffmpeg"
