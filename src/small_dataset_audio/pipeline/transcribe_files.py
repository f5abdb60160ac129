"""Drums of recordings that are in no library: a MIDI file of each, and nothing else."""

from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

import numpy as np

from small_dataset_audio.atomic import ensure_folder
from small_dataset_audio.audio.decode import decode
from small_dataset_audio.config.model import Settings
from small_dataset_audio.features import extract, rhythm
from small_dataset_audio.features.sound import Sound
from small_dataset_audio.features.spectra import Spectra
from small_dataset_audio.models.transcription.backends import Backend, Listener
from small_dataset_audio.models.transcription.midi import write_midi
from small_dataset_audio.pipeline.scratch import scratch
from small_dataset_audio.pipeline.steps.beats import BeatSource
from small_dataset_audio.pipeline.steps.mix import cut_short
from small_dataset_audio.pipeline.steps.transcribe import HEARS_MIX, heard

SUFFIX: Final = ".drums.mid"
"""Behind the name of the recording."""


@dataclass(frozen=True)
class FileDrums:
    """What became of one recording.

    Attributes:
        file: the recording.
        midi: the file that was written; None where no drums were heard.
        values: the statistics.
        absent: name -> why it could not be measured.
        backend: what heard the drums.
        beats: how many beats the tempo map is made of.
        warnings: sentences for the user.
    """

    file: Path
    midi: Path | None
    values: dict[str, float]
    absent: dict[str, str]
    backend: Backend
    beats: int
    warnings: tuple[str, ...]

    def as_dict(self) -> dict[str, Any]:
        """Return the JSON shape of one file of ``sda transcribe``."""
        return {
            "file": str(self.file),
            "midi": str(self.midi) if self.midi else None,
            "values": self.values,
            "absent": self.absent,
            "backend": self.backend,
            "beats": self.beats,
            "warnings": list(self.warnings),
        }


def transcribe_file(
    file: Path, output: Path, backend: Backend, listen: Listener, beats_of: BeatSource, settings: Settings
) -> FileDrums:
    """Return the drums of ``file``, which are in a MIDI file of its name in ``output`` then.

    Args:
        file: the recording.
        output: a folder; made where it is missing.
        backend: the name of what hears the drums.
        listen: what hears them.
        beats_of: what finds the beats.
        settings: how to decode.

    Raises:
        AudioError: the recording cannot be decoded.
        StoreError: the MIDI file cannot be written, or one is there that sda did not write.
        SdaError: the backend cannot cope with it.
    """
    clip = decode(file, allow_truncated=settings.pipeline.allow_truncated, scratch=scratch(settings))
    times = extract.measure(Sound(Spectra(clip), given_beats=beats_of(clip)), (rhythm.FAMILY,)).times
    none = np.empty(0)
    beats, downbeats = times.get("beats", none), times.get("downbeats", none)
    found = heard(listen(clip), clip.seconds, beats, downbeats)
    path = None
    if found.midi is not None:
        path = output / f"{file.stem}{SUFFIX}"
        ensure_folder(output)
        write_midi(path, found.midi)
    warnings = [*cut_short(file.name, clip)]
    if backend not in HEARS_MIX:
        warnings.append(f"{file.name} was heard as if it were drums alone, which is all that {backend} knows.")
    return FileDrums(file, path, dict(found.values), dict(found.absent), backend, beats.size, tuple(warnings))
