import base64
import json
import os
from pathlib import Path

import numpy as np
import pytest

from small_dataset_audio.audio.decode import probe
from small_dataset_audio.audio.spool import Scratch
from small_dataset_audio.dataset.report.drawing import draw as drawing
from small_dataset_audio.dataset.report.drawing import pool
from small_dataset_audio.dataset.report.drawing.draw import STEPS, Drawn, Sheet, draw, drawn_before, outline
from small_dataset_audio.dataset.report.drawing.preview import write_preview
from small_dataset_audio.errors import AudioError, StoreError
from support.report_deadly import Deadly
from support.signals import noise, tone, write_audio

RATE = 22_050


def sheet(folder: Path, name: str = "a", *, stems: tuple[str, ...] = (), preview: bool = False) -> Sheet:
    mix = write_audio(folder / f"{name}.wav", tone(2.0, RATE, channels=2), RATE)
    sounds = {"full_mix": mix} | {
        stem: write_audio(folder / f"{name}-{stem}.wav", tone(2.0, RATE), RATE) for stem in stems
    }
    (folder / "out").mkdir(exist_ok=True)
    previews = {"full_mix": folder / "out" / f"{name}.mp3"} if preview else {}
    return Sheet(name, folder / "out", sounds, previews)


def content(path: Path) -> dict[str, object]:
    """Return what the script of a drawing hands over."""
    call = path.read_text().splitlines()[1]
    made: dict[str, object] = json.loads(call.removeprefix("sdaDrawing(").removesuffix(");"))
    return made


def test_a_drawing_has_waveforms_a_picture_and_an_outline(tmp_path: Path) -> None:
    one = sheet(tmp_path, stems=("bass",))
    drawn = draw(one, one.key(), None)
    assert drawn.seconds == 2.0
    assert drawn.problems == {}
    assert set(drawn.outline) == {STEPS[31], STEPS[32]} or set(drawn.outline) == {STEPS[31]}
    assert one.picture.read_bytes().startswith(b"\x89PNG")
    made = content(one.script)
    assert made["seconds"] == 2.0
    lanes = made["lanes"]
    assert isinstance(lanes, dict)
    assert list(lanes) == ["full_mix", "bass"]
    assert np.frombuffer(base64.b64decode(lanes["bass"]), np.int8).reshape(-1, 3).shape == (600, 3)


def test_a_drawing_is_known_again_until_the_sound_changes(tmp_path: Path) -> None:
    one = sheet(tmp_path)
    assert drawn_before(one, one.key()) is None
    drawn = draw(one, one.key(), None)
    assert drawn_before(one, one.key()) == drawn
    os.utime(one.sounds["full_mix"], ns=(1, 1))
    assert drawn_before(one, one.key()) is None
    draw(one, one.key(), None)
    assert drawn_before(one, one.key()) == drawn
    more = Sheet(one.slug, one.folder, one.sounds, {"full_mix": tmp_path / "out" / "a.mp3"})
    assert drawn_before(more, more.key()) is None


def test_a_drawing_that_is_not_complete_does_not_count(tmp_path: Path) -> None:
    one = sheet(tmp_path)
    draw(one, one.key(), None)
    whole = one.script.read_bytes()
    for broken in (
        whole[:-5],
        b"",
        b"// {}\n// complete\n",
        b"// [\n// complete\n",
        b"x" * 70_000,
        whole.replace(b"seconds", b"secunds"),
    ):
        one.script.write_bytes(broken)
        assert drawn_before(one, one.key()) is None
    one.script.write_bytes(whole)
    assert drawn_before(one, one.key()) is not None
    one.picture.unlink()
    assert drawn_before(one, one.key()) is None


def test_what_cannot_be_decoded_is_named_and_not_tried_again(tmp_path: Path) -> None:
    one = sheet(tmp_path, stems=("bass",), preview=True)
    one.sounds["full_mix"].write_bytes(b"nothing that sounds")
    drawn = draw(one, one.key(), None)
    assert list(drawn.problems) == ["full_mix"]
    assert "not an audio file" in drawn.problems["full_mix"]
    assert drawn.seconds is None
    assert not one.picture.exists()
    assert drawn_before(one, one.key()) == drawn
    lanes = content(one.script)["lanes"]
    assert isinstance(lanes, dict)
    assert list(lanes) == ["bass"]


def test_a_recording_that_vanishes_is_an_error_of_the_store(tmp_path: Path) -> None:
    one = sheet(tmp_path)
    one.sounds["full_mix"].unlink()
    with pytest.raises(StoreError, match="Could not read"):
        one.key()


def test_long_recordings_are_laid_out_on_disk(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    one = sheet(tmp_path)
    in_memory = draw(one, one.key(), None)
    picture = one.picture.read_bytes()
    (tmp_path / "scratch").mkdir()
    assert draw(one, one.key(), Scratch(tmp_path / "scratch", most_held=1)) == in_memory
    assert one.picture.read_bytes() == picture
    assert not list((tmp_path / "scratch").iterdir())


def test_a_disk_that_is_full_stops_the_report(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    one = sheet(tmp_path)

    def full(path: Path, _data: bytes) -> bool:
        raise StoreError(f"Could not write {path}.", "The disk is full.", "Free some space.")

    monkeypatch.setattr(drawing, "put", full)
    with pytest.raises(StoreError, match="Could not write"):
        draw(one, one.key(), None)


@pytest.mark.parametrize(
    ("rate", "channels", "kept"), [(44_100, 2, 44_100), (48_000, 1, 48_000), (22_050, 2, 44_100), (96_000, 6, 44_100)]
)
def test_a_preview_plays_everywhere(tmp_path: Path, rate: int, channels: int, kept: int) -> None:
    one = sheet(tmp_path, preview=True)
    write_audio(one.sounds["full_mix"], noise(1.0, rate, channels=channels), rate)
    draw(one, one.key(), None)
    facts = probe(one.previews["full_mix"])
    assert (facts.rate, facts.channels) == (kept, min(channels, 2))
    assert facts.seconds == pytest.approx(1.0, abs=0.1)
    assert drawn_before(one, one.key()) is not None
    one.previews["full_mix"].unlink()
    assert drawn_before(one, one.key()) is None


def test_a_preview_that_cannot_be_made_is_named(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(*_args: object) -> None:
        raise AudioError("Could not write it.", "It cannot be encoded.", "None.")

    monkeypatch.setattr(drawing, "write_preview", refuse)
    one = sheet(tmp_path, preview=True)
    drawn = draw(one, one.key(), None)
    assert drawn.problems == {"full_mix": "Could not write it. It cannot be encoded."}
    assert drawn.seconds == 2.0
    assert drawn_before(one, one.key()) == drawn
    assert write_preview is not refuse


def test_the_outline_of_a_moment() -> None:
    assert outline(np.array([[-127, 127, 90]], dtype=np.int8)) == STEPS[-1]
    assert outline(np.array([[0, 0, 0], [-64, 12, 5]], dtype=np.int8)) == STEPS[0] + STEPS[31]


def test_few_drawings_are_made_here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(pool, "answers", None)
    work = [(one, one.key()) for one in (sheet(tmp_path, "a"), sheet(tmp_path, "b"))]
    made: list[str] = []
    pool.draw_all(work, 4, None, lambda one, _: made.append(one.slug))
    assert made == ["a", "b"]


@pytest.mark.process
def test_many_are_made_by_processes_and_one_that_dies_takes_no_other_with_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(pool, "WORTH_IT", 0)
    work = [(one, one.key()) for one in (sheet(tmp_path, name) for name in "abc")]
    deadly = sheet(tmp_path, "deadly")
    work.insert(1, (Sheet("deadly", deadly.folder, Deadly(deadly.sounds)), "key"))
    made: dict[str, Drawn] = {}
    pool.draw_all(work, 2, None, lambda one, drawn: made.update({one.slug: drawn}))
    assert {name for name, drawn in made.items() if drawn.problems} == {"deadly"}
    assert "died" in made["deadly"].problems["full_mix"]
    assert all(made[name].seconds == 2.0 for name in "abc")


@pytest.mark.process
def test_an_interruption_ends_the_processes(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(pool, "WORTH_IT", 0)
    work = [(one, one.key()) for one in (sheet(tmp_path, name) for name in "abcd")]

    def interrupt(_one: Sheet, _drawn: Drawn) -> None:
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        pool.draw_all(work, 2, None, interrupt)


def test_a_picture_that_a_power_cut_took_is_drawn_again(tmp_path: Path) -> None:
    one = sheet(tmp_path, preview=True)
    drawn = draw(one, one.key(), None)
    assert drawn_before(one, one.key()) == drawn
    for path in (one.picture, *one.previews.values()):
        content = path.read_bytes()
        path.write_bytes(b"")
        assert drawn_before(one, one.key()) is None
        path.write_bytes(content)
    assert drawn_before(one, one.key()) == drawn


def test_what_could_not_be_read_for_a_moment_is_drawn_the_next_time(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    one = sheet(tmp_path)

    def fails(path: Path, **_: object) -> None:
        raise AudioError(f"Could not read {path}.", "It failed.", "Try again.") from OSError(5, "Input/output error")

    monkeypatch.setattr(drawing, "decode", fails)
    assert draw(one, one.key(), None).problems
    assert drawn_before(one, one.key()) is None
