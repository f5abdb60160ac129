"""A node as a run sees it: what it is doing, what was lost there, and how much more it can take."""

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from small_dataset_audio.pipeline.cluster.nodes import CPU, Node
from small_dataset_audio.pipeline.stage import Job


@dataclass(eq=False)
class Site:
    """A node at work.

    Attributes:
        node: the machine.
        device: what stages that want an accelerator run on there.
        fit: it has shown that it can take part, and has lost nothing since.
        tasks: steps at work on its processors.
        lost: jobs whose step was lost here, until it is clear whether the node was.
        holders: processes that hold an accelerator.
        free: those of them that wait for a step.
    """

    node: Node
    device: str | None
    fit: bool = False
    tasks: int = 0
    lost: list[Job] = field(default_factory=list)
    holders: list[Any] = field(default_factory=list)
    free: list[Any] = field(default_factory=list)

    @property
    def on_gpus(self) -> bool:
        """Whether holders hold a GPU each; else there is one, which computes on the processor."""
        return self.device != CPU

    def room(self, *, accelerated: bool) -> int:
        """Return how many more steps can be started here."""
        if not self.fit:
            return 0
        if not accelerated:
            return self.node.tasks - self.tasks
        most = self.node.gpus if self.on_gpus else min(1, self.node.tasks)
        return len(self.free) + most - len(self.holders)

    def holder(self, new: Callable[["Site"], Any]) -> Any:  # noqa: ANN401 - Ray's handle of a process
        """Return a holder for a step: one that is free, or a new one."""
        if self.free:
            return self.free.pop()
        made = new(self)
        self.holders.append(made)
        return made

    def release(self, holder: Any, *, dead: bool = False) -> None:  # noqa: ANN401 - Ray's handle of a process
        """Note that a step has ended: one on a processor, or that of a holder, which may have died of it."""
        if holder is None:
            self.tasks -= 1
        elif dead:
            self.holders.remove(holder)
        else:
            self.free.append(holder)

    def taken(self) -> list[Job]:
        """Return what was lost, which is somebody else's to deal with from now on."""
        taken, self.lost = self.lost, []
        return taken
