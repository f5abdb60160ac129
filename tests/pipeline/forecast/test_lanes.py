"""The engine, played: jobs on some workers and one accelerator."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from small_dataset_audio.pipeline.forecast.lanes import Step, wall_seconds


def cpu(seconds: float) -> Step:
    return Step(seconds)


def gpu(seconds: float) -> Step:
    return Step(seconds, accelerator=True)


@pytest.mark.parametrize(
    ("jobs", "workers", "expected"),
    [
        ([], 4, 0.0),
        ([[]], 4, 0.0),
        ([[cpu(3)]], 4, 3.0),
        ([[cpu(3)], [cpu(3)]], 1, 6.0),
        ([[cpu(3)], [cpu(3)]], 2, 3.0),
        ([[cpu(3)], [cpu(3)], [cpu(3)]], 2, 6.0),
        ([[gpu(3)], [gpu(3)]], 8, 6.0),
        # While one track is on the accelerator, the next is prepared, and the one before is finished.
        ([[cpu(1), gpu(1), cpu(1)]] * 3, 2, 5.0),
        ([[gpu(2)], [cpu(2)]], 1, 2.0),
        ([[cpu(1), cpu(5)], [cpu(1), cpu(1)]], 1, 8.0),
        ([[cpu(2)]], 0, 2.0),
    ],
)
def test_jobs_share_the_workers_and_take_turns_at_the_accelerator(
    jobs: list[list[Step]], workers: int, expected: float
) -> None:
    assert wall_seconds(jobs, workers) == pytest.approx(expected)


_STEPS = st.lists(st.builds(Step, st.floats(0, 100), st.booleans()), max_size=4)


@given(st.lists(_STEPS, max_size=12), st.integers(1, 5))
def test_no_faster_than_the_work_allows_and_no_slower_than_one_after_the_other(
    jobs: list[list[Step]], workers: int
) -> None:
    found = wall_seconds(jobs, workers)
    every = [step for steps in jobs for step in steps]
    alone = sum(step.seconds for step in every if step.accelerator)
    shared = sum(step.seconds for step in every if not step.accelerator) / workers
    longest = max((sum(step.seconds for step in steps) for steps in jobs), default=0.0)
    assert found >= max(alone, shared, longest) - 1e-6
    assert found <= sum(step.seconds for step in every) + 1e-6
