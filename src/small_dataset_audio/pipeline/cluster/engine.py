"""The Ray engine: CPU stages as tasks, and a process for each accelerator that holds the models it has loaded.

A step is started only where a processor or an accelerator is free for it: what is in flight is at work, and nothing queues
in the cluster. A step that is lost goes back to where it was lost (`sites`): either it took its process with it, or its node
is gone.
"""

import logging
import os
import time
from collections import Counter
from collections.abc import Callable, Iterable
from contextlib import suppress
from dataclasses import dataclass, replace
from pathlib import Path
from threading import Event
from types import ModuleType
from typing import TYPE_CHECKING, Any, Final

from small_dataset_audio.errors import PipelineError, SdaError
from small_dataset_audio.pipeline import worker
from small_dataset_audio.pipeline.agenda import Agenda, FollowUp, Sink, no_follow_up
from small_dataset_audio.pipeline.cluster import remote
from small_dataset_audio.pipeline.cluster.nodes import SAME_IMAGE, Node, no_node, useful_nodes
from small_dataset_audio.pipeline.cluster.preflight import Preflight
from small_dataset_audio.pipeline.cluster.sites import Site
from small_dataset_audio.pipeline.stage import Bench, Job

if TYPE_CHECKING:
    from small_dataset_audio.pipeline.worker import StepResult

MOST_DEATHS: Final = 2
"""A step that has taken so many processes with it is at fault."""
MOST_MOVES: Final = 20
"""A step that has lost so many nodes is at fault, too."""
LOOK_SECONDS: Final = 2.0
"""How often nodes are counted."""
ANSWER_SECONDS: Final = 180.0
"""How long a node may take to answer at the beginning: it starts a process and imports sda, perhaps over a network."""
END_SECONDS: Final = 10.0
"""How long models may take to close what they have opened."""

_log = logging.getLogger(__name__)
_Ref = Any
"""Ray's promise of what a task will answer."""


@dataclass(frozen=True)
class _Step:
    """A step at work: of which job, where, and by which holder of an accelerator, if by one."""

    job: Job
    site: Site
    holder: Any = None


class RayEngine:
    """Runs jobs on the nodes of a cluster.

    Args:
        ray: Ray, connected.
        bench: the settings, the accelerator and the registry of stages.
        preflight: what every node has to show.
        workers: at most so many CPU steps at the same time; None takes what the nodes can carry.
    """

    def __init__(self, ray: ModuleType, bench: Bench, preflight: Preflight, workers: int | None = None) -> None:
        self._ray = ray
        self._bench = bench
        self._preflight = preflight
        self._workers = workers
        self._task = ray.remote(num_cpus=1, max_retries=0)(remote.perform)
        self._facts = ray.remote(num_cpus=0, max_retries=0)(remote.facts)
        self._holder = ray.remote(num_cpus=0, max_restarts=0)(remote.Holder)
        said = ray.exceptions
        self._gone = (said.NodeDiedError, said.TaskUnschedulableError, said.ActorUnschedulableError)
        self._sites: dict[str, Site] = {}
        self._running: dict[_Ref, _Step] = {}
        self._asked: dict[_Ref, Site] = {}
        self._deaths: Counter[tuple[Path, str]] = Counter()
        self._moves: Counter[tuple[Path, str]] = Counter()
        self._looked = 0.0
        self._waits = False
        self._begun = False
        self.note: Callable[[str], None] = lambda _sentence: None
        """Takes what became of nodes in the middle of a run, besides the user."""

    @property
    def width(self) -> int:
        """How many CPU steps run at the same time."""
        there = sum(site.node.tasks for site in self._sites.values() if site.fit)
        return there if self._workers is None else min(there, self._workers)

    def gather(self) -> None:
        """Ask every node whether it can take part, and wait for the answers.

        Raises:
            PipelineError: a node cannot, or does not answer, or there is none.
        """
        nothing = Agenda((), self._accelerated, lambda _result: None)
        self._look(nothing)
        until = time.monotonic() + ANSWER_SECONDS
        while self._asked and time.monotonic() < until:
            for ref in self._ready(LOOK_SECONDS):
                if (error := self._answered(ref, nothing)) is not None:
                    raise error
        if self._asked:
            names = ", ".join(sorted(site.node.name for site in self._asked.values()))
            raise PipelineError(
                f"{names} did not answer within {ANSWER_SECONDS:g} seconds.",
                "Ray lists the node, but no process of its own started there, or it waits for the library's disk.",
                "Look at Ray's log files on that node (/tmp/ray/session_latest/logs), or take it out of the cluster.",
            )
        if not self._sites:
            raise no_node()

    def run(self, jobs: Iterable[Job], sink: Sink, stop: Event, follow_up: FollowUp = no_follow_up) -> None:
        """Carry out ``jobs`` and hand every step's result to ``sink``, in the order in which they end.

        When ``stop`` is set, what is in flight is finished and nothing new is started.
        """
        agenda = Agenda(jobs, self._accelerated, sink, follow_up)
        self._begun = True
        try:
            while self._goes_on(agenda, stop):
                for ref in self._ready(LOOK_SECONDS):
                    if ref in self._running:
                        self._collect(ref, agenda)
                    elif (error := self._answered(ref, agenda)) is not None:
                        self._tell(" ".join(error.args))
        except BaseException:
            for ref, step in self._running.items():
                with suppress(self._ray.exceptions.RayError, ValueError):
                    self._ray.kill(step.holder) if step.holder is not None else self._ray.cancel(ref, force=True)
            raise
        self._end()

    def _goes_on(self, agenda: Agenda, stop: Event) -> bool:
        """Start what there is room for, and return whether there is anything to wait for."""
        self._look(agenda)
        if stop.is_set():
            return bool(self._running)
        self._fill(agenda, accelerated=True)
        self._fill(agenda, accelerated=False)
        if self._running:
            self._waits = False
            return True
        if agenda.exhausted and not any(site.lost for site in self._sites.values()):
            return False
        if not self._asked:
            if not self._waits:
                self._tell("No node of the cluster can take what is left to do: waiting for one to join.")
            self._waits = True
            stop.wait(LOOK_SECONDS)
        return True

    def _ready(self, seconds: float) -> list[_Ref]:
        """Return the promises that are kept, after waiting for one of them."""
        waiting = [*self._running, *self._asked]
        if not waiting:
            return []
        first, rest = self._ray.wait(waiting, timeout=seconds)
        also = self._ray.wait(rest, num_returns=len(rest), timeout=0)[0] if first and rest else []
        return [*first, *also]

    def _accelerated(self, job: Job) -> bool:
        return self._bench.stage(job.steps[0]).accelerator(self._bench.settings)

    def _look(self, agenda: Agenda) -> None:
        """Count the nodes from time to time: those that joined are asked, what was lost with those that left is moved."""
        now = time.monotonic()
        if now < self._looked + LOOK_SECONDS and self._sites:
            return
        self._looked = now
        there = useful_nodes(self._ray.nodes())
        for name in self._sites.keys() - there.keys():
            self._leave(self._sites[name], agenda)
        for name in there.keys() - self._sites.keys():
            self._sites[name] = Site(there[name], self._bench.device)
            self._ask(self._sites[name])
            if self._begun:
                self._tell(f"The node {there[name].name} has joined the cluster.")

    def _ask(self, site: Site) -> None:
        site.fit = False
        self._asked[self._facts.options(**self._at(site)).remote(*self._preflight.question)] = site

    def _at(self, site: Site) -> dict[str, Any]:
        """Return the options that make Ray run something on a node and nowhere else."""
        strategy = self._ray.util.scheduling_strategies.NodeAffinitySchedulingStrategy
        return {"scheduling_strategy": strategy(site.node.id, soft=False)}

    def _answered(self, ref: _Ref, agenda: Agenda) -> SdaError | None:
        """Take in what a node says of itself; return why it cannot take part, if that is so."""
        site = self._asked.pop(ref)
        try:
            misfit = self._preflight.misfit(site.node.name, self._ray.get(ref))
        except self._ray.exceptions.RayTaskError as error:
            misfit = _no_sda(site.node, error)
        except self._ray.exceptions.RayError:
            self._leave(site, agenda)
            return None
        site.fit = misfit is None
        for job in site.taken():
            if site.fit:
                self._count(job, self._deaths, MOST_DEATHS, agenda)
            else:
                self._count(job, self._moves, MOST_MOVES, agenda)
        return misfit

    def _leave(self, site: Site, agenda: Agenda) -> None:
        """Do without a node, and do elsewhere what was lost there."""
        if self._sites.get(site.node.id) is site:
            del self._sites[site.node.id]
            self._tell(f"The node {site.node.name} has left the cluster: the others do what it was working on.")
        for job in site.taken():
            self._count(job, self._moves, MOST_MOVES, agenda)

    def _tell(self, sentence: str) -> None:
        """Let the user know."""
        _log.warning("%s", sentence)
        self.note(sentence)

    def _count(self, job: Job, losses: Counter[tuple[Path, str]], most: int, agenda: Agenda) -> None:
        """Try a step again that was lost, or give up on it after so many losses of that kind."""
        step = job.track.folder, job.steps[0]
        losses[step] += 1
        if losses[step] < most:
            agenda.again(job)
        else:
            del losses[step]
            agenda.died(job)

    def _fill(self, agenda: Agenda, *, accelerated: bool) -> None:
        """Start steps of one kind, each on the node with the most room, until there is no room or no step."""
        while (site := self._roomiest(accelerated=accelerated)) is not None:
            job = agenda.next(accelerated=accelerated)
            if job is None:
                return
            words = (job.steps[0], job, self._preflight.bench)
            if accelerated:
                holder = site.holder(self._new_holder)
                self._running[holder.perform.remote(*words)] = _Step(job, site, holder)
            else:
                site.tasks += 1
                self._running[self._task.options(**self._at(site)).remote(*words)] = _Step(job, site)

    def _roomiest(self, *, accelerated: bool) -> Site | None:
        if not accelerated and self._workers is not None:
            at_work = sum(site.tasks for site in self._sites.values())
            if at_work >= self._workers:
                return None
        site = max(self._sites.values(), key=lambda one: one.room(accelerated=accelerated), default=None)
        return site if site is not None and site.room(accelerated=accelerated) > 0 else None

    def _new_holder(self, site: Site) -> Any:  # noqa: ANN401 - Ray's handle of a process
        gpus = 1 if site.on_gpus else 0
        # What the local engine's process would have: Ray allows a process without processors of its own one thread.
        return self._holder.options(num_gpus=gpus, **self._at(site)).remote(os.environ.get("OMP_NUM_THREADS"))

    def _collect(self, ref: _Ref, agenda: Agenda) -> None:
        """Take in a step that has ended, in whichever way."""
        step = self._running.pop(ref)
        job, site = step.job, step.site
        try:
            result: StepResult = self._ray.get(ref)
        except self._ray.exceptions.RayTaskError as error:
            site.release(step.holder)
            agenda.settle(job, replace(worker.fault(job.steps[0], job, error.cause), trace=str(error)))
        except self._ray.exceptions.RayError as error:
            _log.debug("lost %s of %s on %s: %s", job.steps[0], job.track.name, site.node.name, error)
            site.release(step.holder, dead=True)
            site.lost.append(job)
            if isinstance(error, self._gone) or self._sites.get(site.node.id) is not site:
                self._leave(site, agenda)
            elif site not in self._asked.values():
                self._ask(site)
        else:
            site.release(step.holder)
            agenda.settle(job, replace(result, node=site.node.name))

    def _end(self) -> None:
        """Let the holders close what their models have opened."""
        holders = [holder for site in self._sites.values() for holder in site.holders]
        ended = [holder.__ray_terminate__.remote() for holder in holders]
        if ended:
            self._ray.wait(ended, num_returns=len(ended), timeout=END_SECONDS)


def _no_sda(node: Node, error: Exception) -> PipelineError:
    lines = [line.strip() for line in str(error).splitlines() if line.strip()]
    return PipelineError(
        f"The node {node.name} cannot take part in this run.",
        f"This sda does not run there: {lines[-1] if lines else type(error).__name__}",
        SAME_IMAGE,
    )
