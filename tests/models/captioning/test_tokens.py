"""T5's tokens are counted by a real tokenizer, through the code that opens the published one."""

from pathlib import Path

import pytest

from small_dataset_audio.errors import ModelError
from small_dataset_audio.models.captioning import tokens
from small_dataset_audio.models.captioning.tokens import FILE, TOKENIZER, installed_counter
from small_dataset_audio.models.captioning.wording import vocabulary
from support.tiny_tokenizer import tiny_vocabulary, tokenizer_store


def test_tokens_are_counted_to_the_end_with_the_end_mark(tmp_path: Path) -> None:
    count = installed_counter(tokenizer_store(tmp_path, tiny_vocabulary()))
    assert count is not None
    assert count("slow") == 2
    assert count("slow waltz") == 4
    assert count(" ".join(["slow"] * 200)) == 201


def test_without_vocabulary_or_package_nothing_is_counted(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    store = tokenizer_store(tmp_path, tiny_vocabulary())
    monkeypatch.setattr(tokens, "find_spec", lambda _: None)
    assert installed_counter(store) is None
    monkeypatch.undo()
    store.path(store.model(TOKENIZER), FILE).unlink()
    assert installed_counter(store) is None


@pytest.mark.parametrize("content", [b"{}", b"not JSON", b'{"version": "1.0", "model": {"type": "Unheard"}}'])
def test_a_broken_vocabulary_is_told_with_a_fix(tmp_path: Path, content: bytes) -> None:
    store = tokenizer_store(tmp_path, content)
    with pytest.raises(ModelError, match="not what the model t5_tokenizer needs") as caught:
        installed_counter(store)
    assert "sda models pull t5_tokenizer" in caught.value.fix
    with pytest.raises(ModelError):
        vocabulary(store.require(TOKENIZER) / FILE)
