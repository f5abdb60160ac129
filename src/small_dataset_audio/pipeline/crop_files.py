"""Crops of recordings that are in no library: a folder of them beside nothing else, each measured like a track's."""

from dataclasses import dataclass
from pathlib import Path
from typing import Any

from small_dataset_audio.atomic import ensure_folder
from small_dataset_audio.audio.clip import Clip
from small_dataset_audio.audio.content import file_sha256
from small_dataset_audio.audio.decode import decode
from small_dataset_audio.dataset.crops.build import Record, Source
from small_dataset_audio.dataset.crops.inherit import TEMPO
from small_dataset_audio.dataset.layout import Track
from small_dataset_audio.dataset.organize import sanitise
from small_dataset_audio.features import extract, rhythm
from small_dataset_audio.features.sound import Sound
from small_dataset_audio.features.spectra import Spectra
from small_dataset_audio.pipeline.cropping import Cut, Recording, cut
from small_dataset_audio.pipeline.plan import Failure, Request
from small_dataset_audio.pipeline.scratch import scratch
from small_dataset_audio.pipeline.stage import Bench
from small_dataset_audio.pipeline.stages import ANALYZE, SIDECARS
from small_dataset_audio.pipeline.standing import Standing
from small_dataset_audio.pipeline.steps.beats import BeatSource
from small_dataset_audio.pipeline.steps.crop import CROP
from small_dataset_audio.pipeline.steps.mix import cut_short
from small_dataset_audio.pipeline.worker import perform


@dataclass(frozen=True)
class FileCrops:
    """What became of one recording.

    Attributes:
        file: the recording.
        folder: the folder that holds the folder of its crops.
        made: its crops.
        failures: crops that could not be measured, and why.
        warnings: sentences for the user.
    """

    file: Path
    folder: Path
    made: Cut
    failures: tuple[Failure, ...]
    warnings: tuple[str, ...]

    def as_dict(self) -> dict[str, Any]:
        """Return the JSON shape of one file of ``sda crop``."""
        return {
            "file": str(self.file),
            "folder": str(self.folder),
            "crops": [str(crop.folder) for crop in self.made.stored.crops],
            "written": self.made.stored.written,
            "silent": self.made.silent,
            "aligned": self.made.aligned,
            "warnings": list(self.warnings),
        }


def crop_file(file: Path, output: Path, beats_of: BeatSource, bench: Bench, *, force: bool) -> FileCrops:
    """Return the crops of ``file``, which are in ``<output>/<its name>/crops`` then.

    Args:
        file: the recording.
        output: a folder; made where it is missing.
        beats_of: what finds its beats.
        bench: how to cut and measure.
        force: make crops anew that are there.

    Raises:
        AudioError: it cannot be decoded.
        StoreError: something cannot be written, or a file that sda did not make is in the way.
    """
    settings = bench.settings
    track = Track(output / sanitise(file.stem))
    clip = decode(file, allow_truncated=settings.pipeline.allow_truncated, scratch=scratch(settings))
    ensure_folder(track.folder)
    recording = _recording(file, track, clip, beats_of)
    made = cut(recording, settings.crops, Record(CROP.version, CROP.settings_hash(settings)), force=force)
    failures = _measure(made, bench)
    return FileCrops(file, track.folder, made, failures, (*cut_short(file.name, clip), *made.warnings))


def _recording(file: Path, track: Track, clip: Clip, beats_of: BeatSource) -> Recording:
    """Return a recording as it is to be cut; its beats are found here."""
    found = extract.measure(Sound(Spectra(clip), given_beats=beats_of(clip)), (rhythm.FAMILY,))
    times = {suffix: found.times[name] for name, suffix in SIDECARS.items() if name in found.times}
    tempo: dict[str, float] = {name: found.values[name] for name in TEMPO if name in found.values}
    source = Source(file, lambda: clip)
    return Recording(track, clip, source, file_sha256(file), {}, {}, times, timed=True, values=tempo)


def _measure(made: Cut, bench: Bench) -> tuple[Failure, ...]:
    """Analyze the crops for which that is not done; return what failed."""
    standing = Standing(Request(None, (ANALYZE,)), bench.settings)
    jobs = filter(None, map(standing.job, made.stored.crops))
    results = [perform(ANALYZE.name, job, bench) for job in jobs]
    return tuple(result.failure for result in results if result.failure is not None)
