"""Which prompts are longer than T5 reads: counted by its tokenizer where that is there, else between two bounds that always hold.

T5's vocabulary is one of SentencePiece (Kudo & Richardson 2018), without bytes to fall back on: a token is at least one character of
the text in NFKC with a space in front, and none reaches over a space into the next word. So a text has at least as many tokens as
words, and at most as many as characters and one. The mark at the end is one more.
"""

import unicodedata
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Final

MOST_TOKENS: Final = 128
"""How many tokens of a prompt Stable Audio Open 1.0 reads (``max_length``), the mark at the end among them."""
_END: Final = 1
_SPACE: Final = 1
"""The space that is put in front of the text."""
SURE_CHARACTERS: Final = MOST_TOKENS - _END - _SPACE
"""A text with no more characters always fits."""

Count = Callable[[str], int]
"""Text -> how many tokens T5's tokenizer makes of it, the mark at the end among them."""


@dataclass(frozen=True)
class Lengths:
    """How many prompts are too long.

    Attributes:
        long: so many certainly are.
        unsure: so many may be; 0 where tokens were counted.
    """

    long: int
    unsure: int


def lengths(prompts: Iterable[str], count: Count | None) -> Lengths:
    """Return how many of ``prompts`` have more than `MOST_TOKENS` tokens, by ``count`` where it is there."""
    if count is not None:
        return Lengths(sum(count(prompt) > MOST_TOKENS for prompt in prompts), 0)
    bounds = [(fewest(prompt), most(prompt)) for prompt in prompts]
    long = sum(low > MOST_TOKENS for low, _ in bounds)
    return Lengths(long, sum(high > MOST_TOKENS for _, high in bounds) - long)


def fewest(text: str) -> int:
    """Return how many tokens ``text`` has at least."""
    return len(unicodedata.normalize("NFKC", text).split()) + _END


def most(text: str) -> int:
    """Return how many tokens ``text`` has at most."""
    return len(unicodedata.normalize("NFKC", text)) + _SPACE + _END
