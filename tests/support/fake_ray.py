"""As much of Ray as the engine uses, in one process: nodes and what becomes of tasks are told by the test."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from types import SimpleNamespace
from typing import Any, ClassVar


class RayError(Exception):
    """The base of what Ray raises."""


class RayTaskError(RayError):
    """A task's own error."""

    def __init__(self, cause: Exception) -> None:
        super().__init__(f"Traceback of the node\n{type(cause).__name__}: {cause}")
        self.cause = cause


class WorkerCrashedError(RayError):
    """The process of a task died."""


class NodeDiedError(RayError):
    """The node of a task died."""


@dataclass(eq=False)
class Ref:
    """A promise: what was called, with what, and on which node."""

    name: str
    arguments: tuple[Any, ...]
    node: str


@dataclass
class _Affinity:
    node_id: str
    soft: bool


@dataclass
class _Callable:
    ray: "FakeRay"
    name: str
    node: str = ""

    def options(self, *, scheduling_strategy: _Affinity, **more: object) -> "_Callable":
        if self.name == "Holder":
            self.ray.holders.append((scheduling_strategy.node_id, more["num_gpus"]))
        return _Callable(self.ray, self.name, scheduling_strategy.node_id)

    def remote(self, *arguments: object) -> Any:  # noqa: ANN401 - a promise, or a handle
        if self.name == "Holder":
            return _Handle(self.ray, self.node)
        self.ray.open += self.name == "perform"
        self.ray.most_open = max(self.ray.most_open, self.ray.open)
        return Ref(self.name, arguments, self.node)


class _Handle:
    def __init__(self, ray: "FakeRay", node: str) -> None:
        self.perform = _Callable(ray, "perform", node)
        self.__ray_terminate__ = _Callable(ray, "end", node)


@dataclass
class FakeRay:
    """Ray.

    Attributes:
        names: the nodes that there are.
        outcome: what a promise leads to; it raises what Ray would.
        silent: names of nodes whose promises are never kept.
        called: all promises.
        gpus: of every node.
        holders: node and GPUs of every process that was started to hold one.
        open: steps that were handed over and not taken back yet.
        most_open: the most at the same time.
    """

    names: list[str]
    outcome: Callable[[Ref], object]
    silent: set[str] = field(default_factory=set)
    called: list[Ref] = field(default_factory=list)
    cancelled: list[Any] = field(default_factory=list)
    gpus: float = 0.0
    holders: list[tuple[str, object]] = field(default_factory=list)
    open: int = 0
    most_open: int = 0
    exceptions: ClassVar[Any] = SimpleNamespace(
        RayError=RayError,
        RayTaskError=RayTaskError,
        NodeDiedError=NodeDiedError,
        TaskUnschedulableError=NodeDiedError,
        ActorUnschedulableError=NodeDiedError,
    )
    util: ClassVar[Any] = SimpleNamespace(
        scheduling_strategies=SimpleNamespace(NodeAffinitySchedulingStrategy=_Affinity)
    )

    def remote(self, **_options: object) -> Callable[[Any], _Callable]:
        return lambda function: _Callable(self, function.__name__)

    def nodes(self) -> list[dict[str, Any]]:
        return [
            {"NodeID": name, "NodeManagerHostname": name, "Alive": True, "Resources": {"CPU": 1.0, "GPU": self.gpus}}
            for name in self.names
        ]

    def wait(self, refs: Sequence[Ref], *, num_returns: int = 1, timeout: float = 0) -> tuple[list[Ref], list[Ref]]:
        kept = [ref for ref in refs if ref.node not in self.silent][:num_returns]
        return kept, [ref for ref in refs if ref not in kept]

    def get(self, ref: Ref) -> object:
        self.called.append(ref)
        self.open -= ref.name == "perform"
        return self.outcome(ref)

    def cancel(self, ref: Ref, *, force: bool) -> None:
        self.cancelled.append(ref)

    def kill(self, handle: object) -> None:
        self.cancelled.append(handle)
