"""Crews: every piece is answered once, whatever dies; and no process outlives the one that started it."""

import multiprocessing
import os
import signal
import subprocess
import sys
from collections.abc import Callable, Iterator
from concurrent.futures import Future
from concurrent.futures.process import BrokenProcessPool
from contextlib import AbstractContextManager, closing
from functools import partial
from pathlib import Path
from typing import Any

import psutil
import pytest
from hypothesis import given
from hypothesis import strategies as st

from small_dataset_audio.processes import Crew, Died, answers, signals_blocked
from support.crew_work import deadly, patient, prepared, refuse, tries, who
from support.processes import PATIENCE, at_work, wait_until


class Pool:
    """Stands for `ProcessPoolExecutor`: what is submitted stays at work until a test ends it."""

    def __init__(self) -> None:
        self.waiting: dict[Future[int], int] = {}
        self.broken = False

    def submit(self, _work: Callable[[int], int], piece: int) -> Future[int]:
        if self.broken:
            raise BrokenProcessPool
        future: Future[int] = Future()
        self.waiting[future] = piece
        return future

    def end(self, future: Future[int]) -> None:
        future.set_result(self.waiting.pop(future) ** 2)

    def lose_a_process(self) -> None:
        self.broken = True
        for future in self.waiting:
            future.set_exception(BrokenProcessPool())
        self.waiting.clear()

    def shutdown(self, *, wait: bool, cancel_futures: bool) -> None:
        assert wait
        assert cancel_futures
        assert not self.waiting


class Scripted(Crew[int, int]):
    """A crew whose processes are in the hands of the test."""

    def __init__(self, size: int, ahead: int = 0) -> None:
        super().__init__(abs, size, ahead=ahead)
        self.pools: list[Pool] = []

    def _open(self) -> Any:  # noqa: ANN401 - stands for the real one
        if self._pool is None:
            self.pools.append(Pool())
            self._pool = self.pools[-1]  # type: ignore[assignment]
        return self._pool


def supply(pieces: Iterator[int]) -> Callable[[], int | None]:
    return lambda: next(pieces, None)


@given(
    st.integers(1, 4),
    st.integers(0, 3),
    st.integers(0, 12),
    st.sets(st.integers(0, 11)),
    st.lists(st.integers(0, 20), max_size=200),
)
def test_every_piece_is_answered_once_and_only_the_deadly_are_given_up(
    size: int, ahead: int, count: int, fatal: set[int], choices: list[int]
) -> None:
    crew, left, chosen = Scripted(size, ahead), iter(range(count)), iter(choices)
    answered: dict[int, int | Died] = {}
    crew.fill(supply(left))
    while crew.at_work:
        pool = crew.pools[-1]
        assert len(crew.at_work) <= size + ahead
        choice = next(chosen, 0)
        future = list(pool.waiting)[choice % len(pool.waiting)]
        if pool.waiting[future] in fatal:
            pool.lose_a_process()
        else:
            pool.end(future)
        for piece, answer in crew.collect():
            assert piece not in answered
            answered[piece] = answer
        crew.fill(supply(left))
    assert answered == {n: Died() if n in fatal else n**2 for n in range(count)}
    crew.close()
    assert next(left, None) is None


def test_what_was_lost_is_tried_one_at_a_time_and_before_anything_new() -> None:
    crew, left = Scripted(3), iter(range(9))
    crew.fill(supply(left))
    crew.pools[-1].lose_a_process()
    assert list(crew.collect()) == []
    for suspect in range(3):
        crew.fill(supply(left))
        [future] = crew.at_work
        assert crew.pools[-1].waiting == {future: suspect}
        crew.pools[-1].end(future)
        assert list(crew.collect()) == [(suspect, suspect**2)]
    crew.fill(supply(left))
    assert list(crew.pools[-1].waiting.values()) == [3, 4, 5]
    assert len(crew.pools) == 2


def test_what_was_done_before_a_process_died_counts() -> None:
    crew, left = Scripted(3), iter(range(3))
    crew.fill(supply(left))
    crew.pools[-1].end(next(iter(crew.at_work)))
    crew.pools[-1].lose_a_process()
    assert list(crew.collect()) == [(0, 0)]
    crew.fill(supply(left))
    assert list(crew.pools[-1].waiting.values()) == [1]


def test_a_process_that_dies_alone_in_a_crew_of_one_is_not_tried_again() -> None:
    crew, left = Scripted(1), iter(range(2))
    crew.fill(supply(left))
    crew.pools[-1].lose_a_process()
    assert list(crew.collect()) == [(0, Died())]
    crew.fill(supply(left))
    assert list(crew.pools[-1].waiting.values()) == [1]


@pytest.mark.parametrize("busy", [False, True])
def test_an_idle_process_that_dies_takes_nothing_with_it(busy: bool) -> None:  # noqa: FBT001
    crew, left = Scripted(2), iter(range(2))
    first = next(left)
    crew.fill(supply(iter([first])))
    future = next(iter(crew.at_work))
    crew.pools[-1].end(future)
    if not busy:
        assert list(crew.collect()) == [(0, 0)]
    crew.pools[-1].lose_a_process()
    crew.fill(supply(left))
    assert len(crew.at_work) == 1
    found = dict(crew.collect())
    crew.fill(supply(left))
    crew.pools[-1].end(next(iter(crew.at_work)))
    assert found | dict(crew.collect()) == ({0: 0, 1: 1} if busy else {1: 1})


def test_an_answer_that_comes_while_the_others_are_lost_is_taken(monkeypatch: pytest.MonkeyPatch) -> None:
    crew, left = Scripted(2), iter(range(2))
    crew.fill(supply(left))
    pool = crew.pools[-1]
    lost, late = list(crew.at_work)
    del pool.waiting[lost]
    lost.set_exception(BrokenProcessPool())
    monkeypatch.setattr(crew, "close", lambda: pool.end(late))
    assert list(crew.collect()) == [(1, 1)]


def test_a_crew_that_never_began_ends() -> None:
    with Scripted(2) as crew:
        crew.fill(lambda: None)
        assert list(crew.collect()) == []
        crew.close(kill=True)


def test_signals_are_blocked_for_as_long_as_processes_start() -> None:
    before = signal.pthread_sigmask(signal.SIG_BLOCK, ())
    with signals_blocked():
        assert signal.SIGINT in signal.pthread_sigmask(signal.SIG_BLOCK, ())
    assert signal.pthread_sigmask(signal.SIG_BLOCK, ()) == before


@pytest.fixture
def _no_process_is_left() -> Iterator[None]:
    yield
    assert multiprocessing.active_children() == []


pytestmark = pytest.mark.usefixtures("_no_process_is_left")


@pytest.mark.process
def test_processes_answer_ignore_ctrl_c_and_are_gone_afterwards(tmp_path: Path) -> None:
    found = dict(answers(partial(who, tmp_path), range(12), 2, prepare=partial(prepared, tmp_path), ahead=2))
    assert found == {n: (n**2, True) for n in range(12)}
    workers = {process for n in range(12) for process in tries(tmp_path, n)}
    assert 1 <= len(workers) <= 2
    assert os.getpid() not in workers
    assert {f"prepared {process}" for process in workers} <= {file.name for file in tmp_path.glob("prepared*")}
    assert not any(psutil.pid_exists(process) for process in workers)


@pytest.mark.process
def test_deadly_pieces_are_lost_and_no_others(tmp_path: Path) -> None:
    found = dict(answers(partial(deadly, tmp_path, {2, 5}), range(8), 2))
    assert found == {n: Died() if n in {2, 5} else n**2 for n in range(8)}
    assert all(len(tries(tmp_path, n)) <= 3 for n in range(8))
    assert sum(len(tries(tmp_path, n)) for n in range(8)) <= 8 + 2 * 2


@pytest.mark.process
def test_a_process_that_is_killed_from_outside_costs_nothing(tmp_path: Path) -> None:
    with closing(answers(partial(patient, tmp_path), range(6), 2)) as found:
        killer = multiprocessing.get_context("spawn").Process(target=_kill, args=(tmp_path,))
        killer.start()
        assert dict(found) == {n: n**2 for n in range(6)}
        killer.join()
    assert len(tries(tmp_path, 1)) == 2
    assert all(len(tries(tmp_path, n)) <= 2 for n in range(6))


def _kill(folder: Path) -> None:
    wait_until(lambda: tries(folder, 0) and tries(folder, 1), "they did not start")
    os.kill(tries(folder, 1)[0], signal.SIGKILL)
    (folder / "go").touch()


@pytest.mark.process
def test_an_error_comes_through_and_ends_the_processes() -> None:
    with pytest.raises(ValueError, match="not three"):
        list(answers(refuse, range(50), 2))


@pytest.mark.process
def test_leaving_early_ends_what_is_at_work(tmp_path: Path) -> None:
    (tmp_path / "go").touch()
    with closing(answers(partial(patient, tmp_path), range(50), 2)) as found:
        assert next(found)[0] in {0, 1}
        (tmp_path / "go").unlink()
    assert multiprocessing.active_children() == []


def working(folder: Path) -> AbstractContextManager[subprocess.Popen[str]]:
    """Return a process that starts two which never end."""
    environment = {**os.environ, "PYTHONPATH": os.pathsep.join(sys.path)}
    return at_work([sys.executable, "-m", "support.crew_work", str(folder)], folder, environment)


def below(process: subprocess.Popen[str]) -> list[psutil.Process]:
    return psutil.Process(process.pid).children(recursive=True)


@pytest.mark.process
@pytest.mark.parametrize("moment", ["starting", "at work"])
def test_ctrl_c_ends_everything_without_a_word(tmp_path: Path, moment: str) -> None:
    with working(tmp_path) as process:
        if moment == "starting":
            wait_until(lambda: below(process), "nothing was started")
        else:
            wait_until(lambda: tries(tmp_path, 0) and tries(tmp_path, 1), "they did not start")
        children = below(process)
        os.killpg(process.pid, signal.SIGINT)
        said = process.communicate(timeout=PATIENCE)[1]
    assert (process.returncode, said) == (130, "")
    assert children
    assert psutil.wait_procs(children, timeout=PATIENCE)[1] == []


@pytest.mark.process
def test_processes_end_when_the_one_that_started_them_is_killed(tmp_path: Path) -> None:
    with working(tmp_path) as process:
        wait_until(lambda: tries(tmp_path, 0) and tries(tmp_path, 1), "they did not start")
        children = below(process)
        process.kill()
        said = process.communicate(timeout=PATIENCE)[1]
    assert len(children) >= 2
    assert psutil.wait_procs(children, timeout=PATIENCE)[1] == []
    assert "Traceback" not in said
