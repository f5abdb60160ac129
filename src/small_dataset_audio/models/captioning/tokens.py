"""How many tokens T5 makes of a text, counted by its own tokenizer where that is installed."""

from collections.abc import Callable
from importlib.util import find_spec
from typing import Final

from small_dataset_audio.models.captioning.wording import token_counter
from small_dataset_audio.models.store import Store

TOKENIZER: Final = "t5_tokenizer"
"""The registry's name of the vocabulary that captions are checked against."""
FILE: Final = "tokenizer.json"


def installed_counter(store: Store) -> Callable[[str], int] | None:
    """Return what counts T5's tokens; None where its vocabulary was not pulled or the package that reads it is missing.

    Raises:
        ModelError: the vocabulary is broken.
    """
    if store.missing(TOKENIZER) or find_spec("tokenizers") is None:
        return None
    return token_counter(store.require(TOKENIZER) / FILE)
