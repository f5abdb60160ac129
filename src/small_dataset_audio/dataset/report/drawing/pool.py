"""Drawings made by several processes at once."""

import multiprocessing
import signal
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import Future, ProcessPoolExecutor, as_completed
from concurrent.futures.process import BrokenProcessPool
from typing import Final

from small_dataset_audio.audio.spool import Scratch
from small_dataset_audio.dataset.layout import MIX
from small_dataset_audio.dataset.report.drawing.draw import Drawn, Sheet, draw

WORTH_IT: Final = 64 << 20
"""Bytes of sound below which starting processes takes longer than drawing."""
_DIED: Final = "The process that drew it died: memory ran out, or a library crashed on this file."

Work = tuple[Sheet, str]
"""A sheet and its key."""
Done = Callable[[Sheet, Drawn], None]


def draw_all(work: Sequence[Work], workers: int, scratch: Scratch | None, done: Done) -> None:
    """Make the drawings of ``work`` and hand each to ``done``, in the order in which they end.

    Where a process dies, those that were in flight are made again one at a time, so that the one at fault is known.

    Args:
        work: what to draw.
        workers: processes.
        scratch: where recordings lie that are too long for memory.
        done: takes what is known of a drawing.

    Raises:
        StoreError: a file of the report cannot be written.
    """
    if workers == 1 or len(work) == 1 or sum(map(_size, work)) < WORTH_IT:
        for sheet, key in work:
            done(sheet, draw(sheet, key, scratch))
        return
    for one in _drawn_together(work, workers, scratch, done):
        if _drawn_together([one], 1, scratch, done):
            done(one[0], Drawn(problems={MIX: _DIED}))


def _size(one: Work) -> int:
    return sum(path.stat().st_size for path in one[0].sounds.values() if path.exists())


def _drawn_together(work: Sequence[Work], workers: int, scratch: Scratch | None, done: Done) -> list[Work]:
    """Return what was not drawn because a process died."""
    # Spawned, never forked: a forked copy of numpy's threads hangs.
    pool = ProcessPoolExecutor(min(workers, len(work)), multiprocessing.get_context("spawn"))
    lost: list[Work] = []
    try:
        futures = _submitted(pool, work, scratch)
        for future in as_completed(futures):
            one = futures[future]
            try:
                done(one[0], future.result())
            except BrokenProcessPool:
                lost.append(one)
    except BaseException:
        for process in list((pool._processes or {}).values()):  # noqa: SLF001 - no public way before 3.14
            process.kill()
        raise
    finally:
        pool.shutdown(wait=True, cancel_futures=True)
    return lost


def _submitted(
    pool: ProcessPoolExecutor, work: Sequence[Work], scratch: Scratch | None
) -> Mapping[Future[Drawn], Work]:
    """Return what each future is of. Processes start in here, and never see Ctrl-C: they inherit the blocked signal."""
    before = signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGINT})
    try:
        return {pool.submit(draw, sheet, key, scratch): (sheet, key) for sheet, key in work}
    finally:
        signal.pthread_sigmask(signal.SIG_SETMASK, before)
