"""Trials of the store: `.INFO`, the files of moments and of series beside it, settings, weights, logs, audio."""

import hashlib
import os
from pathlib import Path
from typing import Final

import numpy as np

from small_dataset_audio.audio.content import file_sha256
from small_dataset_audio.audio.encode import encode
from small_dataset_audio.config.load import load_settings
from small_dataset_audio.config.save import set_value, write_settings
from small_dataset_audio.dataset.identity import audio_identity
from small_dataset_audio.dataset.info import StageRecord, safe_update, sweep
from small_dataset_audio.dataset.layout import Track
from small_dataset_audio.dataset.lock import track_lock
from small_dataset_audio.dataset.series import Series, remove_series, write_series
from small_dataset_audio.dataset.times import remove_times, write_times
from small_dataset_audio.models.pull import Sources, pull
from small_dataset_audio.models.registry import Model, ModelFile
from small_dataset_audio.models.store import Store
from small_dataset_audio.pipeline.runlog import RunLog
from support.faults.trial import FOREIGN, Trial, Witness
from support.signals import noise, tone, write_audio

_STAGE: Final = StageRecord("analyze", 1, "settings", "audio", 1.0)
_BEATS: Final = [0.5, 1.0, 1.5, 2.25]
_WEIGHTS: Final = {"one.bin": b"one" * 30_000, "two.bin": b"two" * 20_000}


def _song(root: Path) -> Track:
    return Track(root / "library" / "Song")


def _empty_track(root: Path) -> None:
    _song(root).folder.mkdir(parents=True)


def _foreign(root: Path) -> None:
    _empty_track(root)
    _song(root).info.write_text(f"{FOREIGN}\n}}\n", encoding="utf-8")


def _update(root: Path, witness: Witness) -> None:
    """Update thrice, each time with another value of one name, a new name, and one name less."""
    info = _song(root).info
    for number in range(3):
        values: dict[str, object] = {"bpm": 100.5 + number, f"made_{number}": "text", "labels": {"a": 0.25}}
        witness.will(info, values)
        safe_update(info, values, stage=_STAGE)
        witness.did(info, values)


def _measured(root: Path) -> None:
    _foreign(root)
    safe_update(_song(root).info, {"bpm": 98.0, "lufs": -9.5}, stage=_STAGE)


def _by_hand(root: Path, witness: Witness) -> None:
    """Set a value of the user's own, over what a stage made."""
    info = _song(root).info
    witness.did(info, {"lufs": -9.5})
    witness.will(info, {"bpm": 99.0, "lufs": -9.5})
    safe_update(info, {"bpm": 99.0})
    witness.did(info, {"bpm": 99.0, "lufs": -9.5})


def _times(root: Path, witness: Witness) -> None:
    path = _song(root).sidecar("BEATS_GRID")
    for count in (2, 4, 0, 3):
        witness.will(path, _BEATS[:count])
        write_times(path, _BEATS[:count])
        witness.did(path, _BEATS[:count])
    witness.will(path, None)
    remove_times(path)
    witness.did(path, None)


def _series(root: Path, witness: Witness) -> None:
    path = _song(root).sidecar("TIMESERIES.npz")
    for names in (["loudness"], ["flux", "loudness"]):
        witness.will(path, names)
        values = {name: np.arange(40, dtype=np.float32) for name in names}
        write_series(path, Series(3.0, values))
        witness.did(path, names)
    witness.will(path, None)
    remove_series(path)
    witness.did(path, None)


def _recorded(root: Path) -> None:
    _empty_track(root)
    write_audio(_song(root).folder / "full_mix.wav", tone(0.05))


def _identity(root: Path, witness: Witness) -> None:
    track = _song(root)
    identity = audio_identity(track)
    witness.did(track.info, {"_sda": {"format": 1, "audio": dict(identity)}})


def _encoded(root: Path, witness: Witness) -> None:
    """Encode into all formats; the folder is that of one track, and its lock is held, as where stems are written."""
    folder = _song(root).folder
    with track_lock(folder):
        sweep(folder)
        for suffix in (".flac", ".wav", ".ogg", ".mp3", ".opus"):
            path = folder / f"bass{suffix}"
            encode(path, noise(0.5, 48_000), 48_000)
            witness.did(path, file_sha256(path))


def _settings(root: Path, witness: Witness) -> None:
    """Write settings, and change one."""
    file = root / "settings" / "config.toml"
    if not os.path.lexists(file):
        write_settings(file, {"general.offline": "true"})
    for seconds in ("11.0", "12.0"):
        set_value(file, "crops.seconds", seconds)
        if str(load_settings(file, environ={}).settings.crops.seconds) != seconds:
            witness.failed("the setting that was acknowledged is not there")


def _weights_at_hand(root: Path) -> None:
    for name, content in _WEIGHTS.items():
        (root / "source").mkdir(exist_ok=True)
        (root / "source" / name).write_bytes(content)


def _pulled(root: Path, witness: Witness) -> None:
    files = tuple(
        ModelFile(name, (), hashlib.sha256(content).hexdigest(), len(content)) for name, content in _WEIGHTS.items()
    )
    model = Model("net", "test", "A test.", files, "MIT", "yes", "You may.")
    store = Store(root / "models")
    pull(model, store, sources=Sources(root / "source"))
    for file in files:
        witness.did(store.path(model, file.name), file.sha256)


def _logged(root: Path, witness: Witness) -> None:
    with RunLog(root / "reports") as log:
        said: list[str] = []
        for number in range(6):
            witness.will(log.path, [*said, f"event {number}"])
            log.write(f"event {number}", {"text": "\ud800 \x1b[2J\n" * 200})
            said.append(f"event {number}")
            witness.did(log.path, list(said))


STORE_TRIALS: Final = (
    Trial(".INFO, none before", _empty_track, _update),
    Trial(".INFO beside others' values", _foreign, _update),
    Trial(".INFO by hand", _measured, _by_hand),
    Trial("moments", _empty_track, _times),
    Trial("series", _empty_track, _series),
    Trial("identity of a recording", _recorded, _identity),
    Trial("audio in five formats", _recorded, _encoded, costly=True),
    Trial("settings", lambda _root: None, _settings, costly=True),
    Trial("weights from a folder", _weights_at_hand, _pulled),
    Trial("run log", lambda _root: None, _logged, flushed=False),
)
"""Each thing that sda writes, on its own."""
