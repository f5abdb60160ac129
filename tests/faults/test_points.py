"""Every piece of work that writes, struck by every fault in the system calls it makes: nothing is ever lost.

Here some points of each are tried, the same ones every time; `make test-faults` tries them all.
"""

import json
import sys
from typing import Any

import pytest

from support.dataset_processes import start
from support.faults.tracing import why_not

pytestmark = [
    pytest.mark.process,
    pytest.mark.skipif(not sys.platform.startswith("linux"), reason="system calls are seen on Linux alone"),
]
LEAST_POINTS = 500


@pytest.fixture(scope="module", autouse=True)
def _traceable() -> None:
    if (reason := why_not()) is not None:
        pytest.skip(reason)


def outcome(module: str, *arguments: object) -> dict[str, Any]:
    """Return what `python -m support.<module>` found."""
    out, err = start(module, *arguments).communicate(timeout=900)
    assert out, err
    found: dict[str, Any] = json.loads(out)
    return found


def test_hundreds_of_faults_in_everything_that_writes() -> None:
    found = outcome("faults", "--json", "--most", 2, "--most-costly", 1, "--rounds", 2)
    assert found["problems"] == []
    assert found["total"] >= LEAST_POINTS
    assert found["survived"] == found["points"]
    assert all(found["points"].values())  # every fault has struck
    sys.stdout.write(f"{found['total']} faults injected, all survived: {found['points']}\n")


def test_folders_that_cannot_be_locked() -> None:
    found = outcome("faults", "--json", "--most", 1, "--lock-files", "--trial", ".INFO", "--trial", "recordings")
    assert found["problems"] == []


def test_the_harness_finds_out_writers_that_make_a_mistake() -> None:
    found = outcome("faults.planted")
    died = "killed in the middle of a write"
    assert died in found["writes in place"]
    assert {"power cut, names kept", "power cut, names lost"} <= set(found["does not flush the content"])
    assert "power cut, names kept" not in found["does not flush the name"]
    assert "power cut, names lost" in found["does not flush the name"]
    assert died in found["never sweeps"]
    assert "disk full (ENOSPC)" in found["takes failures for success"]
    assert len(found["writes into an original"]) > 10
