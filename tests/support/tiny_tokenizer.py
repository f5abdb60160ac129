"""A tokenizer with the parts that T5's has, and a vocabulary of a few pieces."""

from pathlib import Path

from small_dataset_audio.models.captioning.tokens import FILE, TOKENIZER
from small_dataset_audio.models.store import Store
from support.tiny_models import tiny_store

_PIECES = [("<unk>", 0.0), ("</s>", 0.0), ("\u2581", -3.0), ("\u2581slow", -2.0), ("waltz", -2.0), ("s", -4.0)]


def tiny_vocabulary() -> bytes:
    """Return a tokenizer of pieces, spaces and an end mark, with a limit of its own that must not be kept to."""
    from tokenizers import Tokenizer, models, pre_tokenizers, processors

    tokenizer = Tokenizer(models.Unigram(_PIECES, unk_id=0))
    tokenizer.pre_tokenizer = pre_tokenizers.Metaspace()
    tokenizer.post_processor = processors.TemplateProcessing(single="$A </s>", special_tokens=[("</s>", 1)])
    tokenizer.enable_truncation(max_length=4)
    tokenizer.enable_padding(length=10)
    return bytes(tokenizer.to_str(), "utf-8")


def tokenizer_store(folder: Path, content: bytes) -> Store:
    """Return a store in which ``content`` is T5's vocabulary."""
    return tiny_store(folder, {TOKENIZER: {FILE: content}})
