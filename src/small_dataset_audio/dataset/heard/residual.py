"""Whether stems add up to the mix that they were taken from."""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from small_dataset_audio.audio.decode import decode
from small_dataset_audio.audio.spool import MOST_HELD, Scratch, blocks, give_back


@dataclass(frozen=True)
class Residual:
    """What is left of a mix when its stems are taken out of it.

    Attributes:
        seconds: how much longer (or, below 0, shorter) than the mix that stem is whose length differs most.
        rates: stem -> its sample rate, of those that have another one than the mix.
        level_db: level of the mix less the sum of the stems, beside the mix; None where they cannot be added, or the mix is silent.
        gain_db: by how much the sum of the stems is best turned up before that; None as `level_db`.
    """

    seconds: float
    rates: Mapping[str, int]
    level_db: float | None = None
    gain_db: float | None = None


def residual(mix: Path, stems: Mapping[str, Path], folder: Path) -> Residual:
    """Return what is left of ``mix`` without its stems, at the gain at which that is least.

    Args:
        mix: the recording.
        stems: stem -> its file.
        folder: where long ones are laid out.

    Raises:
        AudioError: one of them cannot be decoded.
        StoreError: there is no room for a long one.
    """
    scratch = Scratch(folder, MOST_HELD // (1 + len(stems)))
    whole = decode(mix, scratch=scratch)
    parts = {name: decode(path, scratch=scratch) for name, path in stems.items()}
    rates = {name: part.rate for name, part in parts.items() if part.rate != whole.rate}
    away = max((part.seconds - whole.seconds for part in parts.values()), key=abs)
    if rates or any(part.channels not in {1, whole.channels} for part in parts.values()):
        return Residual(away, rates)
    mixed = summed = product = 0.0
    for start, block in blocks(whole.samples):
        total = np.zeros(block.shape, dtype=np.float64)
        for part in parts.values():
            piece = part.samples[:, start : start + block.shape[1]]
            total[:, : piece.shape[1]] += piece
            give_back(piece)
        mixed += float(np.square(block, dtype=np.float64).sum())
        summed += float(np.square(total).sum())
        product += float((block * total).sum())
    if mixed <= 0 or summed <= 0 or product <= 0:
        return Residual(away, rates, None if mixed <= 0 else 0.0, None if mixed <= 0 else 0.0)
    left = max(1 - product**2 / (mixed * summed), 1e-15)
    return Residual(away, rates, float(10 * np.log10(left)), float(20 * np.log10(product / summed)))
