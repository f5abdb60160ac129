"""The bounds on T5's tokens hold for any vocabulary of its kind, and a tokenizer's own count is believed."""

import unicodedata
from itertools import pairwise

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from small_dataset_audio.dataset.export.tokens import MOST_TOKENS, SURE_CHARACTERS, Lengths, fewest, lengths, most

_LETTERS = "abcdefghij"
_WORDS = st.lists(st.text(_LETTERS + "xyzÄﬁ①…", min_size=1, max_size=8), max_size=30).map(" ".join)


@pytest.mark.parametrize(
    ("text", "low", "high"),
    [("", 1, 2), ("a", 2, 3), ("a slow waltz", 4, 14), ("ﬁve", 2, 6), ("…", 2, 5)],
)
def test_the_bounds_of_a_text(text: str, low: int, high: int) -> None:
    assert (fewest(text), most(text)) == (low, high)


def test_what_is_long_what_may_be_and_what_is_not() -> None:
    certain, unsure, short = "a " * MOST_TOKENS, "a " * (MOST_TOKENS - 1), "b" * SURE_CHARACTERS
    assert lengths([certain.strip(), unsure.strip(), short, short + "b"], None) == Lengths(1, 2)


def test_counted_tokens_leave_nothing_unsure() -> None:
    assert lengths(["one", "two", "three"], {"one": 129, "two": 128, "three": 5000}.__getitem__) == Lengths(2, 0)


@settings(max_examples=150, deadline=None)
@given(text=_WORDS, seed=st.integers(0, 5))
def test_whatever_the_vocabulary_the_bounds_hold(text: str, seed: int) -> None:
    """A vocabulary that knows only letters has the most tokens, one that knows every word the fewest."""
    from tokenizers import Tokenizer, models, normalizers, pre_tokenizers

    words = unicodedata.normalize("NFKC", text).split()
    known = [f"\u2581{word}" for word in dict.fromkeys(words)][:: seed + 1] if seed < 4 else []
    pairs = [a + b for a, b in pairwise(_LETTERS)][:seed]
    pieces = dict.fromkeys(["<unk>", "\u2581", *_LETTERS, *pairs, *known])
    tokenizer = Tokenizer(models.Unigram([(piece, -1.0 / len(piece)) for piece in pieces], unk_id=0))
    tokenizer.normalizer = normalizers.NFKC()
    tokenizer.pre_tokenizer = pre_tokenizers.Metaspace()
    counted = len(tokenizer.encode(text, add_special_tokens=False).ids) + 1
    assert fewest(text) <= counted <= most(text)


def test_the_trainer_is_told_the_same_limit() -> None:
    from small_dataset_audio.dataset.export.formats import stable_audio

    assert stable_audio._T5["max_length"] == MOST_TOKENS
