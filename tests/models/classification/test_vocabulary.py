import json
from pathlib import Path

import pytest

from small_dataset_audio.errors import ModelError
from small_dataset_audio.models.classification.vocabulary import described_classes, known_classes


@pytest.mark.parametrize(
    ("name", "count", "first", "last"),
    [
        ("genre", 400, "Blues---Boogie Woogie", "Stage & Screen---Theme"),
        ("mood", 56, "action", "uplifting"),
        ("instrument", 40, "accordion", "voice"),
    ],
)
def test_the_lists_are_as_published(name: str, count: int, first: str, last: str) -> None:
    classes = known_classes(name)
    assert len(classes) == len(set(classes)) == count
    assert classes[0] == first
    assert classes[-1] == last
    assert list(classes) == sorted(classes)


def test_classes_are_read_from_the_description(tmp_path: Path) -> None:
    path = tmp_path / "head.json"
    path.write_text(json.dumps({"name": "voice", "classes": ["instrumental", "voice"]}))
    assert described_classes(path) == ("instrumental", "voice")


@pytest.mark.parametrize(
    ("text", "why"),
    [
        ("{}", "no list of texts"),
        ('{"classes": []}', "no list of texts"),
        ('{"classes": ["a", 1]}', "no list of texts"),
        ('{"classes": ["a", "a"]}', "twice"),
    ],
)
def test_a_description_that_tells_nothing_is_refused(tmp_path: Path, text: str, why: str) -> None:
    path = tmp_path / "head.json"
    path.write_text(text)
    with pytest.raises(ModelError) as caught:
        described_classes(path)
    assert why in caught.value.why
    assert str(path) in caught.value.fix
