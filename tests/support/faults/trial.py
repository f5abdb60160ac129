"""One piece of work, struck by one fault at one point after the other; and what must hold after each.

The work is done in a forked child, from the same state each time. It says beforehand what it is about to write and
afterwards what was acknowledged, through a pipe, so that what it said is known however it ends.
"""

import hashlib
import json
import os
import re
import shutil
import traceback
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final

from small_dataset_audio.atomic import TEMPORARY_SUFFIX
from small_dataset_audio.dataset.info import read_info, safe_update
from small_dataset_audio.dataset.series import read_series
from small_dataset_audio.dataset.times import read_times
from small_dataset_audio.errors import SdaError
from small_dataset_audio.pipeline.runlog import read_events
from support.faults.injections import Fault, Injection
from support.faults.syscalls import Call
from support.faults.tracing import LET_PASS, After, Before, Verdict, follow, start

FOREIGN: Final = '{\n  "mine": 1.10,\n  "huge": 1e400,\n  "spelt": "\\u0041"'
"""What somebody else wrote: it must stay to the letter."""
SOURCE: Final = "source"
"""The folder of the user's own recordings, which nothing may touch."""
_FLEETING: Final = re.compile(r'"(seconds|mtime_ns|time|at|bytes_per_second)": *[-0-9.e+"T:Z]+')
_RUN_LOG: Final = ".jsonl"

Facts = Mapping[str, Any] | list[Any] | str | None


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
    """

    name: str
    prepare: Callable[[Path], None]
    work: Callable[[Path, Witness], None]
    again: Callable[[Path, Witness], None] | None = None
    costly: bool = False
    flushed: bool = True


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
        originals = stamps(self.root / SOURCE)
        injection, told = self._run(fault, point)
        if fault.cut is not None and not self.trial.flushed:
            told.allowed.clear()
        problems = [*told.problems, *_kept(self.root, told)]
        if fault.harmless and told.refused is not None:
            problems.append(f"was to be borne, but: {told.refused}")
        problems += self._undisturbed(again=True).problems
        if fault.both_names:
            _write_beside(self.root)
        problems += _left_behind(self.root)
        if not fault.shift:
            problems += [] if stamps(self.root / SOURCE) == originals else ["an original was changed"]
        found = contents(self.root)
        if (
            f"{self.root / SOURCE}" in injection.struck
        ):  # a name may go to another one of the recordings that could be read
            problems += differences(_recordings(self.final), _recordings(found))
        else:
            problems += differences(self.final, _without_second_ones(self.final, found) if fault.blinds else found)
        return [f"{self.trial.name}, {fault.name}, point {point}, {injection.struck}: {one}" for one in problems]

    def _run(self, fault: Fault, point: int) -> tuple[Injection, Told]:
        """Return what was done and said in a run from the first state, with a fault."""
        self._first_state()
        injection = Injection(fault, point, self.root, self.base / "spare")
        told = _listen(
            self.root, self.trial.work, lambda work: _traced(self.root, work, injection.before, injection.after)
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


def _traced(root: Path, work: Callable[[], None], before: Before, after: After) -> None:
    follow(start(work), str(root), before, after)


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


def facts_of(path: Path) -> Facts:
    """Return what a file holds, in the form in which a witness speaks of it; None where it is not there."""
    if path.suffix == ".INFO":
        return read_info(path)
    if not path.exists():
        return None
    if path.suffix in {".BEATS_GRID", ".DOWNBEATS", ".ONSETS"}:
        times: list[float] = read_times(path).tolist()
        return times
    if path.suffix == ".npz":
        return sorted(read_series(path).values)
    if path.suffix == _RUN_LOG:
        return [str(event["event"]) for event in read_events(path)]
    return hashlib.sha256(path.read_bytes()).hexdigest()


def _left_behind(root: Path) -> list[str]:
    found = [
        path for path in root.rglob(".*") if path.name.endswith((TEMPORARY_SUFFIX, ".part", ".part.json", "-probe"))
    ]
    return [f"left behind: {path.relative_to(root)}" for path in found]


def stamps(folder: Path) -> dict[str, tuple[bytes, int]]:
    """Return what the user's own files hold, and when they were changed."""
    return {str(path): (path.read_bytes(), path.stat().st_mtime_ns) for path in folder.rglob("*") if path.is_file()}


def contents(root: Path) -> dict[str, str]:
    """Return relative path -> what every file holds, but for times, for locks, and for the names of run logs."""
    found: dict[str, str] = {}
    for path in sorted(root.rglob("*")):
        if path.is_file() and path.suffix != _RUN_LOG and path.name != ".sda-lock":
            data = path.read_bytes()
            if path.suffix in {".INFO", ".json"}:
                data = _FLEETING.sub(r'"\1": 0', data.decode("utf-8", "replace")).encode()
            found[str(path.relative_to(root))] = hashlib.sha256(data).hexdigest()
        elif path.is_dir():
            found[f"{path.relative_to(root)}/"] = ""
    return found


def _recordings(state: Mapping[str, str]) -> dict[str, str]:
    """Return content -> content of the recordings in a library."""
    return {digest: digest for path, digest in state.items() if "/full_mix." in path}


def _without_second_ones(wanted: Mapping[str, str], found: Mapping[str, str]) -> dict[str, str]:
    """Return a state without the tracks that should not be there, but whose recordings others have as well."""
    mixes = _recordings(wanted)
    second = tuple(
        path[: path.index("/full_mix.") + 1]
        for path, digest in found.items()
        if "/full_mix." in path and "/crops/" not in path and path not in wanted and digest in mixes
    )
    return {path: digest for path, digest in found.items() if not second or not path.startswith(second)}


def differences(wanted: Mapping[str, str], found: Mapping[str, str]) -> list[str]:
    """Return how two states differ, in sentences."""
    sentences = [f"missing: {path}" for path in wanted.keys() - found.keys()]
    sentences += [f"too much: {path}" for path in found.keys() - wanted.keys()]
    return sentences + [f"not the same: {path}" for path in wanted.keys() & found.keys() if wanted[path] != found[path]]
