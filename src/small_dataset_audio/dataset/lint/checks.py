"""The list of all checks."""

from collections.abc import Callable, Collection, Iterator
from dataclasses import dataclass
from difflib import get_close_matches
from typing import Final

from small_dataset_audio.dataset.lint import alike, captions, shape, sound, stems, trainer, values
from small_dataset_audio.dataset.lint.finding import Finding
from small_dataset_audio.dataset.lint.material import Material
from small_dataset_audio.errors import UsageError


@dataclass(frozen=True)
class Check:
    """One check.

    Attributes:
        name: as it is asked for.
        finds: what it finds, in a few words.
        run: looks.
        listens: it needs the sound of the tracks.
        compares: it needs to know which tracks are not independent.
    """

    name: str
    finds: str
    run: Callable[[Material], Iterator[Finding]]
    listens: bool = True
    compares: bool = False


CHECKS: Final[tuple[Check, ...]] = (
    Check("unreadable", "recordings and .INFO files that cannot be read, or are damaged", sound.unreadable),
    Check("clipped", "tops of the wave that were cut off, or lie beyond full scale", sound.clipped),
    Check("silent", "silent recordings, and long silence at either end", sound.silent),
    Check("offset", "a DC offset", sound.offset),
    Check("mono", "mono in a stereo file, or a silent channel", sound.mono),
    Check("phase", "channels that are out of phase", sound.phase),
    Check("bandwidth", "once lossy, or upsampled: a spectrum that ends like a wall", sound.bandwidth),
    Check("length", "too short for a crop, or so long that it is more than one piece", shape.length),
    Check("rate", "a sample rate that is not the trainer's", shape.rate),
    Check("duplicates", "copies, other masters, shifted, trimmed, or the same loop", alike.duplicates, compares=True),
    Check("leaks", "tracks that a random split would put on both sides", alike.leaks, compares=True),
    Check("stems", "stems that do not add up to the mix", stems.stems),
    Check("captions", "captions that contradict what was measured", captions.captions, listens=False),
    Check("missing", "numbers that other tracks have", values.missing, listens=False),
    Check("outliers", "numbers far from those of all others, or out of range", values.outlying, listens=False),
    Check("licence", "tracks whose licence is not known", values.licence, listens=False),
    Check("trainer", "what the trainer's loader skips, replaces, pads, crops or hears as silence", trainer.trainer),
)


def chosen(only: Collection[str] | None = None, skip: Collection[str] = ()) -> tuple[Check, ...]:
    """Return the checks to make, in order.

    Args:
        only: their names; None for all.
        skip: names to leave out.

    Raises:
        UsageError: there is no check of that name, or none is left.
    """
    names = [check.name for check in CHECKS]
    for name in (*(only or ()), *skip):
        if name not in names:
            near = get_close_matches(name, names, 1)
            raise UsageError(
                f"There is no check called {name!r}.",
                f"The checks are {', '.join(names)}.",
                f"Did you mean {near[0]}?" if near else "Name some of these, separated by commas.",
            )
    left = tuple(check for check in CHECKS if (only is None or check.name in only) and check.name not in skip)
    if not left:
        raise UsageError("No check is left.", "All that were asked for are left out again.", "Leave out fewer of them.")
    return left
