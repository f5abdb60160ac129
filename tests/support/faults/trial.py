"""One piece of work, struck by one fault at one point after the other; and what must hold after each.

The work is done in a forked child, from the same state each time. It says beforehand what it is about to write and
afterwards what was acknowledged, through a pipe, so that what it said is known however it ends.
"""

import contextlib
import json
import os
import shutil
import traceback
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

from small_dataset_audio.dataset.info import read_info, safe_update
from small_dataset_audio.errors import SdaError
from support.faults.injections import Fault, Injection
from support.faults.states import (
    Facts,
    contents,
    differences,
    facts_of,
    left_behind,
    recordings,
    stamps,
    without_second_ones,
)
from support.faults.syscalls import Call
from support.faults.tracing import LET_PASS, After, Before, Clock, Verdict, follow, start

FOREIGN: Final = '{\n  "mine": 1.10,\n  "huge": 1e400,\n  "spelt": "\\u0041"'
"""What somebody else wrote: it must stay to the letter."""
SOURCE: Final = "source"
"""The folder of the user's own recordings, which nothing may touch."""


class Witness:
    """What the child tells.

    Args:
        root: the folder that the work is done in.
        pipe: where to.
    """

    def __init__(self, root: Path, pipe: int) -> None:
        self.root = root
        self._pipe = pipe

    def will(self, path: Path, facts: Facts) -> None:
        """Say what is about to be written."""
        self._say("will", path, facts)

    def did(self, path: Path, facts: Facts) -> None:
        """Say what was acknowledged: it must not be lost any more."""
        self._say("did", path, facts)

    def did_as_it_is(self, path: Path) -> None:
        """Say that what is in a file was acknowledged, if the fault lets it be read."""
        with contextlib.suppress(OSError):
            self.did(path, facts_of(path))

    def failed(self, sentence: str) -> None:
        """Say that the work failed in a way that it must not."""
        self._say("failed", self.root, sentence)

    def refused(self, error: SdaError) -> None:
        """Say that the work ended in an error that the user can act upon."""
        self._say("refused", self.root, str(error))

    def _say(self, what: str, path: Path, facts: Facts) -> None:
        os.write(self._pipe, json.dumps([what, str(path.relative_to(self.root)), facts]).encode() + b"\n")


@dataclass(frozen=True)
class Trial:
    """One piece of work.

    Attributes:
        name: what the report calls it.
        prepare: makes the state that it starts from.
        work: does it, and tells the witness.
        again: the next run, without a fault; by default the same work.
        costly: it takes long, so that fewer points are tried where time is short.
        flushed: what it acknowledges outlasts a power cut, and not only the end of the process.
        untouched: the folders that it only reads, or that belong to somebody else.
        check: returns what is wrong right after a fault, before anything is done again.
    """

    name: str
    prepare: Callable[[Path], None]
    work: Callable[[Path, Witness], None]
    again: Callable[[Path, Witness], None] | None = None
    costly: bool = False
    flushed: bool = True
    untouched: tuple[str, ...] = (SOURCE,)
    check: Callable[[Path], list[str]] | None = None


@dataclass
class Told:
    """What a child said: path -> what may be there (the last thing acknowledged and everything announced since)."""

    allowed: dict[str, list[Facts]] = field(default_factory=dict)
    refused: str | None = None
    problems: list[str] = field(default_factory=list)


@dataclass
class Bench:
    """Where a trial is carried out.

    Attributes:
        trial: which.
        base: an empty folder.
        final: what the files are in the end of an undisturbed run.
    """

    trial: Trial
    base: Path
    final: dict[str, str] = field(default_factory=dict)

    @property
    def root(self) -> Path:
        """The folder that the work is done in."""
        return self.base / "work"

    def set_up(self) -> None:
        """Make the first state, and note what an undisturbed run makes of it."""
        self.root.mkdir(parents=True)
        self.trial.prepare(self.root)
        shutil.copytree(self.root, self.base / "template", symlinks=True)
        here = _listen(self.root, self.trial.work, lambda work: work())  # so that children find everything imported
        problems = [*here.problems, *([here.refused] if here.refused else []), *self._undisturbed(again=True).problems]
        if problems:
            raise AssertionError(problems)
        self.final = contents(self.root)

    def points(self, faults: Sequence[Fault]) -> dict[str, int]:
        """Return fault -> how many points it has in this trial."""
        counts = {fault.name: 0 for fault in faults}

        def count(call: Call) -> Verdict:
            for fault in faults:
                counts[fault.name] += fault.strikes(call)
            return LET_PASS

        self._first_state()
        _listen(self.root, self.trial.work, lambda work: _traced(self.root, work, count, lambda _call, _well: None))
        return {fault.name: counts[fault.name] + (fault.cut is not None) for fault in faults}

    def strike(self, fault: Fault, point: int) -> list[str]:
        """Return what was wrong after a fault at one point; nothing, if all was as it must be."""
        originals = self._originals()
        injection, told = self._run(fault, point)
        if fault.cut is not None and not self.trial.flushed:
            told.allowed.clear()
        problems = [*told.problems, *_kept(self.root, told)]
        problems += self.trial.check(self.root) if self.trial.check is not None else []
        if fault.harmless and told.refused is not None:
            problems.append(f"was to be borne, but: {told.refused}")
        problems += self._undisturbed(again=True).problems
        if fault.both_names:
            _write_beside(self.root)
        problems += left_behind(self.root)
        if not fault.shift:
            problems += [] if self._originals() == originals else ["an original was changed"]
        found = contents(self.root)
        if (
            f"{self.root / SOURCE}" in injection.struck
        ):  # a name may go to another one of the recordings that could be read
            problems += differences(recordings(self.final), recordings(found))
        else:
            problems += differences(self.final, without_second_ones(self.final, found) if fault.blinds else found)
        return [f"{self.trial.name}, {fault.name}, point {point}, {injection.struck}: {one}" for one in problems]

    def _originals(self) -> list[dict[str, tuple[bytes, int]]]:
        return [stamps(self.root / folder) for folder in self.trial.untouched]

    def _run(self, fault: Fault, point: int) -> tuple[Injection, Told]:
        """Return what was done and said in a run from the first state, with a fault."""
        self._first_state()
        injection = Injection(fault, point, self.root, self.base / "spare")
        told = _listen(
            self.root,
            self.trial.work,
            lambda work: _traced(
                self.root, work, injection.before, injection.after, injection.clock if fault.jump else None
            ),
        )
        injection.settle()
        return injection, told

    def _first_state(self) -> None:
        for folder in ("work", "spare"):
            shutil.rmtree(self.base / folder, ignore_errors=True)
        shutil.copytree(self.base / "template", self.root, symlinks=True)
        (self.base / "spare").mkdir()

    def _undisturbed(self, *, again: bool = False) -> Told:
        work = (self.trial.again or self.trial.work) if again else self.trial.work
        told = _listen(self.root, work, _forked)
        if told.refused is not None:
            told.problems.append(f"the next run: {told.refused}")
        return told


def _traced(root: Path, work: Callable[[], None], before: Before, after: After, clock: Clock | None = None) -> None:
    follow(start(work, clock=clock is not None), str(root), before, after, clock)


def _write_beside(root: Path) -> None:
    """Be the next writer in every folder: where nothing is left to do, nobody else comes by to sweep it."""
    for info in sorted(root.rglob("*.INFO")):
        safe_update(info, {})


def _forked(work: Callable[[], None]) -> None:
    child = os.fork()
    if child == 0:
        try:
            work()
        finally:
            os._exit(0)
    os.waitpid(child, 0)


def _listen(root: Path, work: Callable[[Path, Witness], None], carry_out: Callable[[Callable[[], None]], None]) -> Told:
    """Return what ``work`` said while ``carry_out`` had it done in a child."""
    reading, writing = os.pipe2(os.O_CLOEXEC)
    os.set_blocking(reading, False)
    witness = Witness(root, writing)

    def told_work() -> None:
        try:
            work(root, witness)
        except SdaError as error:
            witness.refused(error)
        except BaseException:  # noqa: BLE001 - any other end is what is being looked for
            witness.failed(traceback.format_exc())

    carry_out(told_work)
    os.close(writing)
    with os.fdopen(reading, "rb") as lines:
        return _understood(lines.read() or b"")


def _understood(lines: bytes) -> Told:
    told = Told()
    for line in lines.splitlines():
        what, path, facts = json.loads(line)
        if what == "refused":
            told.refused = facts
        elif what == "failed":
            told.problems.append(facts)
        elif what == "did":
            told.allowed[path] = [facts]
        else:
            told.allowed.setdefault(path, [{} if isinstance(facts, dict) else None]).append(facts)
    return told


def _kept(root: Path, told: Told) -> list[str]:
    """Return what of the acknowledged was lost, and which files cannot be read."""
    problems = []
    for path in sorted(root.rglob("*.INFO")):
        try:
            read_info(path)
        except SdaError as error:
            problems.append(f"does not parse: {error}")
        text = path.read_text(encoding="utf-8")
        if "1e400" in text and not text.startswith(FOREIGN):
            problems.append(f"what others wrote in {path.name} was changed")
    for name, allowed in told.allowed.items():
        try:
            found = facts_of(root / name)
        except SdaError as error:
            problems.append(f"{name}: {error}")
            continue
        if not any(_holds(found, one) for one in allowed):
            problems.append(f"{name} was lost: it holds {found!r:.300}, and of {allowed!r:.600} nothing")
    return problems


def _holds(found: Facts, wanted: Facts) -> bool:
    if isinstance(found, dict) and isinstance(wanted, dict):
        return all(found.get(name) == value for name, value in wanted.items())
    return found == wanted or (wanted is None and found == [])  # a log may have begun
