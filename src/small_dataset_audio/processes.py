"""Pieces of work done by several processes of this machine: the one way in which sda starts them, and ends them.

- They are spawned, never forked: a forked copy of the threads of numpy or torch hangs.
- Ctrl-C is for the process that started them. They never see it: that process ends them, and where it is gone they end.
- Where one dies, most often because memory ran out, Python gives up all of them. What they were at is then tried again
  one piece at a time, so that only a piece that takes its process with it is lost.
- Pieces are handed out as there are hands for them: however many there are, few are in flight, and few are tried again.
"""

import contextlib
import multiprocessing
import os
import signal
import threading
from collections import deque
from collections.abc import Callable, Collection, Generator, Iterable, Iterator
from concurrent.futures import FIRST_COMPLETED, Future, ProcessPoolExecutor, wait
from concurrent.futures.process import BrokenProcessPool
from dataclasses import dataclass
from multiprocessing import resource_tracker
from types import TracebackType
from typing import Final, Generic, Self, TypeVar

WHY_DIED: Final = "The system ended it, most often because memory ran out, or a library crashed on this file."
"""Why a process died, as far as that can be told."""

_Piece = TypeVar("_Piece")
_Answer = TypeVar("_Answer")


@dataclass(frozen=True)
class Died:
    """Stands for the answer to a piece whose process died while it was the only one at work."""


class Crew(Generic[_Piece, _Answer]):
    """Processes that do pieces of work; they start when there is something to do.

    As a context it ends its processes: those at work, too, where an error or Ctrl-C leaves it.

    Args:
        work: what is done to a piece, in one of the processes; it can be pickled, as can pieces and answers.
        size: how many processes.
        prepare: called in each process before its first piece; it can be pickled.
        ahead: how many pieces wait beside those at work, so that a process that has ended one need not wait for this one.
    """

    def __init__(
        self,
        work: Callable[[_Piece], _Answer],
        size: int,
        *,
        prepare: Callable[[], object] | None = None,
        ahead: int = 0,
    ) -> None:
        self._work = work
        self._size = size
        self._in_flight = size + ahead
        self._prepare = prepare
        self._running: dict[Future[_Answer], _Piece] = {}
        self._suspects: deque[_Piece] = deque()
        self._on_trial = False
        self._pool: ProcessPoolExecutor | None = None

    def __enter__(self) -> Self:
        """Return itself: nothing is started yet."""
        return self

    def __exit__(
        self, kind: type[BaseException] | None, _error: BaseException | None, _trace: TracebackType | None
    ) -> None:
        """End the processes."""
        self.close(kill=kind is not None)

    @property
    def at_work(self) -> Collection[Future[_Answer]]:
        """What is in flight, to be waited for."""
        return self._running.keys()

    def fill(self, supply: Callable[[], _Piece | None]) -> None:
        """Start pieces while there is room for them: first, one at a time, those whose processes died.

        Args:
            supply: returns the next piece, None where there is none (yet).
        """
        while (piece := self._next(supply)) is not None:
            self._start(piece)

    def collect(self) -> Iterator[tuple[_Piece, _Answer | Died]]:
        """Yield the pieces that have ended, each with its answer. What `work` raises is raised here."""
        ended = [future for future in self._running if future.done()]
        lost = {future for future in ended if _is_lost(future)}
        for future in ended:
            if future not in lost:
                yield self._running.pop(future), future.result()
        if lost:
            yield from self._survive()

    def close(self, *, kill: bool = False) -> None:
        """End the processes when they have done what they are at, or at once.

        Args:
            kill: end them at once.
        """
        if self._pool is None:
            return
        if kill:
            with signals_blocked():  # a second Ctrl-C must not save one of them
                for process in list((self._pool._processes or {}).values()):  # noqa: SLF001 - no public way before 3.14
                    process.kill()
        self._pool.shutdown(wait=True, cancel_futures=True)
        self._pool = None

    def _next(self, supply: Callable[[], _Piece | None]) -> _Piece | None:
        """Return the piece to start now, if there is room for one."""
        if self._running and (self._suspects or self._on_trial):
            return None
        self._on_trial = bool(self._suspects)
        if self._suspects:
            return self._suspects.popleft()
        return supply() if len(self._running) < self._in_flight else None

    def _start(self, piece: _Piece) -> None:
        with signals_blocked():
            try:
                future = self._open().submit(self._work, piece)
            except BrokenProcessPool:  # an idle process died, or one whose loss is still to be collected
                self._suspects.appendleft(piece)
                if not self._running:
                    self.close()
            else:
                self._running[future] = piece

    def _open(self) -> ProcessPoolExecutor:
        if self._pool is None:
            context = multiprocessing.get_context("spawn")
            self._pool = ProcessPoolExecutor(self._size, context, _begin, (self._prepare,))
        return self._pool

    def _survive(self) -> Iterator[tuple[_Piece, _Answer | Died]]:
        """Go on after a process died: give a piece up if it was the only one at work, else try them all one by one."""
        alone = self._on_trial or self._in_flight == 1
        self.close()  # from here on every future says how it ended
        for future, piece in list(self._running.items()):
            del self._running[future]
            if not _is_lost(future):
                yield piece, future.result()
            elif alone:
                yield piece, Died()
            else:
                self._suspects.append(piece)


def answers(
    work: Callable[[_Piece], _Answer],
    pieces: Iterable[_Piece],
    size: int,
    *,
    prepare: Callable[[], object] | None = None,
    ahead: int = 0,
) -> Generator[tuple[_Piece, _Answer | Died], None, None]:
    """Yield ``pieces``, each with what ``work`` answers to it in one of several processes, in the order in which they end.

    Whoever may leave before the last does so through `contextlib.closing`: that ends the processes.

    Args:
        work: as of `Crew`.
        pieces: what there is to do, none of it None; taken one by one.
        size: how many processes.
        prepare: as of `Crew`.
        ahead: as of `Crew`.
    """
    left = iter(pieces)
    with Crew(work, size, prepare=prepare, ahead=ahead) as crew:
        crew.fill(lambda: next(left, None))
        while crew.at_work:
            wait(crew.at_work, return_when=FIRST_COMPLETED)
            yield from crew.collect()
            crew.fill(lambda: next(left, None))


@contextlib.contextmanager
def signals_blocked() -> Iterator[None]:
    """Let processes that are started in this block never see Ctrl-C: they inherit the blocked signal."""
    resource_tracker.ensure_running()  # it starts with the first process, and leaves the signal unblocked when it does
    before = signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGINT})
    try:
        yield
    finally:
        signal.pthread_sigmask(signal.SIG_SETMASK, before)


def _begin(prepare: Callable[[], object] | None) -> None:
    """Make a process ready for its first piece."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # also for programs that it starts
    threading.Thread(target=_end_with_parent, name="parent-watch", daemon=True).start()
    if prepare is not None:
        prepare()


def _end_with_parent() -> None:
    """End this process as soon as the one that started it is gone: nobody would take the answers."""
    parent = multiprocessing.parent_process()
    if parent is not None:
        parent.join()
        os._exit(1)


def _is_lost(future: "Future[_Answer]") -> bool:
    return isinstance(future.exception(), BrokenProcessPool)
