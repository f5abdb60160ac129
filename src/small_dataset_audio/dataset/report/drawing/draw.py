"""The files that a track's page draws from: made once per recording, and again only when the sound changed."""

import base64
import hashlib
import json
import os
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field, replace
from pathlib import Path
from typing import Any, Final

import numpy as np

from small_dataset_audio.atomic import store_error
from small_dataset_audio.audio.clip import Clip
from small_dataset_audio.audio.decode import decode
from small_dataset_audio.audio.spool import Scratch
from small_dataset_audio.dataset.layout import MIX
from small_dataset_audio.dataset.report.drawing.levels import Peaks, peaks, spectrogram
from small_dataset_audio.dataset.report.drawing.png import png
from small_dataset_audio.dataset.report.drawing.preview import write_preview
from small_dataset_audio.dataset.report.folder import put
from small_dataset_audio.dataset.report.markup import script_json
from small_dataset_audio.errors import SdaError, StoreError

VERSION: Final = 1
"""Raised when drawings change: all are made again then."""
OUTLINE: Final = 72
"""Steps of the small waveform in lists."""
STEPS: Final = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_"
"""A step's height, 0 to 63, as one letter."""
_FRONT: Final = "// "
_END: Final = "// complete\n"
_NEVER: Final = "unfinished"
"""The key of no sound."""
_LONGEST_HEADER: Final = 1 << 16


@dataclass(frozen=True)
class Drawn:
    """What the rest of the report needs to know of a drawing.

    Attributes:
        seconds: the duration that was decoded; None where nothing could be.
        outline: the small waveform, a letter a step.
        low_hz: the lowest frequency of the spectrogram; None where there is none.
        high_hz: the highest.
        problems: what was to be drawn (``full_mix`` or a stem) -> why it was not.
    """

    seconds: float | None = None
    outline: str = ""
    low_hz: float | None = None
    high_hz: float | None = None
    problems: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True)
class Sheet:
    """What is to be drawn of one track, and where.

    Attributes:
        slug: the name of its files.
        folder: where they go.
        sounds: ``full_mix`` and stems -> their files; without a mix there is nothing to draw.
        previews: those of them -> the small copies that are to be made of them.
        allow_truncated: draw what can be decoded of an incomplete file.
    """

    slug: str
    folder: Path
    sounds: Mapping[str, Path]
    previews: Mapping[str, Path] = field(default_factory=dict)
    allow_truncated: bool = False

    @property
    def script(self) -> Path:
        """The file with the waveforms."""
        return self.folder / f"{self.slug}.js"

    @property
    def picture(self) -> Path:
        """The spectrogram."""
        return self.folder / f"{self.slug}.png"

    def key(self) -> str:
        """Return what changes when the sound does: over the files' names, sizes and times.

        Raises:
            StoreError: a file cannot be read.
        """
        facts: list[object] = [VERSION, self.allow_truncated, sorted(self.previews)]
        for name, path in self.sounds.items():
            try:
                status = path.stat()
            except OSError as error:
                raise store_error("read", path, error) from error
            facts.append([name, path.name.encode("utf-8", "surrogateescape").hex(), status.st_size, status.st_mtime_ns])
        return hashlib.sha256(json.dumps(facts).encode()).hexdigest()[:32]


def drawn_before(sheet: Sheet, key: str) -> Drawn | None:
    """Return what is known of a drawing that is there, complete and of the sound as it is now; None where there is none."""
    header = _header(sheet.script)
    if header is None or header.pop("key", None) != key:
        return None
    sizes = header.pop("bytes", None)
    try:
        drawn = Drawn(**header)
        there = sizes == _sizes(sheet, drawn)
    except (TypeError, AttributeError, OSError):
        return None
    return drawn if there else None


def _sizes(sheet: Sheet, drawn: Drawn) -> dict[str, int]:
    """Return name -> size of the files beside the script: a power cut may take from one and leave the other.

    Raises:
        OSError: one is not there, or cannot be looked at.
    """
    pictures = [] if drawn.low_hz is None else [sheet.picture]
    previews = [path for name, path in sheet.previews.items() if name not in drawn.problems]
    return {path.name: path.stat().st_size for path in (*pictures, *previews)}


def draw(sheet: Sheet, key: str, scratch: Scratch | None) -> Drawn:
    """Return what is known of a drawing, whose files are there then; what cannot be decoded is named in it.

    Args:
        sheet: what to draw.
        key: of the sheet, before anything is read.
        scratch: where recordings lie that are too long for memory.

    Raises:
        StoreError: a file of the report cannot be written.
    """
    lanes: dict[str, Any] = {}
    problems: dict[str, str] = {}
    drawn = Drawn()
    for name, path in sheet.sounds.items():
        try:
            clip = decode(path, allow_truncated=sheet.allow_truncated, scratch=scratch)
            extremes = peaks(clip.samples, clip.rate)
            lanes[name] = base64.b64encode(extremes.tobytes()).decode()
            if name == MIX:
                drawn = _pictured(sheet, clip, extremes)
            if name in sheet.previews:
                write_preview(sheet.previews[name], clip)
        except StoreError:
            raise
        except SdaError as error:
            problems[name] = f"{error.what} {error.why}"
            if isinstance(error.__cause__, OSError):  # perhaps for a moment only: it is drawn again the next time
                key = _NEVER
    drawn = replace(drawn, problems=problems)
    try:
        sizes = _sizes(sheet, drawn)
    except OSError as error:
        raise store_error("read", sheet.picture, error) from error
    _write(sheet.script, {"key": key, "bytes": sizes, **asdict(drawn)}, lanes, drawn.seconds)
    return drawn


def _pictured(sheet: Sheet, clip: Clip, extremes: Peaks) -> Drawn:
    """Return what is known of the drawing of a mix, whose spectrogram is there then."""
    picture = spectrogram(clip.samples, clip.rate)
    put(sheet.picture, png(picture.levels))
    return Drawn(round(clip.seconds, 6), outline(extremes), round(picture.low, 3), round(picture.high, 3))


def outline(extremes: Peaks) -> str:
    """Return the small waveform of peaks ``[shape=(parts, 3)]``: the highest level of each step, a letter a step."""
    heights = np.abs(extremes.astype(np.int16)).max(axis=1)
    count = min(OUTLINE, len(heights))
    starts = np.arange(count) * len(heights) // count
    steps = np.maximum.reduceat(heights, starts) * (len(STEPS) - 1) // 127
    return "".join(STEPS[step] for step in steps.tolist())


def _write(path: Path, header: Mapping[str, Any], lanes: Mapping[str, str], seconds: float | None) -> None:
    body = f"sdaDrawing({script_json({'seconds': seconds, 'lanes': dict(lanes)})});\n"
    put(path, f"{_FRONT}{script_json(header)}\n{body}{_END}".encode())


def _header(path: Path) -> dict[str, Any] | None:
    """Return what the first line of a drawing says; None where the drawing is not there or not complete."""
    try:
        with path.open("rb") as file:
            first = file.readline(_LONGEST_HEADER)
            file.seek(-min(len(_END), path.stat().st_size), os.SEEK_END)
            complete = file.read() == _END.encode()
    except OSError:
        return None
    try:
        header = json.loads(first.removeprefix(_FRONT.encode()))
    except ValueError:
        return None
    return header if complete and isinstance(header, dict) else None
