"""What holds for every test."""

import os
import sys
from collections.abc import Iterator

import pytest

# One thread for linear algebra, as `features.extract` has it: two would fight with the other test processes. It must be
# said before numpy is imported.
os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")

from hypothesis import settings

# Machines that are busy with other tests are no reason to fail: timing never decides a test.
settings.register_profile("default", deadline=None)
settings.load_profile("default")


@pytest.fixture(autouse=True)
def _no_stand_in_for_torch_stays() -> Iterator[None]:
    """Take a torch that a test made up out of the way of the tests after it in the same process."""
    before = sys.modules.get("torch")
    yield
    after = sys.modules.get("torch")
    if after is not before and after is not None and not hasattr(after, "from_numpy"):
        if before is None:
            del sys.modules["torch"]
        else:
            sys.modules["torch"] = before
