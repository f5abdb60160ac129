"""Trials of what sda keeps besides values: what is taken back or renamed, caches, profiles, downloads, first runs."""

import contextlib
import hashlib
import logging
from collections.abc import Collection
from functools import cache, partial
from pathlib import Path
from typing import Final

import numpy as np

from small_dataset_audio.cli.session import Session
from small_dataset_audio.cli.setup import guide
from small_dataset_audio.config.load import load_settings
from small_dataset_audio.config.model import Paths
from small_dataset_audio.dataset.demo.library import write_library
from small_dataset_audio.dataset.info import StageRecord, safe_update
from small_dataset_audio.dataset.layout import Track, list_tracks
from small_dataset_audio.dataset.metadata.renaming import finish, rename
from small_dataset_audio.dataset.metadata.sources.memory import Memory
from small_dataset_audio.dataset.metadata.sources.pace import Pace
from small_dataset_audio.errors import StoreError
from small_dataset_audio.hardware.benchmark.disk import NoDisk, read_rate
from small_dataset_audio.hardware.benchmark.report.page import write_page
from small_dataset_audio.hardware.device import Choice, Device
from small_dataset_audio.models.pull import Sources, pull
from small_dataset_audio.models.registry import Model, ModelFile
from small_dataset_audio.models.store import Store
from small_dataset_audio.models.transcription.hits import Transcription
from small_dataset_audio.models.transcription.midi import midi_bytes, remove_midi, write_midi
from small_dataset_audio.models.transcription.tempo import tempo_map
from small_dataset_audio.pipeline import stages
from small_dataset_audio.pipeline.forgetting import forget
from small_dataset_audio.pipeline.stage import Job
from small_dataset_audio.pipeline.steps.transcribe import MIDI
from small_dataset_audio.validation.folders import folder_checks
from support.benchmark_profiles import profile
from support.demo_pieces import tiny
from support.faults.run_trials import cropped, in_library, separated, step
from support.faults.trial import FOREIGN, SOURCE, Trial, Witness
from support.http_server import Site, file, serving
from support.tag_files import flac

_WEIGHTS: Final = b"weights" * 9_000
_NEW_NAME: Final = "New"


def _song(root: Path) -> Track:
    return Track(root / "library" / "Song")


def _midi(strokes: bool) -> bytes:  # noqa: FBT001 - with strokes or without
    times = np.array([0.5, 1.0]) if strokes else np.zeros(0)
    return midi_bytes(Transcription({}, "dsp"), tempo_map(times, np.zeros(0)))


def _transcribed(root: Path) -> None:
    in_library(root)
    write_midi(_song(root).folder / MIDI, _midi(strokes=True))
    safe_update(_song(root).info, {"drum_hits": 3}, stage=StageRecord("transcribe", 1, "settings", "audio", 1.0))


def _forgotten(stage: str, value: str, root: Path, witness: Witness) -> None:
    track = _song(root)
    witness.will(track.info, {value: None})
    forget(track, stage)
    witness.did(track.info, {value: None})


def _renamed(root: Path, witness: Witness) -> None:
    """Rename the track, and complete what was begun, as `sda metadata --rename` does."""
    for track in list_tracks(root / "library"):
        finish(track)
    if _song(root).info.is_file():
        rename(_song(root), _NEW_NAME)
    track = Track(root / "library" / _NEW_NAME)
    witness.did(track.info, {"lufs": -20.5})


def _drums(root: Path, witness: Witness) -> None:
    path = _song(root).folder / MIDI
    for strokes in (True, False):
        data = _midi(strokes)
        witness.will(path, hashlib.sha256(data).hexdigest())
        write_midi(path, data)
        witness.did(path, hashlib.sha256(data).hexdigest())
    witness.will(path, None)
    remove_midi(path)


def _tagged(root: Path) -> None:
    folder = _song(root).folder
    folder.mkdir(parents=True)
    flac(folder / "full_mix.flac", [("ARTIST", "Somebody"), ("DATE", "1999-01-02"), ("ALBUM", "Tapes")], 0.1)
    _song(root).info.write_text(f"{FOREIGN}\n}}\n", encoding="utf-8")


def _looked_up(root: Path, witness: Witness) -> None:
    track = _song(root)
    step("metadata", Job(track, ("metadata",), force=frozenset({"metadata"})), root, registry=stages.__name__)
    witness.did(track.info, {"album": "Tapes"})


def _remembered(root: Path, witness: Witness) -> None:
    """Keep answers; where that cannot be done nothing is lost but the answer, which is asked for again."""
    logging.disable(logging.WARNING)
    memory, pace = Memory(root / "cache"), Pace(root / "cache" / "turns", 0.0)
    for number in range(3):
        question = {"ask": number}
        if memory.recall(question) is None:
            pace.wait()
            memory.keep(question, {"answer": number})
        found = memory.recall(question)
        if found is not None and found.content != {"answer": number}:
            witness.failed("another answer is remembered than was given")


def _profiled(root: Path, witness: Witness) -> None:
    measured = profile()
    written = measured.save(root / "reports")
    witness.did_as_it_is(written)
    page = write_page(measured, root / "reports")
    witness.did_as_it_is(page)


def _timed(root: Path, _witness: Witness) -> None:
    with contextlib.suppress(NoDisk):
        read_rate(root / SOURCE, 1 << 20, least=1, seconds=0.0)


def _examined(root: Path, _witness: Witness) -> None:
    """Try to write in every folder, as every command does that writes."""
    paths = Paths(**{name: root / name for name in ("library", "reports", "cache", "models", "generated")})
    for check in folder_checks(paths.model_copy(update={"datasets": root / SOURCE}), container=False):
        with contextlib.suppress(OSError):  # a check that crashes is one that failed: `validation.check`
            check.run()


def _folders(root: Path) -> None:
    for name in ("library", "reports", "cache", SOURCE):
        (root / name).mkdir()
    (root / "library" / ".dear.sda-notes").write_text("mine", encoding="utf-8")


class _Guided(Session):
    """A first run on a machine that needs no looking at."""

    def check_environment(self, *, writes: bool = True, libraries: Collection[Path] = ()) -> None:
        """Find nothing wrong."""

    def choose_device(self) -> Choice:
        """Take the processor."""
        device = Device("cpu", "cpu", "Processor", None, usable=True, reason=None)
        return Choice(device, "A test.", None, (device,))


def _set_up(root: Path, _witness: Witness) -> None:
    file = root / "settings" / "config.toml"
    session = _Guided(file, None, verbose=False, quiet=True)
    session.terminal.result = lambda *_told, **_style: None  # type: ignore[method-assign]
    guide(session, None if file.exists() else root / "data", ask=False)
    if load_settings(file, environ={}).settings.paths.library != root / "data" / "library":
        raise StoreError("The settings that were acknowledged are not there.", "A test.", "Look why.")


def _demonstrated(root: Path, witness: Witness) -> None:
    for written in write_library(root / "demo", pieces=[tiny()]):
        witness.did_as_it_is(written.audio)
        witness.did_as_it_is(written.truth)


@cache
def _site() -> Site:
    """Return a server that runs until the process ends: a download that was cut short goes on from it."""
    stack = contextlib.ExitStack()
    site = stack.enter_context(serving())
    site.put("/weights", file(_WEIGHTS))
    _OPEN.append(stack)
    return site


_OPEN: Final[list[contextlib.ExitStack]] = []


def close_site() -> None:
    """End the server, where there is one."""
    for stack in _OPEN:
        stack.close()
    _OPEN.clear()
    _site.cache_clear()


def _downloaded(root: Path, witness: Witness) -> None:
    wanted = ModelFile(
        "weights.bin", (f"{_site().address}/weights",), hashlib.sha256(_WEIGHTS).hexdigest(), len(_WEIGHTS)
    )
    model = Model("net", "test", "A test.", (wanted,), "MIT", "yes", "You may.")
    store = Store(root / "models")
    pull(model, store, sources=Sources())
    witness.did(store.path(model, wanted.name), wanted.sha256)


def _nothing(_root: Path) -> None:
    _site()  # before the first child is forked


KEPT_TRIALS: Final = (
    Trial("forget analyze", separated, partial(_forgotten, "analyze", "lufs")),
    Trial("forget transcribe", _transcribed, partial(_forgotten, "transcribe", "drum_hits")),
    Trial("rename a track with crops", cropped, _renamed, costly=True),
    Trial("drums as MIDI", in_library, _drums),
    Trial("stage metadata", _tagged, _looked_up),
    Trial("answers of services", lambda _root: None, _remembered),
    Trial("profile of the machine", lambda _root: None, _profiled),
    Trial("speed of the disk", _folders, _timed),
    Trial("looking whether folders can be written", _folders, _examined),
    Trial("first run", lambda _root: None, _set_up, costly=True),
    Trial("demo library", lambda _root: None, _demonstrated, costly=True),
    Trial("weights over the web", _nothing, _downloaded, costly=True),
)
"""Each thing that is kept, taken back, or fetched."""
