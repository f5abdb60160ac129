"""One way to take a recording of any length apart, whatever network does it, in memory that does not grow with it."""

from collections.abc import Iterator

import numpy as np

from small_dataset_audio.audio.clip import Clip, Samples
from small_dataset_audio.audio.resample import resample, resampled_length
from small_dataset_audio.audio.spool import Scratch, Spool, blocks
from small_dataset_audio.errors import ModelError
from small_dataset_audio.models.batches import Batches
from small_dataset_audio.models.separation.channels import grouped, groups, ungrouped
from small_dataset_audio.models.separation.network import Estimates, Network
from small_dataset_audio.models.separation.pieces import Level, OverlapAdd, Piece, cut, pieces

_SILENT = 1e-8
"""Added to the standard deviation, as Demucs does."""


class Separator:
    """A network with what it takes to use it on recordings.

    Attributes:
        network: the network.
        batches: how many pieces it takes at once.
    """

    def __init__(self, network: Network, batches: Batches) -> None:
        self.network = network
        self.batches = batches

    def separate(self, clip: Clip, doing: str, scratch: Scratch | None, warnings: list[str]) -> dict[str, Samples]:
        """Return source -> its part of a recording ``[shape=clip.samples.shape]``, at the recording's rate.

        Deterministic: pieces lie where they lie, nothing is shifted at random.

        Args:
            clip: the recording; its samples may lie on disk.
            doing: what is being done, as a phrase: "separating My Track".
            scratch: where the stems lie when they are too long for memory; None keeps them in memory.
            warnings: takes sentences for the user.

        Raises:
            OutOfMemory: memory ran out, and again with half the batch.
            ModelError: the network gives values that are not numbers.
            StoreError: there is no room in the scratch folder.
        """
        network = self.network
        rate = network.rate or clip.rate
        level = _level(clip.samples) if network.normalise else Level()
        sound = resample(clip.samples, clip.rate, rate)
        # One sample more than sounds: brought back to its own rate, a stem must not be too short.
        length = clip.samples.shape[1]
        total = length if rate == clip.rate else resampled_length(length, clip.rate, rate) + 1
        rows = len(network.sources) * clip.channels
        on_disk = scratch is not None and scratch.takes(4 * rows * total, total / rate)
        spool = Spool(rows, total, scratch.folder if scratch is not None and on_disk else None)
        overlap = OverlapAdd(rows, network.segment, spool)
        for piece, made in self._made(sound, rate, total, level, doing, warnings):
            overlap.add(piece, made * np.float32(level.scale))
        overlap.finish()
        stems = spool.finish().reshape(len(network.sources), clip.channels, total)
        return {
            source: resample(stem, rate, clip.rate)[:, :length]
            for source, stem in zip(network.sources, stems, strict=True)
        }

    def _made(
        self, sound: Samples, rate: int, total: int, level: Level, doing: str, warnings: list[str]
    ) -> Iterator[tuple[Piece, Samples]]:
        """Yield each piece with what the network made of it ``[shape=(rows, segment)]``."""
        network, channels = self.network, sound.shape[0]

        def examples() -> Iterator[Samples]:
            for piece in pieces(total, network.segment, network.overlap):
                yield from grouped(cut(sound, piece.begin, network.segment, level), network.channels)

        def apply(batch: list[Samples]) -> Estimates:
            return network.apply(np.stack(batch), rate)

        answers = (one for batch in self.batches.run(doing, examples(), apply, warnings) for one in batch)
        count = groups(channels, network.channels)
        for piece in pieces(total, network.segment, network.overlap):
            made = ungrouped(np.stack([next(answers) for _ in range(count)]), channels)
            if not np.isfinite(made).all():
                raise _no_numbers(network, doing)
            yield piece, made


def _level(samples: Samples) -> Level:
    """Return mean and standard deviation of the average of all channels, over the whole recording."""
    length = samples.shape[1]
    total = squares = 0.0
    for _, block in blocks(samples):
        mono = block.mean(axis=0, dtype=np.float64)
        total += float(mono.sum())
        squares += float(np.square(mono).sum())
    mean = total / length
    variance = max(0.0, squares - length * mean * mean) / max(1, length - 1)
    return Level(mean, float(np.sqrt(variance)) + _SILENT)


def _no_numbers(network: Network, doing: str) -> ModelError:
    return ModelError(
        f"The model gave values that are not numbers while {doing}.",
        f"The network {network.model} on {network.device} overflowed.",
        "Switch separation.half_precision off if it is on; otherwise try --device cpu, and verify the weights: "
        "sda models verify.",
    )
