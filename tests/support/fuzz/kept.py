"""Readers of what sda itself kept beside libraries, and what anybody may have changed since: caches, exports, reports, profiles."""

import json
from pathlib import Path
from typing import Final

import numpy as np

from small_dataset_audio.dataset.export import manifest
from small_dataset_audio.dataset.heard.recording import hear
from small_dataset_audio.dataset.heard.store import FOLDER, VERSION, Kept
from small_dataset_audio.dataset.metadata.sources.memory import Memory
from small_dataset_audio.dataset.report.folder import MARK, Folder
from small_dataset_audio.hardware.benchmark.profile import FILE as PROFILE
from small_dataset_audio.hardware.benchmark.profile import load
from small_dataset_audio.hardware.benchmark.report.words import answer
from small_dataset_audio.models.transcription.hits import Transcription
from small_dataset_audio.models.transcription.midi import is_ours, midi_bytes
from small_dataset_audio.models.transcription.tempo import tempo_map
from support.benchmark_profiles import profile
from support.signals import noise, write_audio

_QUESTION: Final = {"ask": 1}
HEARD_NAME: Final = f"{FOLDER}/{VERSION}/ab.npz"
MANIFEST_NAME: Final = f"export/{manifest.NAME}"
MARK_NAME: Final = f"report/{MARK}"
PROFILE_NAME: Final = PROFILE


def read_heard(path: Path) -> None:
    """Read what was heard: all of it is of the right shape, or nothing is known."""
    found = Kept(path.parents[2]).heard("ab")
    if found is not None:
        assert found.levels.peaks.ndim == 1
        assert found.print.ndim == 2
    Kept(path.parents[2]).residual("ab")


def some_heard(folder: Path) -> list[bytes]:
    """Return what is kept of a recording."""
    heard = hear(write_audio(folder / "seed.wav", noise(0.3, 8000), 8000))
    Kept(folder / "cache").keep("ab", heard)
    return [(folder / "cache" / HEARD_NAME).read_bytes()]


def read_memory(path: Path) -> None:
    """Recall an answer from a file that is put where it would be kept."""
    memory = Memory(path.parent / "memory")
    memory.keep(_QUESTION, {"a": 1})
    [kept] = (path.parent / "memory").rglob("*.json")
    kept.write_bytes(path.read_bytes())
    found = memory.recall(_QUESTION)
    assert found is None or found.content is None or isinstance(found.content, dict)


def some_memory(_folder: Path) -> list[bytes]:
    """Return what is kept of an answer."""
    return [json.dumps({"format": 1, "when": 1.7e9, "question": _QUESTION, "answer": {"a": 1}}).encode()]


def read_manifest(path: Path) -> None:
    """Ask of an export whether anything in it is somebody's own."""
    (path.parent / "a.flac").write_bytes(b"mine")
    foreign = manifest.foreign(path.parent)
    assert foreign is None or set(foreign) <= {"a.flac"}


def read_mark(path: Path) -> None:
    """Make a report where one is: nothing is removed outside, whatever the mark says."""
    dear = path.parents[1] / "dear.txt"
    dear.write_text("mine", encoding="utf-8")
    try:
        Folder.claimed(path.parent, path.parents[1] / "library").conclude()
    finally:
        assert dear.exists()


def read_profile(path: Path) -> None:
    """Read what the machine was measured to do, and say it."""
    found = load(path.parent)
    if found is not None:
        answer(found)


def some_profile(_folder: Path) -> list[bytes]:
    """Return a profile."""
    return [json.dumps(profile().document).encode()]


def read_midi(path: Path) -> None:
    """Tell whether a MIDI file is sda's own."""
    assert is_ours(path.read_bytes()) in {True, False}


def some_midi(_folder: Path) -> list[bytes]:
    """Return a MIDI file."""
    return [midi_bytes(Transcription({}, "dsp"), tempo_map(np.array([0.5, 1.0]), np.zeros(0)))]
