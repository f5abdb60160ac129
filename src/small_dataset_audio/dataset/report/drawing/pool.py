"""Drawings made by several processes at once."""

from collections.abc import Callable, Sequence
from contextlib import closing
from functools import partial
from typing import Final

from small_dataset_audio.audio.spool import Scratch
from small_dataset_audio.dataset.layout import MIX
from small_dataset_audio.dataset.report.drawing.draw import Drawn, Sheet, draw
from small_dataset_audio.processes import Died, answers

WORTH_IT: Final = 64 << 20
"""Bytes of sound below which starting processes takes longer than drawing."""
_DIED: Final = "The process that drew it died: memory ran out, or a library crashed on this file."

Work = tuple[Sheet, str]
"""A sheet and its key."""
Done = Callable[[Sheet, Drawn], None]


def draw_all(work: Sequence[Work], workers: int, scratch: Scratch | None, done: Done) -> None:
    """Make the drawings of ``work`` and hand each to ``done``, in the order in which they end.

    Args:
        work: what to draw.
        workers: processes.
        scratch: where recordings lie that are too long for memory.
        done: takes what is known of a drawing.

    Raises:
        StoreError: a file of the report cannot be written.
    """
    drawing = partial(_drawn, scratch)
    if workers == 1 or len(work) == 1 or sum(map(_size, work)) < WORTH_IT:
        for one in work:
            done(one[0], drawing(one))
        return
    with closing(answers(drawing, work, min(workers, len(work)))) as found:
        for (sheet, _), drawn in found:
            done(sheet, Drawn(problems={MIX: _DIED}) if isinstance(drawn, Died) else drawn)


def _drawn(scratch: Scratch | None, one: Work) -> Drawn:
    return draw(*one, scratch)


def _size(one: Work) -> int:
    return sum(path.stat().st_size for path in one[0].sounds.values() if path.exists())
