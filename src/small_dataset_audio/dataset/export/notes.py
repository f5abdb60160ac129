"""Sentences on what a user should know of an export that went well."""

from collections.abc import Iterator, Sequence
from typing import Final

from small_dataset_audio.dataset.export.formats.stable_audio import MOST_SECONDS
from small_dataset_audio.dataset.export.ready import Layout, Ready
from small_dataset_audio.dataset.similar import Similar

_MANY_WORDS: Final = 95
"""English words of which T5 makes about 128 tokens, the most that it reads with Stable Audio Open's settings."""
_MANY_NUMBERS: Final = 16
"""Numbers from which most say the same as others: the catalog measures many things in several ways."""


def notes_on(
    ready: Sequence[Ready], layout: Layout, share: float, similar: Similar | None, *, conditioned: bool
) -> list[str]:
    """Return the sentences.

    Args:
        ready: what is exported.
        layout: how.
        share: how many songs were to be held back.
        similar: which songs were compared.
        conditioned: it is for a trainer with conditioners.
    """
    notes = [*_on_prompts(ready, conditioned=conditioned), *_on_split(ready, share, similar)]
    if conditioned:
        notes += _on_conditioning(ready, layout)
    return notes


def _on_prompts(ready: Sequence[Ready], *, conditioned: bool) -> Iterator[str]:
    empty = [one.item.name for one in ready if not one.prompt]
    if empty:
        yield (
            f"{len(empty)} of {len(ready)} prompts are empty, such as that of {empty[0]}: nothing that the template asks "
            "for is known there. Labels and captions come from `sda run` and `sda caption`."
        )
    long = sum(len(one.prompt.split()) > _MANY_WORDS for one in ready)
    if long and conditioned:
        yield f"{long} of {len(ready)} prompts have more than {_MANY_WORDS} words: of these T5 reads about so many and no more."


def _on_split(ready: Sequence[Ready], share: float, similar: Similar | None) -> Iterator[str]:
    songs = {one.item.song.name for one in ready}
    if share > 0 and all(one.split == "train" for one in ready):
        why = "there is one song only" if len(songs) == 1 else "all songs are nearly the same"
        yield f"Nothing is held back for validation: {why}."
    for name, error in (similar.problems if similar is not None else {}).items():
        yield f"{name} could not be compared with the other songs: {error.what}"


def _on_conditioning(ready: Sequence[Ready], layout: Layout) -> Iterator[str]:
    count = len(layout.conditioning.numbers)
    if not count:
        yield "There is no number that all recordings have: they are conditioned on the prompt and on seconds alone."
    if count > _MANY_NUMBERS:
        yield (
            f"{count} numbers are more than a small data set can teach: `sda stats --select` recommends some, and --features "
            "takes their names."
        )
    long = sum(one.placed.seconds > MOST_SECONDS for one in ready)
    if long:
        yield f"{long} of {len(ready)} recordings last longer than {MOST_SECONDS} s; the trainer takes seconds_total as {MOST_SECONDS} there."
