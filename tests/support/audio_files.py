"""Audio files of every format, intact and damaged in every way that tests need."""

import struct
from collections.abc import Callable
from pathlib import Path
from typing import Final, cast

import av
import numpy as np
import soundfile
from numpy.typing import NDArray

from support.signals import noise, silence, tone

Signal = NDArray[np.float32]

RATE: Final = 44100
_BLOCK: Final = 4096
_CONTAINERS: Final = {
    ".wav": "WAV",
    ".rf64": "RF64",
    ".w64": "W64",
    ".aiff": "AIFF",
    ".caf": "CAF",
    ".au": "AU",
    ".flac": "FLAC",
    ".ogg": "OGG",
    ".opus": "OGG",
    ".mp3": "MP3",
}
_CODECS: Final = {
    ".m4a": "aac",
    ".aac": "aac",
    ".wma": "wmav2",
    ".mka": "flac",
    ".weba": "libopus",
    ".wv": "wavpack",
    ".mp2": "mp2",
}
_MUXERS: Final = {".weba": "webm", ".m4a": "mp4", ".aac": "adts", ".mka": "matroska"}
_SAMPLE_FORMATS: Final = {".wv": "s16p"}
_LAYOUTS: Final = {1: "mono", 2: "stereo", 6: "5.1", 8: "7.1", 24: "22.2"}

SUFFIXES: Final = (*_CONTAINERS, *_CODECS)
"""Suffixes of the files that `write` can make."""


def music(seconds: float = 1.0, rate: int = RATE, channels: int = 2) -> Signal:
    """Return a tone with a little noise ``[shape=(channels, n)]``: every channel differs, nothing is periodic in frames."""
    sound = 0.02 * noise(seconds, rate, rms=1.0, channels=channels, seed=1)
    for channel in range(channels):
        sound[channel] += tone(seconds, rate, frequency=300.0 * (channel + 1), peak=0.4)[0]
    return sound.astype(np.float32)


def write(path: Path, samples: Signal, rate: int = RATE, subtype: str | None = None) -> Path:
    """Write ``samples`` ``[shape=(channels, n)]`` in the format that the suffix names; return ``path``."""
    if path.suffix in _CODECS:
        return write_by_ffmpeg(path, samples, rate, _CODECS[path.suffix])
    stored = "OPUS" if path.suffix == ".opus" else subtype
    with soundfile.SoundFile(
        path, "w", rate, samples.shape[0], subtype=stored, format=_CONTAINERS[path.suffix]
    ) as file:
        for start in range(0, samples.shape[1], _BLOCK):  # one long block of Vorbis crashes libsndfile
            file.write(samples[:, start : start + _BLOCK].T)
    return path


def write_by_ffmpeg(
    path: Path,
    samples: Signal,
    rate: int,
    codec: str,
    *,
    muxer: str | None = None,
    bit_rate: int = 128_000,
    sample_format: str | None = None,
    muxer_options: dict[str, str] | None = None,
    quality: str | None = None,
) -> Path:
    """Write ``samples`` with one of FFmpeg's encoders, at a constant ``bit_rate`` or a ``quality``; return ``path``."""
    layout = _LAYOUTS[samples.shape[0]]
    muxer = muxer or _MUXERS.get(path.suffix)
    encoder_options: dict[str, str] = {} if quality is None else {"q": quality}
    with av.open(str(path), "w", format=muxer, container_options=muxer_options or {}) as container:
        stream = cast("av.AudioStream", container.add_stream(codec, rate=rate, options=encoder_options))
        stream.layout = layout
        if chosen := sample_format or _SAMPLE_FORMATS.get(path.suffix):
            stream.format = chosen
        if quality is None:
            stream.bit_rate = bit_rate
        packed = np.ascontiguousarray(samples.T).reshape(1, -1)  # PyAV reads past the end of 8 separate planes
        frame = av.AudioFrame.from_ndarray(packed, format="flt", layout=layout)
        frame.sample_rate, frame.pts = rate, 0
        for data in (frame, None):
            for packet in stream.encode(data):
                container.mux(packet)
    return path


def truncate(path: Path, share: float = 0.6) -> Path:
    """Cut ``path`` after a ``share`` of its bytes and return it."""
    data = path.read_bytes()
    path.write_bytes(data[: int(len(data) * share)])
    return path


def damage(path: Path, at: float = 0.5, length: int = 400) -> Path:
    """Overwrite ``length`` bytes of ``path`` with zeros, from a share ``at`` of it on, and return it."""
    data = bytearray(path.read_bytes())
    start = int(len(data) * at)
    data[start : start + length] = bytes(length)
    path.write_bytes(data)
    return path


def _spoilt(value: float) -> Signal:
    samples = tone(0.5, channels=2)
    samples[1, 1000:1010] = value
    return samples


def _header_only(path: Path) -> Path:
    return write(path, silence(0, channels=2))


def _claiming(path: Path) -> Path:
    """Write a WAV file whose header claims three gigabytes."""
    write(path, tone(0.5))
    data = bytearray(path.read_bytes())
    struct.pack_into("<I", data, data.find(b"data") + 4, 3_000_000_000)
    path.write_bytes(data)
    return path


def _text(path: Path) -> Path:
    path.write_text("This is not a recording.\n" * 20, encoding="utf-8")
    return path


def _empty(path: Path) -> Path:
    path.write_bytes(b"")
    return path


_MAKERS: Final[dict[str, Callable[[Path], Path]]] = {
    "music": lambda path: write(path, music(1.0)),
    "mono": lambda path: write(path, music(1.0, channels=1)),
    "six channels": lambda path: write(path, music(1.0, channels=6)),
    "8 kHz": lambda path: write(path, music(1.0, rate=8000), 8000),
    "192 kHz": lambda path: write(path, music(0.5, rate=192_000), 192_000),
    "8-bit": lambda path: write(path, music(1.0), subtype="PCM_U8"),
    "24-bit": lambda path: write(path, music(1.0), subtype="PCM_24"),
    "silence": lambda path: write(path, silence(1.0, channels=2)),
    "short": lambda path: write(path, music(0.1)),
    "truncated": lambda path: truncate(write(path, music(2.0))),
    "damaged": lambda path: damage(write(path, music(2.0))),
    "corrupt": lambda path: damage(write(path, music(0.5)), 0.0, 100_000),
    "nan": lambda path: write(path, _spoilt(np.nan), subtype="FLOAT"),
    "inf": lambda path: write(path, _spoilt(np.inf), subtype="FLOAT"),
    "claiming": _claiming,
    "header only": _header_only,
    "text": _text,
    "empty": _empty,
}
KINDS: Final = tuple(_MAKERS)
"""What `make` makes. Of any format: music, mono, silence, short, truncated, damaged, text, empty. WAV (and where the format has
it): six channels, 8 kHz, 192 kHz, 8-bit, 24-bit, nan, inf, claiming (a header that claims 3 GB), header only."""


def make(path: Path, kind: str) -> Path:
    """Make the file that ``kind`` names (one of `KINDS`) in the format that the suffix of ``path`` names; return ``path``."""
    return _MAKERS[kind](path)
