"""Decode a recording to float32 samples, whole or not at all.

Every file is judged three times: by its content, before anything is decoded (`formats.identify`); by its structure,
which shows a cut file for what it is (`plans`); and by what came out beside what was declared. Decoders themselves
mostly return less and say nothing.
"""

import contextlib
import logging
import os
from collections.abc import Iterator
from pathlib import Path

from small_dataset_audio.audio import faults
from small_dataset_audio.audio.clip import Clip
from small_dataset_audio.audio.decoders import ffmpeg
from small_dataset_audio.audio.decoders.gather import Gathered
from small_dataset_audio.audio.formats import Format, identify
from small_dataset_audio.audio.plans import Plan, plan
from small_dataset_audio.audio.probe import AudioFacts, probe
from small_dataset_audio.audio.spool import Scratch
from small_dataset_audio.errors import AudioError

__all__ = ["AudioFacts", "decode", "probe"]

_LOGGER = logging.getLogger(__name__)


def decode(path: Path, *, allow_truncated: bool = False, scratch: Scratch | None = None) -> Clip:
    """Return the recording at ``path``, float32 ``[shape=(channels, n)]``, at its own rate (Opus: always 48 kHz).

    Integer samples are divided by their full scale (32768 for 16 bits), so that they lie in [-1, 1). Channels are in
    WAVE order.

    Where the sound begins and ends: the silence that an encoder adds is left out where the file says how long it is (MP3
    with a LAME tag, MP4 with an edit list or iTunes' tag, Ogg). An MP3 without that tag and raw AAC begin with 25 ms
    to 50 ms of it, as in every player.

    What cannot be noticed: an MP3 without a Xing, Info or VBRI frame, or a raw AAC file, that ends early exactly between
    two frames; and damage inside formats without checksums (WAV, AIFF, ALAC, most MP3).

    Args:
        path: the file; its content decides what it is, not its suffix.
        allow_truncated: return what can be decoded of an incomplete file, marked ``truncated``, instead of an error.
        scratch: where the samples lie, read-only, when they are too long for memory (`audio.spool`). None: always in memory.

    Raises:
        NotAudio: the file is empty, is no audio, or holds no samples.
        TruncatedAudio: it holds less audio than it declares, or parts of it cannot be decoded.
        AudioError: it cannot be read or decoded, holds NaN or infinite samples, or changes while it is read.
        StoreError: it is too long for memory, and there is no room for it in the scratch folder.
    """
    kind = identify(path)
    with faults.reading(path), _unchanged(path):
        way = plan(path, kind)
        if way.lack is not None and not allow_truncated:
            raise faults.truncated(path, way.lack)
        gathered = _read(path, way, scratch)
        lack = way.lack or _lack(gathered)
        if lack is not None and not allow_truncated:
            raise faults.truncated(path, lack)
        if gathered.why is not None:
            gathered = _salvage(gathered, kind)
    if gathered.length == 0:
        raise faults.no_sound(path) if lack is None else faults.nothing_left(path, lack)
    return Clip(gathered.samples(), gathered.rate, path, truncated=lack is not None)


@contextlib.contextmanager
def _unchanged(path: Path) -> Iterator[None]:
    """Look at ``path`` before and after: it is read in pieces and more than once, and all must be of the same recording.

    Raises:
        AudioError: another program wrote to it meanwhile, or put another file in its place.
    """
    before = path.stat()
    try:
        yield
    except (AudioError, OSError) as error:
        if not _same(before, path.stat()):
            raise faults.changed(path) from error
        raise
    if not _same(before, path.stat()):
        raise faults.changed(path)


def _same(before: os.stat_result, after: os.stat_result) -> bool:
    return (before.st_size, before.st_mtime_ns) == (after.st_size, after.st_mtime_ns)


def _read(path: Path, way: Plan, scratch: Scratch | None) -> Gathered:
    gathered = Gathered(path, scratch)
    try:
        way.read(gathered)
    except AudioError as error:
        if way.lack is None:
            raise
        raise faults.nothing_left(path, way.lack) from error
    except MemoryError as error:
        raise faults.unsupported(path, "Decoded, it does not fit into the memory that is free.") from error
    return gathered


def _lack(gathered: Gathered) -> str | None:
    """Return what decoding showed to be missing, in a sentence; None if everything came."""
    came = f"{gathered.seconds:.2f} s"
    if gathered.expected is not None and gathered.rate:
        came += f" of {gathered.expected / gathered.rate:.2f} s"
    if gathered.why is not None:
        _LOGGER.debug("%s: the decoder stopped: %s", gathered.path, gathered.why)
        return "Decoding breaks off before the end: the file is damaged, or its end is missing."
    if gathered.failures:
        return f"Damaged places: {gathered.failures:,} or more; {came} can be decoded."
    if gathered.expected is not None and gathered.length < gathered.expected - gathered.slack:
        return f"Only {came} can be decoded: parts are damaged or missing."
    return None


def _salvage(stopped: Gathered, kind: Format) -> Gathered:
    """Return what FFmpeg decodes, where that is more: it goes on behind a damaged place, and loses less before it."""
    second = Gathered(stopped.path, stopped.scratch)
    try:
        ffmpeg.read_container(second, kind.demuxer or "")
    except AudioError:
        return stopped
    return second if second.length > stopped.length else stopped
