"""The words of a command line, put in the order and the fullness in which the options are parsed."""

from collections.abc import Iterator, Sequence
from difflib import get_close_matches
from pathlib import Path
from typing import Final

from small_dataset_audio.cli.run import ALL_STAGES
from small_dataset_audio.cli.stats import SELECT_USUALLY
from small_dataset_audio.config.order import STAGES
from small_dataset_audio.errors import UsageError

_FLAGS: Final = frozenset({"-v", "--verbose", "-q", "--quiet", "--version"})
_WITH_VALUE: Final = {"--config": "FILE", "--device": "cpu"}
_ALIKE: Final = 0.75
"""How much a word must resemble a stage's name (difflib's ratio) to be taken for a misspelling of it."""


def options_in(words: Sequence[str]) -> Sequence[str]:
    """Return the words in which options are looked for: those before ``--``."""
    return words[: words.index("--")] if "--" in words else words


def global_options_first(words: Sequence[str]) -> list[str]:
    """Return ``words`` with the global options moved to the front, so that they may stand anywhere.

    What follows ``--`` is left alone.

    Raises:
        UsageError: one that takes a value stands at the end.
    """
    front: list[str] = []
    rest: list[str] = []
    remaining = iter(words)
    for word in remaining:
        if word == "--":
            rest += [word, *remaining]
        elif word in _FLAGS or word.startswith(tuple(f"{option}=" for option in _WITH_VALUE)):
            front.append(word)
        elif word in _WITH_VALUE:
            front += [word, _value_of(word, remaining)]
        else:
            rest.append(word)
    return front + rest


def _value_of(option: str, remaining: Iterator[str]) -> str:
    value = next(remaining, None)
    if value is None:
        raise UsageError(
            f"{option} lacks its value.", "Nothing stands behind it.", f"Write `{option} {_WITH_VALUE[option]}`."
        )
    return value


def force_with_value(words: Sequence[str]) -> list[str]:
    """Return ``words`` with a bare ``--force`` written out as all stages, and ``--select`` as usual: their values may be left out."""
    full: list[str] = []
    for index, word in enumerate(words):
        full.append(word)
        if word == "--force" and not _means_stages(words[index + 1] if index + 1 < len(words) else ""):
            full.append(ALL_STAGES)
        elif word == "--select" and not (words[index + 1] if index + 1 < len(words) else "").isdecimal():
            full.append(SELECT_USUALLY)
    return full


def _means_stages(word: str) -> bool:
    """Whether the word after ``--force`` is its value: names of stages, even misspelt ones, rather than a folder."""
    known = {*STAGES, ALL_STAGES}
    names = [name.strip() for name in word.split(",") if name.strip()]
    if not names or word.startswith("-") or (Path(word).exists() and not set(names) <= known):
        return False
    return all(get_close_matches(name, known, n=1, cutoff=_ALIKE) for name in names)
