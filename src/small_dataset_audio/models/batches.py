"""Running a model over many examples: as many at once as fit, and half as many when memory runs out."""

import logging
from collections.abc import Callable, Iterable, Iterator
from itertools import islice
from typing import Final, TypeVar

from small_dataset_audio.hardware.oom import OutOfMemory, guard

_LOGGER: Final = logging.getLogger(__name__)
_Example = TypeVar("_Example")
_Answer = TypeVar("_Answer")


class Batches:
    """How many examples a model takes at once on its device.

    When memory runs out, the batch is halved, once for each recording, and stays so for the recordings after it.

    Attributes:
        size: examples at once.
        device: where.
    """

    def __init__(self, size: int, device: str) -> None:
        self.size = size
        self.device = device

    def run(
        self,
        doing: str,
        examples: Iterable[_Example],
        apply: Callable[[list[_Example]], _Answer],
        warnings: list[str],
    ) -> Iterator[_Answer]:
        """Yield what ``apply`` answers, batch after batch, in order.

        Args:
            doing: what is being done, as a phrase: "describing the recording".
            examples: they are taken as they are needed.
            apply: the model; it takes up to ``size`` examples.
            warnings: takes the sentence that says that the batch was halved.

        Raises:
            OutOfMemory: memory ran out, and again with half the batch.
        """
        remaining = iter(examples)
        halved = False
        while batch := list(islice(remaining, self.size)):
            try:
                answer = self._guarded(doing, batch, apply)
            except OutOfMemory:
                if halved or len(batch) == 1:
                    raise
                halved = True
                warnings.append(self._halve(doing))
            else:
                yield answer
                continue
            for start in range(0, len(batch), self.size):
                yield self._guarded(doing, batch[start : start + self.size], apply)

    def _guarded(self, doing: str, batch: list[_Example], apply: Callable[[list[_Example]], _Answer]) -> _Answer:
        with guard(doing, device=self.device, batch=len(batch)):
            return apply(batch)

    def _halve(self, doing: str) -> str:
        before, self.size = self.size, max(1, self.size // 2)
        said = f"Memory ran out while {doing}: the batch was halved, from {before} to {self.size}."
        _LOGGER.warning(said)
        return said
