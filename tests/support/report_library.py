"""A library with everything that a report has to deal with, small enough to be made for every test."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np

from small_dataset_audio.dataset.crops.inherit import BEATS, DOWNBEATS
from small_dataset_audio.dataset.info import StageRecord, safe_update
from small_dataset_audio.dataset.layout import Track
from small_dataset_audio.dataset.series import TIMESERIES, Series, write_series
from small_dataset_audio.dataset.times import write_times
from support.signals import clicks, noise, tone, write_audio

RATE = 22_050
HOSTILE = '<img src=x onerror=alert(1)> </script><script>window.owned=1</script> & "Zoë\'s" #1? 100%'
"""What no page may take for anything but text. (A folder's name holds no slash; `named` writes it without.)"""


def named(title: str) -> str:
    """Return a title as a folder can be called."""
    return title.replace("/", "\u2215")


def piece(
    library: Path,
    name: str,
    *,
    seconds: float = 3.0,
    bpm: float | None = 120.0,
    suffix: str = ".wav",
    stems: tuple[str, ...] = (),
    values: Mapping[str, Any] | None = None,
    absent: Mapping[str, str] | None = None,
    texts: Mapping[str, Any] | None = None,
) -> Track:
    """Return a new track: clicks over a tone, with beats and values where it has a tempo."""
    folder = library / name
    folder.mkdir(parents=True)
    track = Track(folder)
    beats = np.arange(0.1, seconds, 60 / bpm) if bpm else np.empty(0)
    sound = tone(seconds, RATE, 220, 0.2, 2) + clicks(beats, seconds, RATE, 0.5, 2) + noise(seconds, RATE, 0.01, 2)
    write_audio(folder / f"full_mix{suffix}", sound, RATE)
    for number, stem in enumerate(stems):
        write_audio(folder / f"{stem}.wav", tone(seconds, RATE, 110 * (number + 1), 0.2), RATE)
    known: dict[str, Any] = {"lufs": -14.0, "brightness": 55.0, "onset_density": 2.0} | dict(values or {})
    if bpm:
        write_times(track.sidecar(BEATS), beats)
        write_times(track.sidecar(DOWNBEATS), beats[::4])
        write_times(track.sidecar("ONSETS"), beats)
        known = {"bpm": bpm, "bpm_is_defined": 1, "tonic": 2, "tonic_scale": "minor"} | known
    record = StageRecord("analyze", 2, "0123456789abcdef", "f" * 64, 1.5, absent=absent or {}, notes={"beats": "dsp"})
    audio = {"sha256": "f" * 64, "seconds": seconds, "rate": RATE, "channels": 2, "format": "WAV", "bits": 16}
    source = {"path": f"/somewhere/{name}.wav"}
    safe_update(track.info, known, stage=record, reserved={"audio": audio, "source": source})
    if texts:
        safe_update(track.info, texts)
    return track


def midi(hits: Mapping[int, tuple[float, ...]], *, tempo: int = 500_000, ticks: int = 480) -> bytes:
    """Return a Standard MIDI File of format 0: note -> the seconds at which it is struck."""
    events = sorted((round(time * 1e6 / tempo * ticks), note) for note, times in hits.items() for time in times)
    body = b"\0\xff\x51\x03" + tempo.to_bytes(3)
    reached = 0
    for tick, note in events:
        body += variable(tick - reached) + bytes((0x99, note, 100)) + b"\x01" + bytes((0x89, note, 0))
        reached = tick + 1
    body += b"\0\xff\x2f\0"
    return (
        b"MThd"
        + (6).to_bytes(4)
        + (0).to_bytes(2)
        + (1).to_bytes(2)
        + ticks.to_bytes(2)
        + b"MTrk"
        + len(body).to_bytes(4)
        + body
    )


def variable(number: int) -> bytes:
    """Return a variable-length quantity."""
    parts = [number & 0x7F]
    while number := number >> 7:
        parts.append(number & 0x7F | 0x80)
    return bytes(reversed(parts))


def rich(library: Path) -> Track:
    """Return a track that has everything: stems, drum strokes, labels, captions, curves and a crop."""
    track = piece(
        library,
        "Everything",
        seconds=4.0,
        stems=("bass", "drums"),
        values={"spectral_kurtosis": 14.2, **{f"chroma_{i}": i / 12 for i in range(12)}},
        absent={"lufs_vocals": "there is no stem vocals"},
        texts={
            "music_flamingo_full": "A house track <b>with</b> a tape hiss.\nIt never ends.",
            "essentia_genre": {"Electronic---House": 0.61, "Electronic---<i>Odd</i>": 0.2},
            "essentia_mood": {"dark": 0.4},
            "my_rating": 4,
            "genres": ["house", "dub & bass"],
        },
    )
    (track.folder / "drums.mid").write_bytes(midi({36: (0.1, 1.1), 38: (0.6,), 42: (0.35, 0.85)}))
    over_time = {
        "lufs": np.linspace(-20, -10, 16, dtype=np.float32),
        "beats": np.ones(16, dtype=np.float32),
        "chroma": np.eye(16, 12, dtype=np.float32),
        "band_power": np.full((16, 4), 0.01, dtype=np.float32),
    }
    write_series(track.sidecar(TIMESERIES), Series(4.0, over_time))
    crop = track.folder / "crops" / "Everything_1"
    crop.mkdir(parents=True)
    write_audio(crop / "full_mix.wav", tone(2.0, RATE), RATE)
    origin = {
        "track": "Everything", "source": "full_mix.wav", "source_sha256": "f" * 64, "rate": RATE, "source_samples": 4 * RATE,
        "start": RATE, "stop": 3 * RATE, "fade_ms": 10.0, "bars": 1, "beats": 4, "loop_bpm": 120.0,
    }  # fmt: skip
    safe_update(Track(crop).info, {"position_in_file": 0.25}, reserved={"crop": origin})
    return track


def odd(library: Path) -> dict[str, Track]:
    """Return tracks that are each odd in a way of their own, by that way."""
    tracks = {
        "hostile": piece(
            library, named(HOSTILE), texts={"music_flamingo_full": HOSTILE, "essentia_genre": {HOSTILE: 0.5}}
        ),
        "no beats": piece(library, "Drone", bpm=None, absent={"bpm": "there are no beats"}),
        "short": piece(library, "Tick", seconds=0.02, bpm=None),
        "aiff": piece(library, "From Logic", suffix=".aiff"),
        "unreadable": piece(library, "Broken Info"),
        "no sound": piece(library, "Not Audio"),
        "empty": Track(library / "Only Info"),
    }
    tracks["unreadable"].info.write_text("{ not json")
    (tracks["no sound"].folder / "full_mix.wav").write_bytes(b"this is no audio at all")
    tracks["empty"].folder.mkdir()
    safe_update(tracks["empty"].info, {"lufs": -9.0})
    tracks["no beats"].sidecar("ONSETS").write_text("one\ntwo\n")
    return tracks


def crowd(library: Path, count: int) -> None:
    """Make tracks that have values, but no sound: what a report of many tracks needs."""
    generator = np.random.default_rng(1)
    for number in range(count):
        folder = library / f"Piece {number:04}"
        folder.mkdir(parents=True)
        values = {
            "bpm": float(generator.uniform(60, 180)), "bpm_is_defined": 1, "tonic": int(generator.integers(12)),
            "tonic_scale": ("major", "minor")[int(generator.integers(2))], "lufs": float(generator.uniform(-24, -6)),
            "brightness": float(generator.normal(55, 8)), "onset_density": float(generator.uniform(1, 9)),
        }  # fmt: skip
        safe_update(Track(folder).info, values, stage=StageRecord("analyze", 2, "a", "b", 1.0))
