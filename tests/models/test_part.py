"""The beginning of a file on the disk."""

from pathlib import Path

import pytest

from small_dataset_audio.errors import StoreError
from small_dataset_audio.models.part import Origin, Part


@pytest.fixture
def part(tmp_path: Path) -> Part:
    return Part(tmp_path / "a.bin")


def fail(*_: object, **__: object) -> None:
    raise PermissionError(13, "Permission denied")


def test_bytes_are_added_and_appear_in_the_end(part: Part) -> None:
    assert (part.size, part.origin) == (0, None)
    part.begin(Origin("http://a", '"1"', "h"))
    for piece in (b"one", b"two"):
        with part.growing() as file:
            file.write(piece)
    assert (part.size, part.origin) == (6, Origin("http://a", '"1"', "h"))
    assert not part.target.exists()
    part.finish()
    assert part.target.read_bytes() == b"onetwo"
    assert list(part.target.parent.iterdir()) == [part.target]


def test_a_new_beginning_drops_the_old_one(part: Part) -> None:
    part.begin(Origin("http://a"))
    with part.growing() as file:
        file.write(b"old")
    part.begin(Origin("http://b"))
    assert (part.size, part.origin) == (0, Origin("http://b"))
    part.discard()
    part.discard()
    assert list(part.target.parent.iterdir()) == []


@pytest.mark.parametrize("text", ["", "{", "[]", '{"url": "x"}', "3", "[" * 100_000])
def test_a_note_that_cannot_be_read_counts_as_none(part: Part, text: str) -> None:
    part._note.write_text(text)
    assert part.origin is None


def test_what_the_system_refuses(part: Part, monkeypatch: pytest.MonkeyPatch) -> None:
    part.begin(Origin("http://a"))
    with part.growing() as file:
        file.write(b"x")
    for method, attempt in (("stat", lambda: part.size), ("unlink", part.discard), ("replace", part.finish)):
        with monkeypatch.context() as patched:
            patched.setattr(Path, method, fail)
            with pytest.raises(StoreError, match="Permission denied"):
                attempt()
    assert part.size == 1
