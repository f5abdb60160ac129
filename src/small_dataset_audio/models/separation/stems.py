"""From what a backend makes to the stems of a track: extra ones folded in, weak ones judged, all at one scale."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Final

import numpy as np

from small_dataset_audio.audio.clip import Clip, Samples
from small_dataset_audio.audio.spool import Spool, blocks, folder_of, give_back
from small_dataset_audio.config.separation import Separation
from small_dataset_audio.models.separation.quality import Quality, quality

STEMS: Final = ("bass", "drums", "other", "vocals")
"""The stems of a track, in the order in which they are listed everywhere."""
OTHER: Final = "other"
VOCALS: Final = "vocals"
INSTRUMENTAL: Final = "instrumental"
_CEILING: Final = 1 - 2**-15
"""Of the largest peak after rescaling: full scale, with room for the rounding of 16 bits."""


@dataclass
class Stems:
    """The stems of one recording, ready to be written.

    Attributes:
        sounds: name -> samples ``[shape=(channels, n)]``, still to be multiplied with ``scale``.
        scale: one factor for all, so that nothing clips; 1 where nothing would.
        weak: name -> why a stem is no stem to speak of, written or not.
        absent: name -> why it is not among ``sounds``.
        residual_db: the level of the mix less the sum of all that the backend made, beside the mix; None where the mix
            is silent.
    """

    sounds: dict[str, Samples] = field(default_factory=dict)
    scale: float = 1.0
    weak: dict[str, str] = field(default_factory=dict)
    absent: dict[str, str] = field(default_factory=dict)
    residual_db: float | None = None


def finished(mix: Clip, made: Mapping[str, Samples], chosen: Separation, *, limited: bool) -> Stems:
    """Return the stems of a recording as the settings want them.

    Args:
        mix: the recording.
        made: source -> samples, as the backend made them.
        chosen: the settings.
        limited: the files end at full scale.
    """
    stems = Stems(residual_db=_residual_db(mix.samples, list(made.values())))
    sounds = _folded(made, keep_extra=chosen.keep_extra_stems)
    whole = quality(mix.samples, mix.rate)
    judged = {name: quality(sound, mix.rate) for name, sound in sounds.items()}
    stems.weak = {name: why for name, one in judged.items() if (why := one.weakness(whole)) is not None}
    for name in STEMS:
        if name not in sounds:
            stems.absent[name] = f"the backend {chosen.backend} does not know {name}: it is part of {OTHER}"
    _sort_out(stems, sounds, judged, chosen, mix.rate)
    if chosen.instrumental:
        _add_instrumental(stems, judged, mix)
    peak = max((judged[name].peak for name in stems.sounds), default=0.0)
    if limited and chosen.clipping == "rescale" and peak > 1:
        stems.scale = _CEILING / peak
    return stems


def _folded(made: Mapping[str, Samples], *, keep_extra: bool) -> dict[str, Samples]:
    """Return the stems in their order; sources beyond them follow, or are added into other."""
    extra = [name for name in made if name not in STEMS]
    sounds = {name: made[name] for name in STEMS if name in made}
    if keep_extra:
        return {**sounds, **{name: made[name] for name in extra}}
    if extra:
        sounds[OTHER] = combined([sounds[OTHER], *(made[name] for name in extra)])
    return sounds


def _sort_out(
    stems: Stems, sounds: Mapping[str, Samples], judged: dict[str, Quality], chosen: Separation, rate: int
) -> None:
    """Put the stems that are to be written into ``stems``, weak ones as the settings want it."""
    weak = stems.weak if chosen.weak_stems != "keep" else {}
    stems.sounds = {name: sound for name, sound in sounds.items() if name not in weak}
    mixed_back = [name for name in weak if name != OTHER] if chosen.weak_stems == "mix_back" else []
    if mixed_back and OTHER in stems.sounds:
        stems.sounds[OTHER] = combined([stems.sounds[OTHER], *(sounds[name] for name in mixed_back)])
        judged[OTHER] = quality(stems.sounds[OTHER], rate)
    for name, why in weak.items():
        where = f", and was added to {OTHER}" if name in mixed_back and OTHER in stems.sounds else ""
        stems.absent[name] = f"{why}{where}"


def _add_instrumental(stems: Stems, judged: dict[str, Quality], mix: Clip) -> None:
    if VOCALS not in stems.sounds:
        stems.absent[INSTRUMENTAL] = f"there is no vocals stem: {stems.absent[VOCALS]}"
        return
    sound = combined([mix.samples, stems.sounds[VOCALS]], (1, -1))
    stems.sounds[INSTRUMENTAL] = sound
    judged[INSTRUMENTAL] = quality(sound, mix.rate)


def combined(sounds: Sequence[Samples], signs: Sequence[int] | None = None) -> Samples:
    """Return the sum of some sounds, each times its sign (1 where none are given), on disk where the last of them is."""
    channels, length = sounds[0].shape
    spool = Spool(channels, length, folder_of(sounds[-1]))
    for start, block in blocks(sounds[0]):
        stop = start + block.shape[1]
        total = block * np.float32(1 if signs is None else signs[0])
        for index, sound in enumerate(sounds[1:], 1):
            part = sound[:, start:stop]
            total += part * np.float32(1 if signs is None else signs[index])
            give_back(part)
        spool.append(total)
    return spool.finish()


def _residual_db(mix: Samples, sounds: Sequence[Samples]) -> float | None:
    whole = rest = 0.0
    for start, block in blocks(mix):
        left = block.astype(np.float64)
        whole += float(np.square(left).sum())
        for sound in sounds:
            part = sound[:, start : start + block.shape[1]]
            left -= part
            give_back(part)
        rest += float(np.square(left).sum())
    if whole == 0:
        return None
    return float(10 * np.log10(max(rest / whole, 1e-20)))
