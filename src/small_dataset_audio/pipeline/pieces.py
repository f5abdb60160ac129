"""One long list, worked through in pieces by several processes: for looking at very many small files."""

from collections.abc import Callable, Iterator, Sequence
from contextlib import closing
from functools import partial
from typing import Final, TypeVar

from small_dataset_audio.hardware.processor import usable_cores
from small_dataset_audio.processes import Died, answers

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
        work: does a piece in this process; also one that takes another process with it: memory runs out there first.
        travels: does the same in another one, which it can be sent to; None where nothing can.
    """
    pieces = (items[start : start + PIECE] for start in range(0, len(items), PIECE))
    hands = usable_cores()
    if travels is None or hands == 1 or len(items) < WORTH_IT:
        yield from map(work, pieces)
        return
    early: dict[int, _Answer] = {}
    due = 0
    with closing(answers(partial(_unnumbered, travels), enumerate(pieces), hands, ahead=hands)) as found:
        for (number, piece), answer in found:
            early[number] = work(piece) if isinstance(answer, Died) else answer
            while due in early:
                yield early.pop(due)
                due += 1


def _unnumbered(travels: Callable[[Sequence[_Item]], _Answer], numbered: tuple[int, Sequence[_Item]]) -> _Answer:
    return travels(numbered[1])
