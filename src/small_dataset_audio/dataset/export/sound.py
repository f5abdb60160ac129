"""A recording in an export: its own bytes where every reader takes them, else the same samples in FLAC or WAV."""

from dataclasses import dataclass
from pathlib import Path
from typing import Final

import numpy as np

from small_dataset_audio.audio.clip import Clip, Samples
from small_dataset_audio.audio.content import file_sha256
from small_dataset_audio.audio.decode import decode, probe
from small_dataset_audio.audio.encode import writing
from small_dataset_audio.audio.probe import AudioFacts
from small_dataset_audio.audio.spool import Scratch, blocks
from small_dataset_audio.dataset.crops.build import subtype_of
from small_dataset_audio.dataset.organize.copying import copy_verified
from small_dataset_audio.errors import AudioError

_TAKEN: Final = {("FLAC", "flac"): ".flac", ("WAV", "pcm"): ".wav", ("WAV", "float"): ".wav"}
"""Format and codec of what is copied as it is -> the suffix by which readers know it."""
_FLAC_BITS: Final = 24
_FLAC_CHANNELS: Final = 8
_FLAC_RATE: Final = 655_350
"""Samples per second that the header of a FLAC file can say (RFC 9639, section 8.2)."""
_ROUNDING: Final = 2.0**-23
"""A step of 24 bits: by as much may a sample differ that was computed in floating point."""
_SAMPLE_BYTES: Final = 4


@dataclass(frozen=True)
class Placed:
    """A recording that lies in the export.

    Attributes:
        path: where.
        sha256: of its bytes.
        samples: per channel.
        rate: samples per second.
        channels: their number.
        peak: the greatest sample, full scale being 1.
        copied: these are the bytes of the original; else it was converted.
    """

    path: Path
    sha256: str
    samples: int
    rate: int
    channels: int
    peak: float
    copied: bool

    @property
    def seconds(self) -> float:
        """Its duration."""
        return self.samples / self.rate


def needed_bytes(source: Path) -> int:
    """Return how much room a recording takes in an export, at most; 0 where its header cannot be read.

    Converted, it is never larger than as floating-point WAV.
    """
    try:
        facts = probe(source)
        if _suffix(facts) is not None or facts.seconds is None:
            return source.stat().st_size
    except (AudioError, OSError):
        return 0
    return round(facts.seconds * facts.rate) * facts.channels * _SAMPLE_BYTES


def place(source: Path, folder: Path, stem: str, *, allow_truncated: bool, scratch: Scratch) -> Placed:
    """Return the recording ``source`` as it was put into ``folder``; the original is only read.

    It is decoded from start to end first, so that nothing gets into an export that a reader would stumble over.

    Args:
        source: any file that sda decodes.
        folder: an existing folder.
        stem: the file's name without suffix.
        allow_truncated: take what can be decoded of an incomplete file.
        scratch: where long recordings are decoded to.

    Raises:
        AudioError: it cannot be decoded, or no format holds it.
        StoreError: it cannot be written.
    """
    facts = probe(source)
    clip = decode(source, allow_truncated=allow_truncated, scratch=scratch)
    peak = _peak(clip.samples)
    suffix = None if clip.truncated else _suffix(facts)
    if suffix is not None:
        target = folder / f"{stem}{suffix}"
        sha256 = copy_verified(source, target).sha256
    else:
        target = _convert(clip, source, facts, peak, folder / stem, scratch)
        sha256 = file_sha256(target)
    return Placed(target, sha256, clip.samples.shape[1], clip.rate, clip.channels, peak, copied=suffix is not None)


def _suffix(facts: AudioFacts) -> str | None:
    """Return the suffix under which the file itself can be used; None where it must be converted.

    A header that does not tell the length is one that some readers make nothing of.
    """
    return None if facts.seconds is None else _TAKEN.get((facts.format, facts.codec))


def _peak(samples: Samples) -> float:
    return max(float(np.abs(block).max()) for _, block in blocks(samples))


def _convert(clip: Clip, source: Path, facts: AudioFacts, peak: float, target: Path, scratch: Scratch) -> Path:
    """Write a recording as FLAC, as floating-point WAV where FLAC cannot hold it, and read it back; return its path."""
    fits = (
        peak <= 1.0 and (facts.bits or 0) <= _FLAC_BITS and clip.channels <= _FLAC_CHANNELS and clip.rate <= _FLAC_RATE
    )
    path = target.with_name(target.name + (".flac" if fits else ".wav"))
    with writing(path, clip.rate, clip.channels, subtype=subtype_of(source) if fits else "FLOAT") as writer:
        for _, block in blocks(clip.samples):
            writer.write(block)
    again = decode(path, scratch=scratch)
    if again.samples.shape != clip.samples.shape or not _same(again.samples, clip.samples):
        raise AudioError(
            f"{source} did not come through conversion unchanged.",
            f"What was read back from {path.name} is not what was written.",
            "Check the disk's health, and report this if it happens again.",
        )
    return path


def _same(one: Samples, other: Samples) -> bool:
    pairs = zip(blocks(one), blocks(other), strict=True)
    return all(float(np.abs(a - b).max()) <= _ROUNDING for (_, a), (_, b) in pairs)
