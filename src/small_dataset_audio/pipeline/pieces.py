"""One long list, worked through in pieces by several processes: for looking at very many small files."""

import contextlib
import multiprocessing
import signal
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor
from concurrent.futures.process import BrokenProcessPool
from multiprocessing import resource_tracker
from typing import Final, TypeVar

from small_dataset_audio.hardware.processor import usable_cores

PIECE: Final = 500
WORTH_IT: Final = 5000
"""For fewer items than these the processes would start for longer than they work."""

_Item = TypeVar("_Item")
_Answer = TypeVar("_Answer")


def in_pieces(
    items: Sequence[_Item],
    work: Callable[[Sequence[_Item]], _Answer],
    travels: Callable[[Sequence[_Item]], _Answer] | None,
) -> Iterator[_Answer]:
    """Yield what ``work`` answers to the items, piece after piece, in order.

    Args:
        items: what there is to do.
        work: does a piece in this process.
        travels: does the same in another one, which it can be sent to; None where nothing can.
    """
    pieces = [items[start : start + PIECE] for start in range(0, len(items), PIECE)]
    hands = usable_cores()
    if travels is None or hands == 1 or len(items) < WORTH_IT:
        yield from map(work, pieces)
        return
    done = 0
    pool = ProcessPoolExecutor(hands, multiprocessing.get_context("spawn"))
    try:
        with signals_blocked():  # processes start here, and Ctrl-C is for this one
            answers = pool.map(travels, pieces)
        for answer in answers:
            yield answer
            done += 1
    except BrokenProcessPool:  # memory ran out for them, most often: this process is enough
        yield from map(work, pieces[done:])
    finally:
        pool.shutdown(wait=True, cancel_futures=True)


@contextlib.contextmanager
def signals_blocked() -> Iterator[None]:
    """Let processes that are started in this block never see Ctrl-C: they inherit the blocked signal."""
    resource_tracker.ensure_running()  # it starts with the first process, and leaves the signal unblocked when it does
    before = signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGINT})
    try:
        yield
    finally:
        signal.pthread_sigmask(signal.SIG_SETMASK, before)
