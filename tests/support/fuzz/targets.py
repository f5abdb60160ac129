"""The readers that are fuzzed: each takes any bytes, and ends in an answer or in an error that the user can act upon."""

import json
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

import numpy as np

from small_dataset_audio.audio.decode import decode, probe
from small_dataset_audio.config.load import load_settings
from small_dataset_audio.config.toml.read import NotToml, parse
from small_dataset_audio.dataset import flat_json
from small_dataset_audio.dataset.crops.origin import read_origin
from small_dataset_audio.dataset.identity import audio_identity, stem_identities
from small_dataset_audio.dataset.info import read_info, read_provenance, safe_update
from small_dataset_audio.dataset.layout import Track
from small_dataset_audio.dataset.metadata.tags import read_tags
from small_dataset_audio.dataset.provenance import StageRecord, stage_record
from small_dataset_audio.dataset.series import TIMESERIES, Series, read_series, write_series
from small_dataset_audio.dataset.times import read_times
from small_dataset_audio.errors import SdaError
from small_dataset_audio.models import record
from small_dataset_audio.models.declarations import models_of_text
from small_dataset_audio.models.registry import models
from small_dataset_audio.models.separation.roformer import read_description
from small_dataset_audio.pipeline.runlog import read_events
from support.fuzz import kept
from support.signals import tone, write_audio

_STAGE: Final = StageRecord("analyze", 1, "settings", "audio", 1.0)
_PART: Final = {
    "format": 1,
    "source": {"path": "/a", "name": "a", "size": 1, "mtime_ns": 1, "sha256": "0"},
    "audio": {"sha256": "0", "size": 1, "mtime_ns": 1},
    "stems": {"bass": {"sha256": "0", "size": 1, "mtime_ns": 1}},
    "crop": {"track": "a", "source": "b", "source_sha256": "0", "rate": 1, "source_samples": 1, "start": 0, "stop": 1,
             "fade_ms": 0.0, "files": {"full_mix.flac": "0"}},
    "stages": {"analyze": {"version": 1, "settings_hash": "0", "audio_sha256": "0", "seconds": 1.0, "made": ["bpm"],
                           "absent": {"key": "no"}}},
}  # fmt: skip


@dataclass(frozen=True)
class Target:
    """One reader.

    Attributes:
        name: what it reads.
        read: reads the file, and asserts of what it gave what must hold.
        seeds: texts to begin with.
        file_name: what the file is called.
    """

    name: str
    read: Callable[[Path], None]
    seeds: Callable[[Path], list[bytes]]
    file_name: str = "file"

    def feed(self, folder: Path, data: bytes) -> bool:
        """Return whether the reader understood ``data``.

        Raises:
            Exception: anything but an answer or an error that the user can act upon.
        """
        path = folder / self.file_name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(data)
        try:
            self.read(path)
        except SdaError as error:
            return _refusal(error)
        return True


def _refusal(error: SdaError) -> bool:
    """Return False, having made sure that the user is told what happened, why, and what to do."""
    assert error.what
    assert error.why
    assert error.fix
    return False


def _texts(*texts: str) -> Callable[[Path], list[bytes]]:
    return lambda _folder: [text.encode() for text in texts]


def _recording(path: Path) -> None:
    """Decode; a few kilobytes never become more than a few megabytes, unless they are silence."""
    probe(path)
    clip = decode(path, allow_truncated=True)
    assert clip.samples.size
    assert np.isfinite(clip.samples).all()


def _recordings(folder: Path) -> list[bytes]:
    made = (write_audio(folder / f"seed{suffix}", tone(0.05)) for suffix in (".wav", ".flac", ".ogg", ".mp3", ".aiff"))
    return [path.read_bytes() for path in made]


def _info(path: Path) -> None:
    """Read, and write beside what is there: nothing that was understood may be lost by it."""
    before = read_info(path)
    assert read_provenance(path) == before.get("_sda", {})
    after = safe_update(path, {"bpm": 120.0}, stage=_STAGE)
    assert read_info(path) == after
    for name, value in before.items():
        if name not in {"bpm", "_sda"} and name not in before.get("_sda", {}).get("stages", {}).get("analyze", {}).get(
            "made", []
        ):
            assert after[name] == value or value != value  # noqa: PLR0124 - not a number


def _infos(_folder: Path) -> list[bytes]:
    return [
        b'{"bpm": 1e400, "labels": {"a": [1, 2.50, true]}, "text": "\\u00e9\\ud800"}',
        json.dumps({"bpm": 1, "_sda": _PART}, indent=2).encode() + b"\n",
    ]


def _flat(path: Path) -> None:
    """Parse in both ways: they must agree, and what is written back must mean the same."""
    text = path.read_bytes().decode("utf-8", "replace")
    try:
        entries = flat_json.parse(text)
    except flat_json.Malformed as error:
        if error.line < 1 or error.column < 1 or not error.reason:
            raise
        return
    values = {name: one.value for name, one in entries.items()}
    assert repr(flat_json.load(text)) == repr(values)
    again = flat_json.parse(flat_json.render(entries))
    assert {name: (one.text, repr(one.value)) for name, one in again.items()} == {
        name: (one.text, repr(one.value)) for name, one in entries.items()
    }


def _provenance(path: Path) -> None:
    """Ask a track's folder everything that planning and working ask of its `_sda` part, whatever that is."""
    track = Track(path.parent)
    mix = track.folder / "full_mix.wav"
    if not mix.exists():
        for name in ("full_mix", "bass"):
            write_audio(track.folder / f"{name}.wav", tone(0.01))
    part = read_provenance(track.info)
    read_origin(track)
    audio_identity(track, remember=False)
    stem_identities(track, remember=False)
    stage_record(part, "analyze")


def _settings(path: Path) -> None:
    loaded = load_settings(path, environ={}, cwd=path.parent)
    assert loaded.settings.paths.library.is_absolute()


def _toml(path: Path) -> None:
    """Parse, and find where every key stands."""
    try:
        document = parse(path.read_bytes().decode("utf-8", "replace"))
    except NotToml as error:
        if not error.syntax.reason:
            raise
        return
    for name in document.data:
        assert document.line_of(name) is not None


def _registry(path: Path) -> None:
    found = models_of_text(path.read_bytes().decode("utf-8", "replace"), "a list")
    for name, model in found.items():
        assert "/" not in name
        assert not name.startswith(".")
        for file in model.files:
            assert "/" not in file.name
            assert not file.name.startswith(".")


def _events(path: Path) -> None:
    assert all(isinstance(event, dict) for event in read_events(path))


def _record(path: Path) -> None:
    record.read(path.parent)


def _times(path: Path) -> None:
    times = read_times(path)
    assert np.isfinite(times).all()
    assert (np.diff(times) >= 0).all()


def _series(path: Path) -> None:
    found = read_series(path)
    assert all(isinstance(value, np.ndarray) for value in found.values.values())
    assert found.times.size == found.steps


def _some_series(folder: Path) -> list[bytes]:
    path = folder / f"seed.{TIMESERIES}"
    write_series(path, Series(2.0, {"loudness": np.zeros(4, dtype=np.float32)}))
    return [path.read_bytes()]


def _tags(path: Path) -> None:
    found = read_tags(path)
    assert all(isinstance(key, str) for key in found.values)


def _tagged(folder: Path) -> list[bytes]:
    """Return an MP3 with ID3 frames in several encodings, and a FLAC with Vorbis comments."""
    frames = b""
    for name, text in (
        (b"TIT2", b"\3T\xc3\xb6n"),
        (b"TPE1", b"\1\xff\xfea\0b\0"),
        (b"TYER", b"\x002001"),
        (b"TXXX", b"\0LICENSE\0CC"),
    ):
        frames += name + len(text).to_bytes(4, "big") + b"\0\0" + text
    size = bytes((len(frames) >> shift) & 127 for shift in (21, 14, 7, 0))
    sound = _recordings(folder)
    comment = b"TITLE=a"
    comments = b"\4\0\0\0test\1\0\0\0" + len(comment).to_bytes(4, "little") + comment
    block = b"\4" + len(comments).to_bytes(3, "big") + comments
    return [b"ID3\3\0\0" + size + frames + sound[3], sound[1][:42] + block + sound[1][42:], sound[2]]


def _description(path: Path) -> None:
    read_description(path, frozenset({"dim", "depth", "num_stems", "stereo"}))


def _own_models(_folder: Path) -> list[bytes]:
    one = next(iter(models().values()))
    entry = {
        "task": one.task,
        "summary": one.summary,
        "licence": one.licence,
        "commercial_use": "yes",
        "commercial": "yes",
    }
    lines = [f"[a]\n{chr(10).join(f'{key} = {json.dumps(value)}' for key, value in entry.items())}"]
    lines.append('[[a.files]]\nname = "a.onnx"\nurls = ["https://example.org/a.onnx"]\nbytes = 12\n')
    return ["\n".join(lines).encode()]


TARGETS: Final = (
    Target("recording", _recording, _recordings, "file.wav"),
    Target("tags", _tags, _tagged, "file.mp3"),
    Target("info", _info, _infos, "Song/Song.INFO"),
    Target("flat json", _flat, _infos),
    Target("provenance", _provenance, _infos, "Song/Song.INFO"),
    Target("settings", _settings, _texts('[paths]\nlibrary = "~/x"\n[crops]\nseconds = 2.0\n', "a.b = [1, {c = 2}]\n"), "config.toml"),
    Target("toml", _toml, _texts("[a]\n'b c'.d = [1, {e = 2020-01-01}] # f\n[[g]]\n", 'a = """x\\\n y"""\n')),
    Target("models of one's own", _registry, _own_models),
    Target("run log", _events, _texts('{"event": "start"}\n{"event": "step", "track": "a\\u2028b"}\n{"ev')),
    Target("record of weights", _record, _texts('{"format": 1, "files": {"a": {"sha256": "0", "bytes": 1, "mtime_ns": 2}}, "complete": true, "commit": null, "licence": "MIT"}'), record.RECORD_NAME),
    Target("moments", _times, _texts("0.5\n1.25e0\n\n2.\n", "\ufeff.5\r\n"), "Song.BEATS_GRID"),
    Target("series", _series, _some_series, f"Song.{TIMESERIES}"),
    Target("description of a network", _description, _texts("model: {dim: 1, depth: 2, num_stems: 1}\ntraining: {instruments: [a]}\n", "a: &b [*b]\n"), "a.yaml"),
    Target("what was heard", kept.read_heard, kept.some_heard, kept.HEARD_NAME),
    Target("answer of a service", kept.read_memory, kept.some_memory),
    Target("manifest of an export", kept.read_manifest, _texts('{"sda_export": 1, "files": {"a.flac": {"bytes": 4, "sha256": "0"}}}'), kept.MANIFEST_NAME),
    Target("mark of a report", kept.read_mark, _texts('{"made_by": "sda report", "format": 1, "library": "/a", "files": ["tracks/a.js", "../dear.txt"]}'), kept.MARK_NAME),
    Target("profile of the machine", kept.read_profile, kept.some_profile, kept.PROFILE_NAME),
    Target("drums as MIDI", kept.read_midi, kept.some_midi, "a.mid"),
)  # fmt: skip


def target(name: str) -> Target:
    """Return the target called ``name``."""
    return next(one for one in TARGETS if one.name == name)


def as_json(value: Any) -> bytes:  # noqa: ANN401 - JSON is what it is
    """Return ``value`` as the bytes of a file."""
    return json.dumps(value).encode("utf-8", "surrogatepass")
