"""The harness lets the clock of a process jump, and no other's."""

import os
import sys
import time
from pathlib import Path

import pytest

from support.faults.clock import ask_the_kernel
from support.faults.tracing import LET_PASS, follow, start, why_not

pytestmark = [
    pytest.mark.process,
    pytest.mark.skipif(not sys.platform.startswith("linux"), reason="system calls are seen on Linux alone"),
    pytest.mark.filterwarnings("ignore:.*use of fork:DeprecationWarning"),
]
DAY = 86_400


@pytest.mark.skipif(why_not() is not None, reason="processes cannot be followed here")
def test_the_clock_jumps_at_the_moment_that_is_wanted(tmp_path: Path) -> None:
    told, jumped = tmp_path / "told", []

    def work() -> None:
        before, steady = time.time(), time.monotonic()
        told.write_text("now", encoding="utf-8")
        after, later = time.time(), time.monotonic()
        told.write_text(f"{after - before} {later - steady}", encoding="utf-8")

    child = start(work, clock=True)
    status = follow(
        child, str(tmp_path), lambda _call: LET_PASS, lambda _call, _well: jumped.append(1), lambda: DAY * bool(jumped)
    )
    assert status == 0
    wall, steady = (float(text) for text in told.read_text(encoding="utf-8").split())
    assert DAY <= wall < DAY + 600
    assert 0 <= steady < 600
    assert abs(time.time() - told.stat().st_mtime) < 600


def test_a_process_that_asks_the_kernel_gets_the_same_time() -> None:
    child = os.fork()
    if child == 0:
        before = time.time()
        ask_the_kernel()
        os._exit(0 if 0 <= time.time() - before < 60 else 1)
    assert os.waitpid(child, 0)[1] == 0
