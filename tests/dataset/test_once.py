from pathlib import Path
from threading import Thread

import pytest

from small_dataset_audio.dataset.identity import beside_sha256
from small_dataset_audio.dataset.info import read_info, read_provenance, read_values, safe_update
from small_dataset_audio.dataset.once import asked_once, once
from small_dataset_audio.errors import StoreError, UnreadableInfo
from support.dataset_library import track_in


def test_in_a_block_every_question_is_asked_once_and_outside_always() -> None:
    asked: list[tuple[int, bool]] = []

    @once
    def double(number: int, *, loud: bool = False) -> int:
        asked.append((number, loud))
        return 2 * number

    for _ in range(2):
        assert double(1) == 2
    with asked_once():
        assert [double(1), double(1), double(2), double(1, loud=True), double(1, loud=True)] == [2, 2, 4, 2, 2]
    double(1)
    assert asked == [(1, False), (1, False), (1, False), (2, False), (1, True), (1, False)]


def test_a_block_in_a_block_and_another_thread_know_nothing_of_it() -> None:
    asked: list[int] = []

    @once
    def note(number: int) -> None:
        asked.append(number)

    with asked_once():
        note(1)
        with asked_once():
            note(1)
        note(1)
        thread = Thread(target=note, args=(1,))
        thread.start()
        thread.join()
    assert len(asked) == 3


def test_an_error_is_no_answer(tmp_path: Path) -> None:
    track = track_in(tmp_path)
    with asked_once():
        track.info.write_text("{")
        with pytest.raises(UnreadableInfo):
            read_provenance(track.info)


def test_what_was_read_in_a_block_is_read_again_after_it(tmp_path: Path) -> None:
    track = track_in(tmp_path, frequency=440.0)
    with asked_once():
        assert [path.name for path in filter(None, [track.mix])] == ["full_mix.wav"]
        assert read_provenance(track.info) == {}
    safe_update(track.info, {"bpm": 120.0}, reserved={"source": {"name": "x"}})
    (track.folder / "full_mix.wav").unlink()
    assert list(filter(None, [track.mix])) == []
    assert read_provenance(track.info)["source"] == {"name": "x"}


@pytest.mark.parametrize(
    "text",
    [
        '{\n  "bpm": 120.0,\n  "words": "a\\n  b",\n  "_sda": {"format": 1}\n}\n',
        '{\n  "_sda": {"format": 1}\n}\n',
        '{\n  "_sda": {"format": 1},\n  "bpm": 120.0\n}\n',
        '{"bpm": 1, "_sda": {"format": 1}}',
        "{}\n",
    ],
)
def test_values_are_what_the_file_holds_without_its_reserved_part(tmp_path: Path, text: str) -> None:
    file = tmp_path / "x.INFO"
    file.write_text(text)
    assert read_values(file) == {name: value for name, value in read_info(file).items() if name != "_sda"}


def test_values_of_no_file_are_none_and_of_a_damaged_one_an_error(tmp_path: Path) -> None:
    assert read_values(tmp_path / "none.INFO") == {}
    (tmp_path / "x.INFO").write_text('{\n  "bpm": 1 2,\n  "_sda": {"format": 1}\n}\n')
    with pytest.raises(UnreadableInfo):
        read_values(tmp_path / "x.INFO")


def test_the_hash_of_a_file_beside_the_mix(tmp_path: Path) -> None:
    assert beside_sha256(tmp_path / "none") is None
    (tmp_path / "x").write_bytes(b"")
    assert beside_sha256(tmp_path / "x") == "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"
    with pytest.raises(StoreError):
        beside_sha256(tmp_path)
