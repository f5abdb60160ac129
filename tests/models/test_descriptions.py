from pathlib import Path

import pytest

from small_dataset_audio.errors import ModelError, StoreError
from small_dataset_audio.models.descriptions import described


def test_a_description_is_what_the_file_says(tmp_path: Path) -> None:
    path = tmp_path / "config.json"
    path.write_text('{"name": "Y\u00e9-Y\u00e9"}', encoding="utf-8")
    assert described(path) == {"name": "Y\u00e9-Y\u00e9"}


@pytest.mark.parametrize(
    ("text", "why"),
    [("<html>", "not JSON"), ("", "not JSON"), ("[" * 100_000, "not JSON"), ("[1]", "not a JSON object")],
)
def test_what_is_no_description_is_refused(tmp_path: Path, text: str, why: str) -> None:
    path = tmp_path / "voice_instrumental" / "head.json"
    path.parent.mkdir()
    path.write_text(text)
    with pytest.raises(ModelError) as caught:
        described(path)
    assert why in caught.value.why
    assert str(path) in caught.value.fix
    assert "sda models pull voice_instrumental" in caught.value.fix


def test_a_file_that_cannot_be_read_is_an_error(tmp_path: Path) -> None:
    with pytest.raises(StoreError):
        described(tmp_path)
