"""Everything that the checks need to know of the sound of one recording, from one pass over it."""

import hashlib
from dataclasses import dataclass
from pathlib import Path

from small_dataset_audio.audio.clip import Samples
from small_dataset_audio.audio.decode import decode, probe
from small_dataset_audio.audio.spool import Scratch, blocks
from small_dataset_audio.dataset.heard.cutoff import Wall, wall
from small_dataset_audio.dataset.heard.fingerprint import Fingerprint, fingerprint
from small_dataset_audio.dataset.heard.levels import FlatTops, Levels, measure


@dataclass(frozen=True, eq=False)
class Heard:
    """What was heard of one recording.

    Attributes:
        rate: samples per second.
        channels: their number.
        samples: the length of each.
        codec: how the sound is coded in the file, as `AudioFacts` has it.
        truncated: the file holds less than it declares.
        sound_sha256: of its decoded samples.
        levels: of its channels.
        tops: that were cut off.
        wall: where its spectrum ends like a wall; None where it does not.
        print: its fingerprint.
    """

    rate: int
    channels: int
    samples: int
    codec: str
    truncated: bool
    sound_sha256: str
    levels: Levels
    tops: FlatTops
    wall: Wall | None
    print: Fingerprint

    @property
    def seconds(self) -> float:
        """Duration."""
        return self.samples / self.rate

    @property
    def peak(self) -> float:
        """The largest sample, without sign."""
        return float(self.levels.peaks.max())


def hear(path: Path, scratch: Scratch | None = None) -> Heard:
    """Return what can be heard of the recording at ``path``; a long one is laid out in ``scratch``.

    Raises:
        AudioError: it cannot be decoded.
        StoreError: there is no room for a long one.
    """
    codec = probe(path).codec
    clip = decode(path, allow_truncated=True, scratch=scratch)
    levels, tops = measure(clip.samples, clip.rate)
    return Heard(
        clip.rate,
        clip.channels,
        clip.samples.shape[1],
        codec,
        clip.truncated,
        _sha256(clip.samples, clip.rate),
        levels,
        tops,
        wall(clip.samples, clip.rate),
        fingerprint(clip.samples, clip.rate),
    )


def _sha256(samples: Samples, rate: int) -> str:
    digest = hashlib.sha256(f"{rate} Hz, {samples.shape}".encode())
    for _, block in blocks(samples):
        for row in block:
            digest.update(row.tobytes())
    return digest.hexdigest()
