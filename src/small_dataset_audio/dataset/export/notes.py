"""Sentences on what a user should know of an export that went well."""

from collections.abc import Iterator, Sequence
from typing import Final

from small_dataset_audio.dataset.export.formats.stable_audio import MOST_SECONDS
from small_dataset_audio.dataset.export.ready import Layout, Ready
from small_dataset_audio.dataset.export.tokens import MOST_TOKENS, SURE_CHARACTERS, Count, lengths
from small_dataset_audio.dataset.similar import Similar

_USUAL_WORDS: Final = 95
"""English words of which T5 usually makes as many tokens as it reads: four tokens for three words."""
_MANY_NUMBERS: Final = 16
"""Numbers from which most say the same as others: the catalog measures many things in several ways."""


def notes_on(
    ready: Sequence[Ready],
    layout: Layout,
    share: float,
    similar: Similar | None,
    *,
    conditioned: bool,
    count: Count | None = None,
) -> list[str]:
    """Return the sentences.

    Args:
        ready: what is exported.
        layout: how.
        share: how many songs were to be held back.
        similar: which songs were compared.
        conditioned: it is for a trainer with conditioners.
        count: T5's tokenizer, where it is there.
    """
    notes = [*_on_empty_prompts(ready), *_on_split(ready, share, similar)]
    if conditioned:
        notes[:0] = _on_long_prompts(ready, count)
        notes += _on_conditioning(ready, layout)
    return notes


def _on_empty_prompts(ready: Sequence[Ready]) -> Iterator[str]:
    empty = [one.item.name for one in ready if not one.prompt]
    if empty:
        yield (
            f"{len(empty)} of {len(ready)} prompts are empty, such as that of {empty[0]}: nothing that the template asks "
            "for is known there. Labels and captions come from `sda run` and `sda caption`."
        )


def _on_long_prompts(ready: Sequence[Ready], count: Count | None) -> Iterator[str]:
    found = lengths((one.prompt for one in ready), count)
    if found.long:
        yield f"{found.long} of {len(ready)} prompts are longer than the {MOST_TOKENS} tokens that T5 reads: their ends are not heard of."
    if found.unsure:
        yield (
            f"{found.unsure} of {len(ready)} prompts may be longer than the {MOST_TOKENS} tokens that T5 reads: its tokenizer is not "
            f"installed, and without it only {SURE_CHARACTERS} characters are sure to fit (about {_USUAL_WORDS} English words usually "
            "do). `sda models pull t5_tokenizer` has them counted; it needs the optional part captions."
        )


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
