"""Decode through libsndfile: WAV, AIFF, W64, CAF, AU, FLAC and Ogg Vorbis."""

import contextlib
import errno
import io
import os
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO, Final

import numpy as np
import soundfile

from small_dataset_audio.audio import faults
from small_dataset_audio.audio.containers.ogg import WAVE_ORDER
from small_dataset_audio.audio.decoders.gather import BLOCK, Gathered
from small_dataset_audio.audio.decoders.source import Source

_BUFFER: Final = 1 << 16
"""Bytes of a part that are read at a time: libsndfile asks for a few at once."""
_UNKNOWN_LENGTH: Final = (1 << 63) - 1
"""libsndfile's number of samples for a FLAC stream that does not say."""
_SYSTEM_ERROR: Final = 2
"""libsndfile's SF_ERR_SYSTEM."""
_ENCODINGS: Final = {
    "PCM_S8": ("pcm", 8),
    "PCM_U8": ("pcm", 8),
    "PCM_16": ("pcm", 16),
    "PCM_24": ("pcm", 24),
    "PCM_32": ("pcm", 32),
    "FLOAT": ("float", 32),
    "DOUBLE": ("float", 64),
    "ULAW": ("mu-law", 8),
    "ALAW": ("a-law", 8),
    "ALAC_16": ("alac", 16),
    "ALAC_20": ("alac", 20),
    "ALAC_24": ("alac", 24),
    "ALAC_32": ("alac", 32),
}


class NotForLibsndfile(Exception):  # noqa: N818 - never leaves this room
    """libsndfile does not open the file; the text is its reason."""


@dataclass(frozen=True)
class Header:
    """What a header says; ``samples`` (per channel) and ``bits`` are None where it does not."""

    rate: int
    channels: int
    samples: int | None
    codec: str
    bits: int | None


def header(source: soundfile.SoundFile) -> Header:
    """Return what the header of an open file says."""
    codec, bits = _ENCODINGS.get(source.subtype, (source.subtype.lower().replace("_", " "), None))
    samples = None if source.frames == _UNKNOWN_LENGTH else int(source.frames)
    return Header(source.samplerate, source.channels, samples, "flac" if source.format == "FLAC" else codec, bits)


def open_header(gathered: Gathered) -> Header:
    """Return what the header of ``gathered.path`` says.

    Raises:
        NotForLibsndfile: libsndfile does not open it.
    """
    with _open(gathered.path) as source:
        return header(source)


def read(gathered: Gathered) -> None:
    """Decode ``gathered.path`` into ``gathered``; a file that is damaged on the way is read up to there.

    Raises:
        NotForLibsndfile: libsndfile does not open it, or it does not know its length (a FLAC sent down a pipe, which
            libsndfile reads wrongly).
        AudioError: the header is out of range.
    """
    with _open(gathered.path) as source:
        known = header(source)
        if known.samples is None:
            raise NotForLibsndfile("its header does not give its length")
        gathered.start(known.rate, known.channels, known.samples)
        _read_blocks(gathered, source)


def read_vorbis(gathered: Gathered, parts: Iterable[tuple[int, int]], declared: int | None) -> None:
    """Decode the parts of an Ogg Vorbis file, one after the other, into ``gathered``; channels come in WAVE order.

    libsndfile stops after the first part of a "chained" file, so that each is given to it as a file of its own.

    Args:
        gathered: where the samples go.
        parts: first byte and end of each part.
        declared: how many samples all parts have, None where they do not say.

    Raises:
        AudioError: a header is out of range, or the parts differ in rate or number of channels.
        OSError: the disk fails on the way.
    """
    for start, stop in parts:
        with Source(gathered.path, start, stop) as part:
            try:
                _read_part(gathered, io.BufferedReader(part, _BUFFER), declared)
            except NotForLibsndfile as refusal:
                gathered.why = str(refusal)
                return
            finally:
                if part.failure is not None:
                    raise part.failure


def _read_part(gathered: Gathered, part: BinaryIO, declared: int | None) -> None:
    with _opened(part) as source:
        if not gathered.rate:
            gathered.start(source.samplerate, source.channels, declared)
        elif source.samplerate != gathered.rate:
            raise faults.rate_changes(gathered.path, gathered.rate, source.samplerate)
        _read_blocks(gathered, source, WAVE_ORDER.get(source.channels))


def _read_blocks(gathered: Gathered, source: soundfile.SoundFile, order: Sequence[int] | None = None) -> None:
    room = np.empty((BLOCK, source.channels), dtype=np.float32)
    try:
        while len(block := source.read(out=room)):
            gathered.append(block.T if order is None else block.T[list(order)])
    except soundfile.LibsndfileError as error:
        _raise_if_the_disk_failed(error)
        gathered.why = str(error.error_string)


@contextlib.contextmanager
def _open(file: Path) -> Iterator[soundfile.SoundFile]:
    """Yield a file, open; what closing it answers is of no interest, since nothing was written.

    Raises:
        NotForLibsndfile: libsndfile does not open it.
        OSError: the disk fails.
    """
    source = _opened(file)
    try:
        yield source
    finally:
        with contextlib.suppress(soundfile.LibsndfileError):
            source.close()


def _opened(file: Path | BinaryIO) -> soundfile.SoundFile:
    name = os.fsencode(file) if isinstance(file, Path) else file  # as bytes: names need not be UTF-8
    with contextlib.suppress(soundfile.LibsndfileError):
        return soundfile.SoundFile(name)
    try:  # again: a disk that failed for a moment looks to libsndfile like another format
        return soundfile.SoundFile(name)
    except soundfile.LibsndfileError as error:
        _raise_if_the_disk_failed(error)
        raise NotForLibsndfile(str(error.error_string)) from error


def _raise_if_the_disk_failed(error: soundfile.LibsndfileError) -> None:
    """Raise an `OSError` where a system call of libsndfile failed: that says nothing of the file.

    Another decoder could have better luck a moment later, and see the file with other eyes: the result would depend on it.
    """
    if error.code == _SYSTEM_ERROR:
        raise OSError(errno.EIO, "reading failed in the middle") from error
