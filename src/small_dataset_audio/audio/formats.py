"""Which files are taken for audio, and what a file is by its content: a name may lie, the first bytes do not."""

import codecs
import re
from dataclasses import dataclass
from pathlib import Path
from typing import Final, Literal

from small_dataset_audio.audio import faults
from small_dataset_audio.audio.containers.mpeg import adts_header, mpeg_header, walk
from small_dataset_audio.audio.containers.tags import tag_length

SUFFIXES: Final = frozenset(
    {
        *(".wav", ".wave", ".bwf", ".rf64", ".w64", ".aif", ".aiff", ".aifc", ".caf", ".au"),
        *(".flac", ".wv"),
        *(".mp3", ".mp2", ".m4a", ".m4b", ".aac", ".ogg", ".oga", ".opus", ".wma", ".mka", ".weba"),
    }
)
"""Suffixes, in lower case, of the files that a folder scan takes. Video files are left out; named on their own, they
are decoded all the same."""


@dataclass(frozen=True)
class Format:
    """One kind of file.

    Attributes:
        name: as people call it.
        reader: which library decodes it: ``libsndfile``; ``ffmpeg`` by its container; ``frames``, FFmpeg's decoder fed
            with the frames that `containers.mpeg` finds.
        demuxer: FFmpeg's name for the container. It is always told: left to guess, FFmpeg takes some text files for
            play lists and opens the addresses in them.
    """

    name: str
    reader: Literal["libsndfile", "ffmpeg", "frames"]
    demuxer: str | None = None


WAV: Final = Format("WAV", "libsndfile", "wav")
WAV_OF_MPEG: Final = Format("WAV", "ffmpeg", "wav")
"""A WAV file around MP2 or MP3 frames: libsndfile's MP3 decoder writes remarks to the terminal."""
AIFF: Final = Format("AIFF", "libsndfile", "aiff")
W64: Final = Format("W64", "libsndfile", "w64")
CAF: Final = Format("CAF", "libsndfile", "caf")
AU: Final = Format("AU", "libsndfile", "au")
FLAC: Final = Format("FLAC", "libsndfile", "flac")
OGG: Final = Format("Ogg", "ffmpeg", "ogg")
MP4: Final = Format("MP4", "ffmpeg", "mov")
MATROSKA: Final = Format("Matroska", "ffmpeg", "matroska")
WMA: Final = Format("WMA", "ffmpeg", "asf")
WAVPACK: Final = Format("WavPack", "ffmpeg", "wv")
MPEG: Final = Format("MPEG audio", "frames")
ADTS: Final = Format("ADTS", "frames")

_MAGIC: Final = (
    *((name, 8, b"WAVE", WAV) for name in (b"RIFF", b"RIFX", b"RF64", b"BW64")),
    *((b"FORM", 8, kind, AIFF) for kind in (b"AIFF", b"AIFC")),
    (b"riff\x2e\x91\xcf\x11", 24, b"wave\xf3\xac\xd3\x11", W64),
    (b"caff", 4, b"\0\x01", CAF),
    (b".snd", 0, b"", AU),
    (b"dns.", 0, b"", AU),
    (b"fLaC", 0, b"", FLAC),
    (b"OggS", 0, b"", OGG),
    (b"\x1a\x45\xdf\xa3", 0, b"", MATROSKA),
    (b"\x30\x26\xb2\x75\x8e\x66\xcf\x11", 0, b"", WMA),
    (b"wvpk", 0, b"", WAVPACK),
    *((b"", 4, box, MP4) for box in (b"ftyp", b"moov", b"mdat", b"wide", b"free", b"skip", b"styp", b"moof")),
)
"""What a file begins with, and what stands where after that."""

_WAV_MPEG: Final = re.compile(rb"fmt .{4}[\x50\x55]\0", re.DOTALL)
"""The format chunk of such a WAV file: its length, then the registered number of MPEG audio or of MP3."""
_OTHER_CONTENT: Final = (
    (b"RIFF", "video or an image (RIFF)"),
    (b"%PDF", "a PDF document"),
    (b"PK\x03\x04", "a ZIP archive"),
    (b"\x1f\x8b", "a gzip archive"),
    (b"7z\xbc\xaf", "a 7-Zip archive"),
    (b"Rar!", "a RAR archive"),
    (b"\x89PNG", "a PNG image"),
    (b"\xff\xd8\xff", "a JPEG image"),
    (b"GIF8", "a GIF image"),
    (b"MThd", "MIDI notes, which hold no sound"),
    (b"\0\x05\x16\x07", "the companion file in which macOS keeps a file's attributes"),
    (b"SQLite", "a database"),
)
_HEAD: Final = 64
_WINDOW: Final = 1 << 18
"""How far from its start, tags aside, a stream of frames must show itself."""
_CONVINCING_FRAMES: Final = 4


def identify(path: Path) -> Format:
    """Return what kind of audio the file at ``path`` holds, by its content.

    Raises:
        AudioError: the file is missing, is a folder, or cannot be read.
        NotAudio: it is empty, or its content is no audio that sda knows.
    """
    faults.require_file(path)
    with faults.reading(path), path.open("rb") as file:
        start = tag_length(file.read(_HEAD), 0)
        file.seek(start if start < path.stat().st_size else 0)
        window = file.read(_WINDOW)
    kind = _by_magic(window) or _by_frames(window)
    if kind is None:
        raise faults.not_audio(path, _describe(window))
    return kind


def _by_magic(head: bytes) -> Format | None:
    for start, at, then, kind in _MAGIC:
        if head.startswith(start) and head.startswith(then, at):
            return WAV_OF_MPEG if kind == WAV and _WAV_MPEG.search(head) else kind
    return None


def _by_frames(window: bytes) -> Format | None:
    """Return MPEG or ADTS, whichever explains more of ``window``: in either, headers of the other turn up by chance."""
    best, kind = 0, None
    for parse, candidate in ((mpeg_header, MPEG), (adts_header, ADTS)):
        stream = walk(window, parse)
        if stream is None or not stream.frames:
            continue
        framed = stream.framed_bytes
        from_start = stream.start == 0 and not stream.gap_bytes
        dense = stream.frames >= _CONVINCING_FRAMES and 2 * framed >= stream.audio_bytes
        if (from_start or dense) and framed > best:
            best, kind = framed, candidate
    return kind


def _describe(content: bytes) -> str:
    """Return what ``content`` looks like, as the object of "its content looks like"."""
    for start, what in _OTHER_CONTENT:
        if content.startswith(start):
            return what
    if not content.strip(b"\0"):
        return "nothing but zeros"
    try:
        # The window may end inside a character; a file may not.
        text = codecs.getincrementaldecoder("utf-8")().decode(content, final=len(content) < _WINDOW)
    except UnicodeDecodeError:
        text = "\0"
    if "\0" in text:
        return "nothing that sda knows as audio"
    return "a web page" if "<html" in text[:1024].lower() else "plain text"
