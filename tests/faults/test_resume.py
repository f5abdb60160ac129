"""Runs that are ended at any moment and started again make the library of a run that nobody disturbed.

Four moments here, fifty in `make test-faults`.
"""

import json
from typing import Any

import pytest

from support.dataset_processes import start

pytestmark = pytest.mark.process
ENDS = 4


def test_a_run_that_was_ended_anywhere_goes_on_to_the_same_library() -> None:
    out, err = start("faults.resume", "--json", "--ends", ENDS, "--recordings", 2).communicate(timeout=280)
    assert out, err
    found: dict[str, Any] = json.loads(out)
    assert found["problems"] == []
    assert sum(found["ended"].values()) == ENDS
    assert found["survived"] == found["ended"]
