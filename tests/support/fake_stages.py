"""A registry of stages that do what an engine must survive. Workers look them up by name, as they do the real ones."""

import os
import signal
import time
from dataclasses import replace
from pathlib import Path

from small_dataset_audio.errors import StoreError
from small_dataset_audio.models.batches import Batches
from small_dataset_audio.pipeline.stage import Bench, Job, Load, Outcome, Stage, Work

REGISTRY = "support.fake_stages"


def _note(job: Job, text: str) -> None:
    with (job.track.folder / "notes").open("a") as file:
        file.write(f"{text}\n")


def _open_note(_bench: Bench) -> Work:
    opened_in = os.getpid()

    def work(job: Job) -> Outcome:
        _note(job, f"{job.steps[0]} {opened_in}")
        return Outcome(absent={"bpm": "nothing was heard"}, warnings=("careful",))

    return work


def _open_accelerator(bench: Bench) -> Work:
    def work(job: Job) -> Outcome:
        _note(job, f"{job.steps[0]} {os.getpid()} {bench.device}")
        return Outcome()

    return work


def _open_refuse(_bench: Bench) -> Work:
    def work(job: Job) -> Outcome:
        raise StoreError(f"{job.track.name} was refused.", "It always is.", "Do not ask.")

    return work


def _open_fault(_bench: Bench) -> Work:
    def work(job: Job) -> Outcome:
        raise ValueError(f"a fault in {job.track.name}")

    return work


def _open_memory(_bench: Bench) -> Work:
    def work(_job: Job) -> Outcome:
        raise MemoryError

    return work


def _open_hungry(bench: Bench) -> Work:
    batches = Batches(4, bench.device or "cpu")

    def work(job: Job) -> Outcome:
        warnings: list[str] = []
        most = 0 if job.track.name.startswith("hopeless") else 2

        def apply(batch: list[int]) -> int:
            if len(batch) > most:
                raise RuntimeError("CUDA out of memory. Tried to allocate 2.00 GiB")
            return len(batch)

        done = list(batches.run(f"hearing {job.track.name}", range(8), apply, warnings))
        _note(job, f"{job.steps[0]} {os.getpid()} {done}")
        return Outcome(warnings=tuple(warnings))

    return work


def _open_die(_bench: Bench) -> Work:
    def work(job: Job) -> Outcome:
        if job.track.name.startswith("deadly"):
            os.kill(os.getpid(), signal.SIGKILL)
        time.sleep(0.05)
        _note(job, "survived")
        return Outcome()

    return work


def _open_slow(_bench: Bench) -> Work:
    def work(job: Job) -> Outcome:
        _note(job, "begun")
        time.sleep(0.4)
        _note(job, "ended")
        return Outcome()

    return work


def _open_meet(bench: Bench) -> Work:
    """A stage that ends only when the other lane is at work at the same time."""
    me, other = ("accelerator", "processor") if bench.device else ("processor", "accelerator")

    def work(job: Job) -> Outcome:
        library = job.track.folder.parent
        (library / f"{me} is here").touch()
        until = time.monotonic() + 60.0
        while not (library / f"{other} is here").exists():
            if time.monotonic() > until:
                raise StoreError(f"{other} never came.", "The lanes do not overlap.", "Mend the engine.")
            time.sleep(0.01)
        return Outcome()

    return work


def _open_meet_accelerated(bench: Bench) -> Work:
    return _open_meet(replace(bench, device="cuda:7"))


def _open_meet_processor(bench: Bench) -> Work:
    return _open_meet(replace(bench, device=None))


def _open_split(_bench: Bench) -> Work:
    def work(job: Job) -> Outcome:
        parts = tuple(job.track.folder.with_name(f"{job.track.name} part {i}") for i in (1, 2))
        for part in parts:
            part.mkdir()
        return Outcome(follow_up=parts)

    return work


_STAGES = {
    made.name: made
    for made in (
        Stage("note", 1, "writes its process", _open_note, records=False),
        Stage("again", 1, "writes its process", _open_note, records=False),
        Stage("accelerated", 1, "wants the accelerator", _open_accelerator, accelerator=lambda _: True, records=False),
        Stage("refuse", 1, "fails with a reason", _open_refuse, records=False),
        Stage("fault", 1, "fails without one", _open_fault, records=False),
        Stage("memory", 1, "runs out of memory", _open_memory, records=False),
        Stage("die", 1, "is killed on some tracks", _open_die, records=False),
        Stage("hungry", 1, "needs memory", _open_hungry, accelerator=lambda _: True, records=False),
        Stage("die on accelerator", 1, "the same", _open_die, accelerator=lambda _: True, records=False),
        Stage("slow", 1, "takes its time", _open_slow, records=False),
        Stage("meet", 1, "waits for the accelerator", _open_meet_processor, records=False),
        Stage(
            "accelerated meet",
            1,
            "waits for the processor",
            _open_meet_accelerated,
            accelerator=lambda _: True,
            records=False,
        ),
        Stage("split", 1, "makes new tracks", _open_split, records=False),
        Stage("copy", 1, "is as much work as decoding", _open_note, records=False, load=lambda _: Load(decodes=1.0)),
        Stage(
            "stems",
            1,
            "runs a network of 10 GFLOP a second, in 2 GiB",
            _open_accelerator,
            accelerator=lambda _: True,
            records=False,
            memory_gb=lambda _: 2.0,
            load=lambda _: Load(decodes=0.5, gflop=10.0),
        ),
        Stage(
            "captions",
            1,
            "needs 6 GiB",
            _open_accelerator,
            accelerator=lambda _: True,
            records=False,
            memory_gb=lambda _: 6.0,
        ),
        Stage(
            "large",
            1,
            "holds 1 GB and 10 MB for each second",
            _open_note,
            records=False,
            load=lambda _: Load(memory=10**9, memory_per_second=10**7),
        ),
    )
}


def stage(name: str) -> Stage:
    """Return the stage called ``name``."""
    return _STAGES[name]


def notes(folder: Path) -> list[str]:
    """Return what the stages wrote about the track in ``folder``."""
    file = folder / "notes"
    return file.read_text().splitlines() if file.exists() else []
