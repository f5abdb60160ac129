"""An answer of a language model as plain text that a T5 encoder can read.

Stable Audio's text encoder is T5, whose vocabulary knows nothing of braces, curly quotes and line breaks: each would become
the same unknown token. What has a plain form is written in it; what has none is reported.
"""

import re
import unicodedata
from collections.abc import Callable
from pathlib import Path
from typing import Any, Final

from small_dataset_audio.models.descriptions import unfitting
from small_dataset_audio.models.opening import extra

_THOUGHTS: Final = re.compile(r"<(think|thinking|reasoning)>.*?(</\1>|\Z)", re.DOTALL | re.IGNORECASE)
_UNOPENED: Final = re.compile(r"\A.*</(think|thinking|reasoning)>", re.DOTALL | re.IGNORECASE)
_TOKENS: Final = re.compile(r"<\|im_start\|>\w*|<\|[^|>]*\|>|</?s>|\[/?INST\]|<sound>")
_ROLE: Final = re.compile(r"\A\s*(assistant|answer|caption|response)\s*:\s*", re.IGNORECASE)
_HEADING: Final = re.compile(r"^\s{0,3}#{1,6}\s+", re.MULTILINE)
_BULLET: Final = re.compile(r"^\s*([-*•]|\d{1,2}[.)])\s+", re.MULTILINE)
_EMPHASIS: Final = re.compile(r"(\*\*|__|\*|`)(?=\S)(.+?)(?<=\S)\1")
_PLAIN: Final = str.maketrans(
    {
        **dict.fromkeys("\u2010\u2011\u2012\u2013\u2212", "-"),
        **dict.fromkeys("\u2014\u2015", " - "),
        **dict.fromkeys("\u2018\u2019\u201a\u201b\u2032\u00b4`", "'"),
        **dict.fromkeys("\u201c\u201d\u201e\u201f\u2033\u00ab\u00bb", '"'),
        **dict.fromkeys("\u200b\u200c\u200d\u2060\ufeff\u00ad", ""),
        "\u2026": "...",
        "\u2044": "/",
        "\u266f": "#",
        "\u266d": "b",
        "{": "(",
        "}": ")",
    }
)
_SENTENCE_END: Final = re.compile(r".*[.!?][\"')]*(?=\s|\Z)", re.DOTALL)
_KNOWN_UNKNOWN: Final = frozenset("<{}")
"""Characters that T5's vocabulary is known to lack (text-to-text-transfer-transformer, issues 390 and 657)."""


def plain(answer: str) -> str:
    """Return ``answer`` in one line of plain text: NFKC, simple dashes, quotes and spaces.

    Left out: thinking traces, role tokens, headings, bullets and emphasis marks.
    """
    text = _UNOPENED.sub("", _THOUGHTS.sub(" ", answer))
    text = _ROLE.sub("", _TOKENS.sub(" ", text))
    text = _EMPHASIS.sub(r"\2", _BULLET.sub("", _HEADING.sub("", text)))
    text = unicodedata.normalize("NFKC", text.translate(_PLAIN)).translate(_PLAIN)
    text = "".join(" " if unicodedata.category(one) in {"Cc", "Zl", "Zp"} else one for one in text)
    return " ".join(text.split())


def whole_sentences(text: str) -> str:
    """Return ``text`` up to the end of its last whole sentence; all of it where there is none."""
    found = _SENTENCE_END.match(text)
    return found.group().strip() if found else text


Outside = Callable[[str], tuple[str, ...]]
"""Text -> the characters in it that the text encoder does not know, each once."""


def known_to_be_outside(text: str) -> tuple[str, ...]:
    """Return the characters of ``text`` that T5 is known not to know, without looking at its vocabulary."""
    return tuple(one for one in dict.fromkeys(text) if one in _KNOWN_UNKNOWN)


def vocabulary(tokenizer: Path) -> Outside:
    """Return what tells the characters that a tokenizer does not know.

    Args:
        tokenizer: a ``tokenizer.json``.

    Raises:
        EnvironmentFault: the package tokenizers is not installed.
        ModelError: the file is no tokenizer.
    """
    loaded = _opened(tokenizer)
    unknown = loaded.token_to_id("<unk>")

    def outside(text: str) -> tuple[str, ...]:
        """Return the characters of ``text`` that the tokenizer does not know, each once; spaces do not count."""
        characters = (one for one in dict.fromkeys(text) if not one.isspace())
        return tuple(one for one in characters if unknown in loaded.encode(one, add_special_tokens=False).ids)

    return outside


def token_counter(tokenizer: Path) -> Callable[[str], int]:
    """Return what counts the tokens of a text, the mark at the end among them; ``tokenizer`` and errors as of `vocabulary`."""
    loaded = _opened(tokenizer)
    loaded.no_truncation()
    loaded.no_padding()

    def count(text: str) -> int:
        """Return how many tokens ``text`` is, the mark at the end among them."""
        return len(loaded.encode(text, add_special_tokens=False).ids) + 1

    return count


def _opened(tokenizer: Path) -> Any:  # noqa: ANN401 - of an optional package
    """Return a tokenizer of the package tokenizers."""
    library = extra("tokenizers", "captions")
    try:
        return library.Tokenizer.from_file(str(tokenizer))
    except Exception as error:
        raise unfitting(tokenizer, f"The package tokenizers says: {' '.join(str(error).split())[:200]}") from error
