"""The stage transcribe: the drums of a track as a MIDI file beside it, and their statistics.

It listens to the drums stem, where there is one. Without it ADTOF, which was trained on songs, listens to the mix; the
other backends know drums alone and hear nothing then. The tempo map comes from the beats that analyze found.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

import numpy as np

from small_dataset_audio.audio.clip import Clip
from small_dataset_audio.audio.decode import decode
from small_dataset_audio.config.model import Settings
from small_dataset_audio.dataset.identity import beside_sha256
from small_dataset_audio.dataset.layout import Track
from small_dataset_audio.dataset.lock import track_lock
from small_dataset_audio.dataset.times import read_times
from small_dataset_audio.errors import SdaError
from small_dataset_audio.models.store import Store
from small_dataset_audio.models.transcription.backends import MODELS, Backend, Listener, chosen, obstacle, opened
from small_dataset_audio.models.transcription.hits import DRUMS, Times, Transcription
from small_dataset_audio.models.transcription.midi import midi_bytes, remove_midi, write_midi
from small_dataset_audio.models.transcription.tempo import tempo_map
from small_dataset_audio.pipeline.scratch import scratch
from small_dataset_audio.pipeline.stage import Bench, Job, Load, Outcome, Stage, Work, stem_hashes
from small_dataset_audio.pipeline.steps.mix import decoded_mix

MIDI: Final = "drums.mid"
"""The file in the track's folder."""
DRUMS_STEM: Final = "drums"
MIX: Final = "mix"
BEATS: Final = "BEATS_GRID"
DOWNBEATS: Final = "DOWNBEATS"
HEARS_MIX: Final[frozenset[Backend]] = frozenset({"adtof"})
TOTAL: Final = "drum_hits"
DENSITY: Final = "drum_density"
"""Strokes per second."""

NO_STEM: Final = "there is no drums stem, and the backend {} hears nothing else: run the stage separate first"
NO_HITS: Final = "no drums were heard"
NOT_TOLD: Final = "the backend {} does not tell this drum from others"
_CPU: Final = "cpu"
_LOADS: Final[Mapping[Backend, Load]] = {
    "adtof": Load(decodes=1.0, gflop=0.5, memory=900_000_000),
    "drumsep": Load(decodes=3.0, gflop=120.0, memory=3_500_000_000),
    "dsp": Load(decodes=3.0, memory=200_000_000),
}
"""Backend -> what it asks of the machine; docs/drums.md has the measurements."""


@dataclass(frozen=True)
class Heard:
    """What one recording's drums came to.

    Attributes:
        values: for ``.INFO``.
        absent: name -> why it could not be measured.
        midi: the content of the MIDI file; None where no drums were heard.
    """

    values: Mapping[str, float]
    absent: Mapping[str, str]
    midi: bytes | None


def backend_of(settings: Settings) -> Backend:
    """Return the backend that these settings use."""
    return chosen(settings.transcription.backend, Store.of(settings))


def opened_listener(settings: Settings, device: str | None) -> Listener:
    """Return the backend that these settings use, its weights loaded.

    Raises:
        SdaError: it cannot be used here.
    """
    return opened(backend_of(settings), Store.of(settings), device or _CPU, scratch(settings))


def names() -> tuple[str, ...]:
    """Return the names of all values that this stage makes."""
    return (TOTAL, DENSITY, *(f"{TOTAL}_{drum.name}" for drum in DRUMS))


def heard(transcription: Transcription, seconds: float, beats: Times, downbeats: Times) -> Heard:
    """Return the statistics of a transcription and its MIDI file.

    Args:
        transcription: the strokes.
        seconds: length of the recording.
        beats: of the same recording, in seconds; empty where they are not known.
        downbeats: those of them that begin a bar.
    """
    untold = {
        f"{TOTAL}_{drum.name}": NOT_TOLD.format(transcription.backend)
        for drum in DRUMS
        if drum.name not in transcription.strokes
    }
    if not transcription.count:
        return Heard({}, {**dict.fromkeys(names(), NO_HITS), **untold}, None)
    values: dict[str, float] = {TOTAL: transcription.count, DENSITY: transcription.count / seconds}
    values |= {f"{TOTAL}_{name}": strokes.times.size for name, strokes in transcription.strokes.items()}
    return Heard(values, untold, midi_bytes(transcription, tempo_map(beats, downbeats)))


def _open(bench: Bench) -> Work:
    settings = bench.settings
    backend = backend_of(settings)
    listen = opened_listener(settings, bench.device)

    def work(job: Job) -> Outcome:
        track = job.track
        notes: dict[str, object] = {"backend": backend}
        source = _source(track, backend)
        warnings: tuple[str, ...] = ()
        if source is None:
            found = Heard({}, dict.fromkeys(names(), NO_STEM.format(backend)), None)
        else:
            clip, warnings = _decoded(track, source, settings)
            found = heard(listen(clip), clip.seconds, _moments(track, BEATS), _moments(track, DOWNBEATS))
            notes |= {"source": source, "beats": track.sidecar(BEATS).is_file()}
        with track_lock(track.folder):
            if found.midi is None:
                remove_midi(track.folder / MIDI)
            else:
                write_midi(track.folder / MIDI, found.midi)
        files = () if found.midi is None else (MIDI,)
        return Outcome(found.values, found.absent, warnings=warnings, notes=notes, files=files)

    return work


def _source(track: Track, backend: Backend) -> str | None:
    """Return what is listened to: the drums stem, the mix, or nothing."""
    if DRUMS_STEM in track.stems():
        return DRUMS_STEM
    return MIX if backend in HEARS_MIX else None


def _decoded(track: Track, source: str, settings: Settings) -> tuple[Clip, tuple[str, ...]]:
    if source == MIX:
        return decoded_mix(track, settings)
    return decode(track.stems()[DRUMS_STEM], scratch=scratch(settings)), ()


def _moments(track: Track, suffix: str) -> Times:
    path = track.sidecar(suffix)
    return read_times(path) if path.is_file() else np.empty(0)


def _inputs(track: Track, remember: bool) -> Mapping[str, str]:  # noqa: FBT001 - the shape of `Stage.inputs`
    hashes = stem_hashes(track, remember)
    used = {DRUMS_STEM: hashes[DRUMS_STEM]} if DRUMS_STEM in hashes else {}
    moments = {suffix: beside_sha256(track.beside(suffix)) for suffix in (BEATS, DOWNBEATS)}
    return used | {suffix: sha256 for suffix, sha256 in moments.items() if sha256 is not None}


def _obstacle(settings: Settings) -> SdaError | None:
    return obstacle(backend_of(settings), Store.of(settings))


def _digest(settings: Settings) -> str | None:
    model = MODELS.get(backend_of(settings))
    return None if model is None else Store.of(settings).digest(model)


def _memory_gb(settings: Settings) -> float | None:
    model = MODELS.get(backend_of(settings))
    return None if model is None else Store.of(settings).model(model).memory_gb


TRANSCRIBE: Final = Stage(
    name="transcribe",
    version=1,
    summary="writes the drums down as MIDI",
    open=_open,
    needs=("organize", "separate", "analyze"),
    accelerator=lambda settings: backend_of(settings) != "dsp",
    relevant=lambda settings: {"backend": backend_of(settings)},
    model_sha256=_digest,
    obstacle=_obstacle,
    inputs=_inputs,
    memory_gb=_memory_gb,
    load=lambda settings: _LOADS[backend_of(settings)],
)
