"""What a file says of its audio, without decoding it."""

from dataclasses import dataclass
from pathlib import Path

from small_dataset_audio.audio import faults
from small_dataset_audio.audio.containers import ogg
from small_dataset_audio.audio.containers.window import Window
from small_dataset_audio.audio.decoders import ffmpeg, sndfile
from small_dataset_audio.audio.decoders.gather import Gathered
from small_dataset_audio.audio.formats import OGG, Format, identify
from small_dataset_audio.audio.plans import missing_bytes, plan_frames
from small_dataset_audio.errors import AudioError


@dataclass(frozen=True)
class AudioFacts:
    """What a header says.

    Attributes:
        seconds: the duration it declares; None where it declares none (a stream sent down a pipe). MP3 and raw AAC have
            no such header: there it is what their frames add up to.
        rate: samples per second, after decoding.
        channels: their number.
        format: the kind of file, as people call it ("WAV", "FLAC", "MPEG audio").
        codec: how the sound is coded in it ("pcm", "float", "flac", "mp3", "aac", "opus").
        bits: bits per sample, where that has a meaning.
    """

    seconds: float | None
    rate: int
    channels: int
    format: str
    codec: str
    bits: int | None = None


def probe(path: Path) -> AudioFacts:
    """Return what the file at ``path`` says of its audio. Nothing is decoded, and nothing is checked against it.

    Raises:
        NotAudio: the file is empty, is no audio, or holds no audio stream.
        TruncatedAudio: what would say it (the index of an MP4) is cut off.
        AudioError: it cannot be read, or its header makes no sense.
    """
    kind = identify(path)
    with faults.reading(path):
        try:
            return _probe(path, kind)
        except AudioError as error:
            if (lack := missing_bytes(path, kind)) is None:
                raise
            raise faults.nothing_left(path, lack) from error


def _probe(path: Path, kind: Format) -> AudioFacts:
    if kind.reader == "frames":
        frames = plan_frames(path, kind)
        first = frames.stream.first
        return _facts(kind, frames.samples, first.rate, first.channels, first.codec.removesuffix("float"))
    gathered = Gathered(path)
    if kind.reader == "libsndfile":
        try:
            known = sndfile.open_header(gathered)
        except sndfile.NotForLibsndfile:
            pass
        else:
            return _facts(kind, known.samples, known.rate, known.channels, known.codec, known.bits)
    header = ffmpeg.open_header(gathered, kind.demuxer or "")
    samples = header.samples
    if kind == OGG:
        with path.open("rb") as file:
            samples = ogg.examine(Window(file, path)).samples
    return _facts(kind, samples, header.rate, header.channels, header.codec.removesuffix("float"))


def _facts(
    kind: Format, samples: int | None, rate: int, channels: int, codec: str, bits: int | None = None
) -> AudioFacts:
    seconds = None if samples is None or not rate else samples / rate
    return AudioFacts(seconds, rate, channels, kind.name, codec, bits)
