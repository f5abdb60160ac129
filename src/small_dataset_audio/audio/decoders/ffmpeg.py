"""Decode through FFmpeg's libraries (PyAV): what libsndfile does not read, and what it reads less well.

Why Opus and MP3 come here although libsndfile opens them: it decodes Opus at the rate of the original instead of 48 kHz,
with the channels in Opus' own order, and its MP3 decoder writes remarks to the terminal. Why Vorbis does not: FFmpeg
loses 128 samples where a stream begins with a short block.

PyAV is imported when the first such file is met: that takes longer than reading many a WAV file.
"""

import contextlib
import logging
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from fractions import Fraction
from typing import TYPE_CHECKING, Final

import numpy as np

from small_dataset_audio.audio import faults
from small_dataset_audio.audio.clip import Samples
from small_dataset_audio.audio.containers.chunks import mp4_timescale
from small_dataset_audio.audio.decoders.gather import BLOCK, Gathered
from small_dataset_audio.audio.decoders.source import Source

if TYPE_CHECKING:
    from types import ModuleType

    from av import AudioFrame, AudioResampler, AudioStream, Packet
    from av.container import InputContainer

_LOGGER = logging.getLogger(__name__)

_BUFFER: Final = 1 << 18
_INTEGERS: Final = {"u8": (128, 128.0), "s16": (0, 32768.0), "s32": (0, 2147483648.0)}
"""Zero and full scale of FFmpeg's integer sample formats."""
_TOO_MANY_PLANES: Final = 8
_FLOATS: Final = frozenset({"flt", "dbl"})
_MOV_SLACK: Final = 4096
"""Samples by which an MP4 may declare more or less than it holds: its frames have up to 2048, and pad both ends."""
_ROOM: Final = 2 * _MOV_SLACK
"""Samples of delay and padding that may come out before it is known that they are to be left out."""
_EXACT: Final = frozenset({"flac", "wv"})
"""Containers whose header counts samples."""
_COARSE_SLACK: Final = Fraction(1, 4)
"""Seconds by which a duration in milliseconds (Matroska, WMA) may differ from what is decoded; encoders round up to a
frame and count their own delay in or out."""


@dataclass
class _Collector:
    """Turns FFmpeg's small frames into blocks for ``gathered``, from the sample ``skip`` on."""

    gathered: Gathered
    skip: int = 0
    expected: int | None = None
    _frames: list[Samples] = field(default_factory=list)
    _waiting: int = 0
    _interleave: "AudioResampler | None" = None

    def take(self, frame: "AudioFrame") -> None:
        """Add one frame.

        Raises:
            AudioError: the rate changes on the way, or the sample format is unknown.
        """
        if not self.gathered.rate:
            self.gathered.start(frame.sample_rate, frame.layout.nb_channels, self.expected, _ROOM)
        elif frame.sample_rate != self.gathered.rate:
            raise faults.rate_changes(self.gathered.path, self.gathered.rate, frame.sample_rate)
        elif frame.layout.nb_channels != self.gathered.channels:
            raise faults.channels_change(self.gathered.path, self.gathered.channels, frame.layout.nb_channels)
        for readable in self._readable(frame):
            block = _as_float(readable, self.gathered)
            dropped = min(self.skip, block.shape[1])
            self.skip -= dropped
            self._frames.append(block[:, dropped:])
            self._waiting += block.shape[1] - dropped
        if self._waiting >= BLOCK:
            self.flush()

    def _readable(self, frame: "AudioFrame") -> "list[AudioFrame]":
        """Return ``frame`` in a form that PyAV can read: it looks for planes beyond the last one if there are 8 or more."""
        if not frame.format.is_planar or frame.layout.nb_channels < _TOO_MANY_PLANES:
            return [frame]
        if self._interleave is None:
            self._interleave = library().AudioResampler(frame.format.packed, frame.layout, frame.sample_rate)
        return self._interleave.resample(frame)

    def flush(self) -> None:
        """Hand over what is waiting."""
        if self._frames:
            self.gathered.append(np.concatenate(self._frames, axis=1))
            self._frames, self._waiting = [], 0


@dataclass(frozen=True)
class Header:
    """What a container says; ``samples`` (per channel) is None where it does not."""

    rate: int
    channels: int
    samples: int | None
    codec: str


def library() -> "ModuleType":
    """Return PyAV, silenced: FFmpeg's remarks never reach the terminal."""
    import av  # noqa: PLC0415 - late on purpose, see the module's text

    av.logging.set_level(None)
    return av


def read_frames(gathered: Gathered, codec: str, frames: Iterable[bytes], skip: int, expected: int) -> None:
    """Decode ``frames`` one by one into ``gathered``; frames that cannot be decoded are counted and left out.

    Args:
        gathered: where the samples go.
        codec: FFmpeg's name of the decoder.
        frames: the bytes of each frame.
        skip: samples to leave out at the beginning (encoder and decoder delay).
        expected: how many samples there should be after these.
    """
    av = library()
    decoder = av.CodecContext.create(codec, "r")
    collector = _Collector(gathered, skip, expected)
    for data in frames:
        try:
            for frame in decoder.decode(av.Packet(data)):
                collector.take(frame)
        except av.error.FFmpegError:
            gathered.failures += 1
    collector.flush()


def open_header(gathered: Gathered, demuxer: str) -> Header:
    """Return what the container at ``gathered.path`` says of its audio.

    Raises:
        AudioError: it cannot be read, or holds no audio.
    """
    with _container(gathered, demuxer) as container:
        stream = _audio_stream(container, gathered)
        context = stream.codec_context
        samples, _ = _declared(container, stream, context.sample_rate)
        return Header(context.sample_rate, context.layout.nb_channels, samples, context.name)


def read_container(gathered: Gathered, demuxer: str) -> None:
    """Decode the audio in the container at ``gathered.path`` into ``gathered``.

    What the encoder put before and after the sound (its delay, the padding of the last frame) is left out where the
    container says how long that is: an edit list or iTunes' tag in MP4, the pre-skip and last position in Ogg.

    Raises:
        AudioError: it cannot be read, or holds no audio.
    """
    with _container(gathered, demuxer) as container:
        stream = _audio_stream(container, gathered)
        declared, slack = _declared(container, stream, stream.codec_context.sample_rate)
        collector = _Collector(gathered, expected=declared)
        ends: int | None = None
        for packet in _packets(container, stream, gathered):
            if packet.pts is not None and packet.duration:
                ends = packet.pts + packet.duration
            _decode(packet, collector)
        collector.flush()
        gathered.expected, gathered.slack = declared, slack
        if demuxer == "mov" and gathered.rate:
            _trim_end(gathered, container, stream, ends)


@contextlib.contextmanager
def _container(gathered: Gathered, demuxer: str) -> Iterator["InputContainer"]:
    """Yield the open container at ``gathered.path``.

    Raises:
        AudioError: it makes no sense as that container.
        OSError: the disk fails on the way.
    """
    av = library()
    with Source(gathered.path) as source:
        try:
            with av.open(source, "r", format=demuxer, metadata_errors="replace", buffer_size=_BUFFER) as container:
                yield container
        except av.error.FFmpegError as error:
            _LOGGER.debug("%s: FFmpeg says: %s", gathered.path, error)
            raise faults.damaged(gathered.path) from error
        finally:
            if source.failure is not None:
                raise source.failure


def _audio_stream(container: "InputContainer", gathered: Gathered) -> "AudioStream":
    if not container.streams.audio:
        raise faults.no_sound(gathered.path, "It holds no audio stream.")
    stream = container.streams.audio[0]
    if stream.codec_context is None:
        raise faults.unsupported(
            gathered.path, "Its sound is in a format without a decoder here (it may be protected)."
        )
    return stream


def _packets(container: "InputContainer", stream: "AudioStream", gathered: Gathered) -> Iterator["Packet[AudioStream]"]:
    av = library()
    try:
        yield from container.demux(stream)
    except av.error.FFmpegError as error:
        gathered.why = str(error)


def _decode(packet: "Packet[AudioStream]", collector: _Collector) -> None:
    av = library()
    if packet.is_corrupt:
        collector.gathered.failures += 1
    try:
        frames = packet.decode()
    except av.error.FFmpegError:
        collector.gathered.failures += 1
        return
    for frame in frames:
        collector.take(frame)


def _declared(container: "InputContainer", stream: "AudioStream", rate: int) -> tuple[int | None, int]:
    """Return the samples per channel that the container declares (None if it does not), and how exact that is."""
    coarse = round(_COARSE_SLACK * rate)
    if stream.duration is None or stream.time_base is None:
        known = container.duration
        return (None if known is None else round(Fraction(known, 1_000_000) * rate)), coarse
    name = container.format.name
    slack = 0 if name in _EXACT else _MOV_SLACK if name.startswith("mov") else coarse
    return round(stream.duration * stream.time_base * rate), slack


def _trim_end(gathered: Gathered, container: "InputContainer", stream: "AudioStream", ends: int | None) -> None:
    """Leave out the padding of an MP4's last frame; FFmpeg leaves it in.

    Three places may tell: the duration of the last packet, the edit list (in the stream's duration), iTunes' own tag.
    """
    unit = (stream.time_base or 0) * gathered.rate
    by_packets = None if ends is None else round((ends - (stream.start_time or 0)) * unit)
    by_edits = None if stream.duration is None else round(stream.duration * unit)
    if by_packets is not None and by_edits is not None:
        with gathered.path.open("rb") as file:
            timescale = mp4_timescale(file, gathered.path.stat().st_size) or gathered.rate
        if abs(by_packets - by_edits) * timescale <= gathered.rate:
            by_edits = by_packets  # the edit list has the coarser unit, often a millisecond, and means the same
    told = (_itunes_length(container, stream), by_packets, by_edits)
    padding = [gathered.length - length for length in told if length is not None]
    gathered.trim(gathered.length - max((least for least in padding if 0 < least <= _MOV_SLACK), default=0))


def _itunes_length(container: "InputContainer", stream: "AudioStream") -> int | None:
    """Return the number of samples in iTunes' gapless tag, where there is one: its fourth hexadecimal field."""
    fields = (container.metadata.get("iTunSMPB") or stream.metadata.get("iTunSMPB") or "").split()
    try:
        return int(fields[3], 16)
    except (IndexError, ValueError):
        return None


def _as_float(frame: "AudioFrame", gathered: Gathered) -> Samples:
    """Return the samples of ``frame``, float32 ``[shape=(channels, n)]``."""
    kind = frame.format.packed.name
    if kind not in _FLOATS and kind not in _INTEGERS:
        raise faults.unsupported(gathered.path, f"Its samples are of a kind that sda does not know ({kind}).")
    data = frame.to_ndarray()
    if not frame.format.is_planar:
        data = data.reshape(-1, frame.layout.nb_channels).T
    if kind in _FLOATS:
        return data.astype(np.float32, copy=False)
    zero, scale = _INTEGERS[kind]
    samples = data.astype(np.float32)
    samples -= np.float32(zero)
    samples /= np.float32(scale)
    return samples
