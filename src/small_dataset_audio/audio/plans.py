"""How one file is to be read, and what its structure shows to be missing before anything is decoded."""

import logging
from collections.abc import Callable
from dataclasses import dataclass
from itertools import islice, pairwise
from pathlib import Path
from typing import Final

from small_dataset_audio.audio import faults
from small_dataset_audio.audio.containers import mpeg, ogg
from small_dataset_audio.audio.containers.chunks import EXTENTS
from small_dataset_audio.audio.containers.window import Window
from small_dataset_audio.audio.decoders import ffmpeg, sndfile
from small_dataset_audio.audio.decoders.gather import Gathered
from small_dataset_audio.audio.formats import ADTS, MATROSKA, MP4, OGG, WMA, Format

_LOGGER = logging.getLogger(__name__)

_COUNTED_WHOLE: Final = frozenset({MP4, MATROSKA, WMA})
"""Formats that declare the size of the file, not that of the sound in it."""


@dataclass(frozen=True)
class Plan:
    """How to read one file.

    Attributes:
        lack: what the file's structure shows to be missing, in a sentence; None if it looks complete.
        read: decodes the file.
    """

    lack: str | None
    read: Callable[[Gathered], None]


@dataclass(frozen=True)
class FramePlan:
    """What is to be decoded of a stream of frames.

    Attributes:
        stream: its frames.
        declaring: how many of the first frames hold no sound, but declare how much there is: 0 or 1.
        skip: samples of delay before the sound.
        samples: samples of sound after these.
        lack: as in `Plan`.
    """

    stream: mpeg.FrameStream
    declaring: int
    skip: int
    samples: int
    lack: str | None


def plan(path: Path, kind: Format) -> Plan:
    """Return how to read the file at ``path``.

    Raises:
        AudioError: the file begins like audio and makes no sense after that.
        OSError: the file cannot be read.
    """
    if kind.reader == "frames":
        return _plan_frames(path, kind)
    if kind == OGG:
        return _plan_ogg(path)
    return Plan(missing_bytes(path, kind), lambda gathered: _read_by_library(gathered, kind))


def plan_frames(path: Path, kind: Format) -> FramePlan:
    """Return what is to be decoded of an MPEG or ADTS file.

    Raises:
        AudioError: the file holds no whole frame.
        OSError: the file cannot be read.
    """
    with path.open("rb") as file:
        data = Window(file, path)
        stream = mpeg.walk(data, _parser(kind))
        if stream is None or not stream.frames:
            raise faults.damaged(path)
        declared = None if kind == ADTS else mpeg.declared(data, stream)
    sounding = stream.frames - (declared is not None)
    decoded = sounding * stream.first.samples
    skip, samples = 0, decoded
    if declared is not None and declared.delay is not None and declared.padding is not None:
        skip = min(declared.delay + mpeg.DECODER_DELAY, decoded)
        joined = declared.frames is not None and sounding > declared.frames
        padding = 0 if joined else max(0, declared.padding - mpeg.DECODER_DELAY)
        samples = max(0, decoded - skip - padding)
    lack = _missing_frames(stream, declared, sounding)
    return FramePlan(stream, stream.frames - sounding, skip, samples, lack)


def _parser(kind: Format) -> mpeg.Parser:
    return mpeg.adts_header if kind == ADTS else mpeg.mpeg_header


def _plan_frames(path: Path, kind: Format) -> Plan:
    frames = plan_frames(path, kind)

    def read(gathered: Gathered) -> None:
        with path.open("rb") as file:
            data = Window(file, path)
            found = islice(mpeg.spans(data, _parser(kind)), frames.declaring, None)
            each = (data[start : start + length] for start, length in found)
            ffmpeg.read_frames(gathered, frames.stream.first.codec, each, frames.skip, frames.samples)
        gathered.trim(frames.samples if kind != ADTS else gathered.length)

    return Plan(frames.lack, read)


def _missing_frames(stream: mpeg.FrameStream, declared: mpeg.Declared | None, frames: int) -> str | None:
    if declared is not None and declared.frames is not None:
        short = declared.frames - frames
        # Some encoders count their Xing frame too: one frame less is a loss only if something else says so.
        cut = (
            stream.ends_cut
            or stream.gap_bytes > 0
            or (declared.size is not None and declared.size > stream.audio_bytes)
        )
        if short > 1 or (short == 1 and cut):
            length = stream.first.samples / stream.first.rate
            return f"It declares {declared.frames * length:.2f} s, and holds {frames * length:.2f} s."
        return None
    if stream.gap_bytes:
        return f"{stream.gap_bytes:,} bytes between its frames are not sound: it is damaged on the way."
    return "The file ends inside a frame." if stream.ends_cut else None


def _plan_ogg(path: Path) -> Plan:
    with path.open("rb") as file:
        data = Window(file, path)
        found, size = ogg.examine(data), len(data)
    lack = None
    if found.ends_cut:
        lack = "The file ends inside a page."
    elif lost := found.damaged_pages + sum(stream.lost_pages for stream in found.streams):
        lack = f"Pages that are missing or damaged: {lost:,}."
    elif not all(stream.ended for stream in found.streams):
        lack = "Its last page is not marked as the last one: the end of the recording is missing."

    def read(gathered: Gathered) -> None:
        if found.is_vorbis:
            starts = (0, *(stream.start for stream in found.streams[1:]), size)
            sndfile.read_vorbis(gathered, pairwise(starts), found.samples)
        else:
            ffmpeg.read_container(gathered, "ogg")
        gathered.expected, gathered.slack = found.samples, 0

    return Plan(lack, read)


def missing_bytes(path: Path, kind: Format) -> str | None:
    """Return what a file of chunks or boxes lacks, in a sentence; None if it looks complete, or is of another kind."""
    find = EXTENTS.get(kind.name)
    if find is None:
        return None
    with path.open("rb") as file:
        extent = find(file, path.stat().st_size)
    if extent is None or extent.declared is None or not extent.is_cut:
        return None
    if kind in _COUNTED_WHOLE:
        return f"By its own structure it is longer than the {extent.present:,} bytes that are there."
    return f"Its header declares {extent.declared:,} bytes of sound, and {extent.present:,} follow."


def _read_by_library(gathered: Gathered, kind: Format) -> None:
    """Decode through the library of ``kind``; what libsndfile does not open is offered to FFmpeg."""
    demuxer = kind.demuxer or ""
    if kind.reader == "ffmpeg":
        ffmpeg.read_container(gathered, demuxer)
        return
    try:
        sndfile.read(gathered)
    except sndfile.NotForLibsndfile as refusal:
        _LOGGER.debug("%s: libsndfile says: %s", gathered.path, refusal)
        ffmpeg.read_container(gathered, demuxer)
