"""Write samples to a file, whole or not at all: at once (`encode`), or block by block (`writing`)."""

import io
import logging
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO, Final

import numpy as np
import soundfile

from small_dataset_audio.atomic import replacing, write_bytes
from small_dataset_audio.audio.clip import Samples
from small_dataset_audio.audio.containers.ogg import VORBIS_ORDER
from small_dataset_audio.audio.decoders.ffmpeg import library
from small_dataset_audio.audio.decoders.gather import BLOCK
from small_dataset_audio.errors import AudioError

_LOGGER = logging.getLogger(__name__)


@dataclass(frozen=True)
class _Target:
    """What libsndfile calls a format, and how samples are stored in it unless the caller says otherwise."""

    container: str
    subtype: str


_TARGETS: Final = {
    ".wav": _Target("WAV", "FLOAT"),
    ".flac": _Target("FLAC", "PCM_24"),
    ".ogg": _Target("OGG", "VORBIS"),
    ".opus": _Target("Opus", "OPUS"),
    ".mp3": _Target("MP3", "MPEG_LAYER_III"),
}
ENCODED_SUFFIXES: Final = frozenset(_TARGETS)
"""The suffixes that `encode` writes."""

_NO_PEAK_CHUNK: Final = 0x1050
"""libsndfile's command SFC_SET_ADD_PEAK_CHUNK: the chunk holds the hour of writing, and equal sound is to give equal files."""
_UNLIMITED: Final = frozenset({"FLOAT", "DOUBLE"})
_OPUS_RATES: Final = (8000, 12000, 16000, 24000, 48000)
_OPUS_LAYOUTS: Final = {1: "mono", 2: "stereo", 3: "3.0", 4: "quad", 6: "5.1", 8: "7.1"}
"""FFmpeg's names of the arrangements that it writes right: with 5 and 7 channels it confuses their order."""
_LARGEST_WAV: Final = (1 << 32) - (1 << 16)
"""Bytes of sound in a WAV file, whose sizes have 32 bits, with room for its other chunks."""
_FIX: Final = "Choose another format, or prepare the samples differently."


class Writer:
    """An audio file that is being written. What is beyond full scale is clipped and counted, except in float WAV.

    Attributes:
        clipped: samples that had to be clipped so far.
    """

    def __init__(self, path: Path, file: BinaryIO, rate: int, channels: int, target: _Target) -> None:
        self.clipped = 0
        self._path = path
        self._channels = channels
        self._target = target
        self._written = 0
        self._sink = _Sink(file)
        try:
            self._sound = soundfile.SoundFile(
                self._sink, "w", rate, channels, subtype=target.subtype, format=target.container
            )
        except soundfile.LibsndfileError as error:
            raise AudioError(
                f"Could not write {path}.",
                f"The encoder does not take {channels} channels at {rate} Hz: {error.error_string}",
                "Choose another format, or resample and mix down first.",
            ) from error
        soundfile._snd.sf_command(self._sound._file, _NO_PEAK_CHUNK, soundfile._ffi.NULL, 0)  # noqa: SLF001 - the only way

    def write(self, samples: Samples) -> None:
        """Add ``samples`` ``[shape=(channels, n)]``, of any length.

        Raises:
            AudioError: they are not of the channels that the file has, are not finite, or are too many for the format.
            OSError: the disk is full, or fails.
        """
        self._written += samples.size
        why = None
        if samples.ndim != 2 or samples.shape[0] != self._channels:  # noqa: PLR2004 - (channels, n)
            why = f"An array of shape {samples.shape} is no block of a file with {self._channels} channels."
        elif not np.isfinite(samples).all():
            why = "Some samples are NaN or infinite."
        elif self._target.container == "WAV" and self._written * _width(self._target) > _LARGEST_WAV:
            why = "A WAV file holds 4 GiB at most."
        if why is not None:
            raise AudioError(f"Could not write {self._path}.", why, _FIX)
        for start in range(0, samples.shape[1], BLOCK):  # in one piece, long Vorbis streams crash libsndfile
            self._add(samples[:, start : start + BLOCK])

    def finish(self) -> None:
        """Write what the encoder still holds, and report in the log what was clipped.

        Raises:
            AudioError: nothing was written before.
            OSError: the disk is full, or fails.
        """
        if self._written == 0:
            raise AudioError(f"Could not write {self._path}.", "There are no samples.", _FIX)
        self._sound.close()
        self._sink.check()
        if self.clipped:
            _LOGGER.warning(
                "%s: %d of %d samples were beyond full scale and were clipped", self._path, self.clipped, self._written
            )

    def abandon(self) -> None:
        """Let go of the encoder; what it wrote is worth nothing."""
        self._sound.close()

    def _add(self, block: Samples) -> None:
        if self._target.subtype not in _UNLIMITED:
            beyond = int(np.count_nonzero(np.abs(block) > 1.0))
            self.clipped += beyond
            block = np.clip(block, -1.0, 1.0) if beyond else block
        if self._target.container == "OGG" and self._channels in VORBIS_ORDER:
            block = block[list(VORBIS_ORDER[self._channels])]
        self._sound.write(np.ascontiguousarray(block.T))
        self._sink.check()


class _Sink:
    """The file below libsndfile, which cannot hand an error of the disk on to Python: it is kept here instead."""

    def __init__(self, file: BinaryIO) -> None:
        self._file = file
        self._error: OSError | None = None

    def write(self, data: bytes) -> int:
        """Return how many bytes libsndfile takes to be written: all of them, whatever the disk says."""
        try:
            if self._error is None:
                self._file.write(data)
        except OSError as error:
            self._error = error
        return len(data)

    def seek(self, offset: int, whence: int = io.SEEK_SET) -> int:
        """Return the new place in the file, 0 where the disk refused."""
        try:
            return self._file.seek(offset, whence)
        except OSError as error:  # what was buffered is written before the place changes
            self._error = self._error or error
            return 0

    def tell(self) -> int:
        """Return the place in the file, 0 where the disk refused."""
        try:
            return self._file.tell()
        except OSError as error:
            self._error = self._error or error
            return 0

    def check(self) -> None:
        """Raise what the disk answered, if that was an error."""
        if self._error is not None:
            raise self._error


@contextmanager
def writing(path: Path, rate: int, channels: int, *, subtype: str | None = None) -> Iterator[Writer]:
    """Yield a `Writer` for ``path``, which appears under its name, complete, when the block ends without an error.

    Args:
        path: ``.wav``, ``.flac``, ``.ogg`` or ``.mp3``, as of `encode`; Opus is written by `encode` alone.
        rate: samples per second.
        channels: their number, in WAVE order.
        subtype: as of `encode`.

    Raises:
        AudioError: the suffix is none of these, the format does not take this rate, these channels or this subtype, or
            nothing was written.
        StoreError: the file cannot be written.
    """
    target = _writable_target(path, subtype)
    with replacing(path) as file:
        writer = Writer(path, file, rate, channels, target)
        finished = False
        try:
            yield writer
            writer.finish()
            finished = True
        finally:
            if not finished:
                writer.abandon()


def require_writable(path: Path, rate: int, channels: int) -> None:
    """Return if `writing` takes such a file; nothing is written. Ask before work whose result it is to hold.

    Raises:
        AudioError: as of `writing`.
    """
    target = _writable_target(path, None)
    Writer(path, io.BytesIO(), rate, channels, target).abandon()


def encode(path: Path, samples: Samples, rate: int, *, subtype: str | None = None) -> int:
    """Write ``samples`` to ``path`` in the format of its suffix and return how many of them had to be clipped.

    The file appears under its name only when it is complete. Formats other than float WAV end at full scale: samples
    outside [-1, 1] are set to the limit, counted, and reported in the log; none wraps around. There is no dither: 16-bit
    and 24-bit recordings come back bit for bit.

    Args:
        path: ``.wav`` (32-bit float by default), ``.flac`` (24 bits), ``.ogg`` (Vorbis), ``.opus``, ``.mp3`` (LAME, CBR).
        samples: float32 ``[shape=(channels, n)]``, in WAVE order.
        rate: samples per second.
        subtype: libsndfile's name of another way to store them, such as ``PCM_16``.

    Raises:
        AudioError: the suffix is not one of these, the format does not take this rate, these channels or this subtype,
            there are no samples, or some are not finite.
        StoreError: the file cannot be written.
    """
    if samples.ndim != 2 or samples.size == 0:  # noqa: PLR2004 - (channels, n)
        why = f"There are no samples in an array of shape {samples.shape}; (channels, samples) is expected."
        raise AudioError(f"Could not write {path}.", why, _FIX)
    target = _target(path, subtype)
    if target.container == "Opus":
        return _encode_opus(path, samples, rate, target)
    with writing(path, rate, samples.shape[0], subtype=subtype) as writer:
        writer.write(samples)
    return writer.clipped


def _target(path: Path, subtype: str | None) -> _Target:
    target = _TARGETS.get(path.suffix.lower())
    if target is None:
        raise AudioError(
            f"Could not write {path}.",
            f"sda does not write files that end in {path.suffix!r}.",
            f"Use one of {', '.join(sorted(_TARGETS))}.",
        )
    return target if subtype is None else _Target(target.container, subtype)


def _writable_target(path: Path, subtype: str | None) -> _Target:
    """Return the format of a file that is written block by block, which libsndfile does."""
    target = _target(path, subtype)
    why = None
    if target.container == "Opus":
        why = "Opus is not written block by block."
    elif not soundfile.check_format(target.container, target.subtype):
        why = f"{target.container} does not store samples as {target.subtype}."
    if why is not None:
        raise AudioError(f"Could not write {path}.", why, _FIX)
    return target


def _width(target: _Target) -> int:
    """Return the bytes of one sample in a WAV file."""
    return {"DOUBLE": 8, "PCM_24": 3, "PCM_16": 2}.get(target.subtype, 4)


def _encode_opus(path: Path, samples: Samples, rate: int, target: _Target) -> int:
    """Write an Opus file and return how many samples had to be clipped.

    Raises:
        AudioError: Opus does not take these samples.
        StoreError: the file cannot be written.
    """
    why = _opus_refuses(samples.shape[0], rate, target)
    if not np.isfinite(samples).all():
        why = "Some samples are NaN or infinite."
    if why is not None:
        raise AudioError(f"Could not write {path}.", why, _FIX)
    clipped = int(np.count_nonzero(np.abs(samples) > 1.0))
    write_bytes(path, _opus(path, np.clip(samples, -1.0, 1.0) if clipped else samples, rate, target))
    if clipped:
        _LOGGER.warning("%s: %d of %d samples were beyond full scale and were clipped", path, clipped, samples.size)
    return clipped


def _opus_refuses(channels: int, rate: int, target: _Target) -> str | None:
    if target.subtype != "OPUS":
        return f"A .opus file does not store samples as {target.subtype}."
    if rate not in _OPUS_RATES:
        return f"Opus does not take {rate} Hz, only {', '.join(str(each) for each in _OPUS_RATES)} Hz."
    return (
        None if channels in _OPUS_LAYOUTS else f"sda writes Opus with 1, 2, 3, 4, 6 or 8 channels, not with {channels}."
    )


def _opus(path: Path, samples: Samples, rate: int, target: _Target) -> bytes:
    """Return the bytes of an Opus file. FFmpeg makes them: libsndfile drops the last 6.5 ms."""
    av = library()
    memory = io.BytesIO()
    layout = _OPUS_LAYOUTS[samples.shape[0]]
    _LOGGER.debug("%s: %s, %s at %d Hz", path, target.subtype, layout, rate)
    with av.open(memory, "w", format="opus", container_options={"fflags": "+bitexact"}) as container:
        stream = container.add_stream("libopus", rate=rate)
        stream.layout, stream.format = layout, "flt"
        frame = av.AudioFrame.from_ndarray(np.ascontiguousarray(samples.T).reshape(1, -1), "flt", layout)
        frame.sample_rate, frame.pts = rate, 0
        for each in (frame, None):
            container.mux(stream.encode(each))
    return memory.getvalue()
