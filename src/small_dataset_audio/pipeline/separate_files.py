"""Stems of recordings that are in no library: written to a folder of their own, and nothing else."""

from dataclasses import dataclass
from pathlib import Path
from typing import Any

from small_dataset_audio.audio.decode import decode
from small_dataset_audio.config.model import Settings
from small_dataset_audio.models.separation.engine import Separator
from small_dataset_audio.pipeline.loose_stems import put_stems, require_free
from small_dataset_audio.pipeline.scratch import scratch
from small_dataset_audio.pipeline.steps.mix import cut_short
from small_dataset_audio.pipeline.steps.separate import separated, suffix_of


@dataclass(frozen=True)
class FileStems:
    """What became of one recording.

    Attributes:
        file: the recording.
        folder: where its stems are.
        stems: stem -> file.
        absent: stem -> why there is none.
        scale: the factor that all stems were multiplied with so that none clips.
        backend: what separated.
        model: with which weights; None where there are none.
        warnings: sentences for the user.
    """

    file: Path
    folder: Path
    stems: dict[str, Path]
    absent: dict[str, str]
    scale: float
    backend: str
    model: str | None
    warnings: tuple[str, ...]

    def as_dict(self) -> dict[str, Any]:
        """Return the JSON shape of one file of ``sda separate``."""
        return {
            "file": str(self.file),
            "folder": str(self.folder),
            "stems": {name: str(path) for name, path in self.stems.items()},
            "absent": self.absent,
            "scale": self.scale,
            "backend": self.backend,
            "model": self.model,
            "warnings": list(self.warnings),
        }


def separate_file(file: Path, output: Path, separator: Separator, settings: Settings, *, force: bool) -> FileStems:
    """Return the stems of ``file``, which are in a folder of its name in ``output`` then.

    Args:
        file: the recording.
        output: a folder; made where it is missing.
        separator: what separates.
        settings: how, and in which format the stems are kept.
        force: replace stems that are there.

    Raises:
        AudioError: the recording cannot be decoded.
        StoreError: there are stems already, or the folder cannot be written.
        SdaError: as `separated`.
    """
    folder = output / file.stem
    suffix = suffix_of(settings)
    require_free(folder, suffix, force=force)
    clip = decode(file, allow_truncated=settings.pipeline.allow_truncated, scratch=scratch(settings))
    stems, warnings = separated(separator, clip, file.name, settings)
    written = put_stems(folder, stems, clip.rate, suffix, force=force)
    network = separator.network
    warnings += cut_short(file.name, clip)
    return FileStems(file, folder, written, stems.absent, stems.scale, network.backend, network.model, tuple(warnings))
