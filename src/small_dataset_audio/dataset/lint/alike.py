"""Checks of independence: music that is in the library more than once, and would be in training and validation at once."""

from collections.abc import Iterator
from typing import Final

from small_dataset_audio.dataset.lint.finding import Finding, Severity
from small_dataset_audio.dataset.lint.material import Material, mix_of
from small_dataset_audio.dataset.similar.pairs import Kind

_TOLD: Final[dict[Kind, str]] = {
    "same file": "It is a copy of {other}.",
    "same samples": "It holds the same samples as {other}, in another file.",
    "same recording": "It is the same recording as {other}, in another master or format.",
    "part of the other": "It and {other} are the same recording, of different length.",
    "pitch shifted": "It is the same recording as {other}, at another pitch.",
    "tempo changed": "It is the same recording as {other}, at another tempo.",
    "same loop": "It shares a loop, or a passage, with {other}.",
}


def duplicates(material: Material) -> Iterator[Finding]:
    """Yield the pairs of tracks that are not independent; the finding stands at the second by name."""
    if material.similar is None:
        return
    tracks = {entry.name: entry.track for entry in material.entries}
    for pair in material.similar.pairs:
        shared = pair.kind == "same loop"
        severity: Severity = "note" if shared else "fail" if pair.kind in {"same file", "same samples"} else "warn"
        fix = (
            "Keep both, if they are different music; an export keeps them in the same part of the split."
            if shared
            else f"Keep the better one of the two, unless {pair.a} and {pair.b} are meant to count twice."
        )
        yield Finding(
            "duplicates",
            severity,
            pair.b,
            mix_of(tracks[pair.b]) if pair.b in tracks else None,
            f"{_TOLD[pair.kind].format(other=pair.a)} {pair.evidence}",
            pair.as_dict(),
            fix,
        )


def leaks(material: Material) -> Iterator[Finding]:
    """Yield the groups that a random split would put on both sides, and how probable that is."""
    if material.similar is None:
        return
    share = material.limits.validation_share
    for group in material.similar.groups:
        size = len(group)
        if size == 1:
            continue
        torn = 1 - share**size - (1 - share) ** size
        names = sorted(group)
        yield Finding(
            "leaks",
            "warn",
            names[0],
            None,
            f"{', '.join(names[:-1])} and {names[-1]} belong together. Drawn one by one, with {share:.0%} for validation, they "
            f"end up on both sides with a probability of {torn:.0%}: the model would be tested on what it was trained on.",
            {"tracks": names, "probability": round(torn, 3), "validation_share": share},
            "Split with `sda export`, which keeps them together, or keep one of them only.",
        )
