"""Trials of the pipeline: recordings come in, are taken apart, measured and cut, as workers do it in `sda run`."""

import shutil
from dataclasses import replace
from pathlib import Path
from typing import Final

from small_dataset_audio.config.model import Settings
from small_dataset_audio.dataset.layout import Track
from small_dataset_audio.dataset.organize import assign, find_audio, organize
from small_dataset_audio.errors import StoreError
from small_dataset_audio.pipeline import stages
from small_dataset_audio.pipeline.plan import Request, make_plan
from small_dataset_audio.pipeline.stage import Bench, Job, Stage
from small_dataset_audio.pipeline.worker import perform
from support.crop_tracks import crop_settings
from support.faults.stages import MEASURE, RATE, REGISTRY, SECONDS, STAGES
from support.faults.trial import FOREIGN, SOURCE, Trial, Witness
from support.signals import noise, write_audio

_CROP_SECONDS: Final = 1.0


def _settings(root: Path) -> Settings:
    return crop_settings(root, seconds=_CROP_SECONDS, beat_aligned=True)


def _recordings(root: Path) -> None:
    """Make two recordings of one name, and one of them again under another."""
    for folder, seed in (("one", 1), ("two", 2)):
        (root / SOURCE / folder).mkdir(parents=True)
        write_audio(root / SOURCE / folder / "Song.wav", noise(SECONDS, RATE, channels=2, seed=seed), RATE)
    shutil.copy2(root / SOURCE / "one" / "Song.wav", root / SOURCE / "two" / "Again.wav")


def _one_recording(root: Path) -> None:
    (root / SOURCE).mkdir()
    write_audio(root / SOURCE / "Song.wav", noise(SECONDS, RATE, seed=1), RATE)


def _come_in(root: Path, witness: Witness) -> None:
    library = root / "library"
    for incoming in assign(find_audio(root / SOURCE), library):
        track = organize(incoming)
        if incoming.state == "new" and (mix := track.mix) is not None:
            witness.did(mix, _hash(incoming.source))


def _hash(path: Path) -> str:
    from small_dataset_audio.audio.content import file_sha256

    return file_sha256(path)


def in_library(root: Path) -> None:
    """Have one track, whose ``.INFO`` holds what somebody else wrote."""
    _one_recording(root)
    folder = root / "library" / "Song"
    folder.mkdir(parents=True)
    shutil.copy2(root / SOURCE / "Song.wav", folder / "full_mix.wav")
    Track(folder).info.write_text(f"{FOREIGN}\n}}\n", encoding="utf-8")


def separated(root: Path) -> None:
    in_library(root)
    for name in ("separate", "analyze"):
        step(name, Job(Track(root / "library" / "Song"), (name,)), root)


def cropped(root: Path) -> None:
    """Have crops of another length, which forced ones replace."""
    separated(root)
    settings = crop_settings(root, seconds=1.5, beat_aligned=True)
    done = perform("crop", Job(Track(root / "library" / "Song"), ("crop",)), Bench(settings, registry=REGISTRY))
    if done.failure is not None:
        raise StoreError(done.failure.what, done.failure.why, done.failure.fix)


def step(name: str, job: Job, root: Path, witness: Witness | None = None, registry: str = REGISTRY) -> Track:
    """Return the track after one step on it.

    Raises:
        StoreError: it failed in a way that the user can act upon.
    """
    result = perform(name, job, Bench(_settings(root), registry=registry))
    if result.trace is not None and witness is not None:
        witness.failed(result.trace)
    if result.failure is not None:
        raise StoreError(result.failure.what, result.failure.why, result.failure.fix)
    if witness is not None and name == MEASURE.name and registry == REGISTRY:
        witness.did(result.job.track.info, {"lufs": -20.5})
    return result.job.track


def _only(name: str, *, force: bool = False) -> Trial:
    """Return the trial of one stage on one track."""

    def work(root: Path, witness: Witness) -> None:
        track = Track(root / "library" / "Song")
        step(name, Job(track, (name,), force=frozenset({name} if force else ())), root, witness)

    prepare = {"separate": in_library, "analyze": in_library, "crop": cropped if force else separated}[name]
    return Trial(f"stage {name}{', anew' if force else ''}", prepare, work, costly=name != "analyze")


def _run(root: Path, witness: Witness, chosen: tuple[Stage, ...] = STAGES, registry: str = REGISTRY) -> None:
    """Carry out a whole run in this process: every step of every track, then what is planned next, which is the crops."""
    settings = _settings(root)
    crops = (MEASURE,) if chosen is STAGES else ()
    for _ in range(2):
        made = make_plan(Request(root / SOURCE, chosen, crop_stages=crops), root / "library", settings)
        for failure in made.failures:
            raise StoreError(failure.what, failure.why, failure.fix)
        for job in made.jobs:
            for name in job.steps:
                job = replace(job, track=step(name, job, root, witness, registry))  # noqa: PLW2901 - it goes on


_REAL: Final = (stages.ORGANIZE, stages.ANALYZE)
RUN_TRIALS: Final = (
    Trial("recordings come in", _recordings, _come_in),
    _only("analyze"),
    _only("separate"),
    _only("crop"),
    _only("crop", force=True),
    Trial("a whole run", _recordings, _run, costly=True),
    Trial(
        "a run with the real analysis",
        _one_recording,
        lambda root, witness: _run(root, witness, _REAL, stages.__name__),
        costly=True,
    ),
)
"""Pieces of the pipeline, and all of it."""
