import errno
import os
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from small_dataset_audio.errors import StoreError
from small_dataset_audio.models.transcription import midi
from small_dataset_audio.models.transcription.hits import Strokes, Transcription
from small_dataset_audio.models.transcription.midi import is_ours, midi_bytes, remove_midi, write_midi
from small_dataset_audio.models.transcription.tempo import tempo_map
from support.midi_reader import read_midi

NONE = np.empty(0)


def strokes(*times: float, velocity: int = 100) -> Strokes:
    return Strokes(np.array(times), np.full(len(times), velocity))


def song(*snares: float) -> bytes:
    beats = np.arange(0.3, 8.5, 0.5, dtype=np.float64)
    heard = {"kick": strokes(0.3, 2.3), "snare": strokes(*(snares or (0.8, 1.8)), velocity=64), "hat": strokes()}
    return midi_bytes(Transcription(heard, "adtof"), tempo_map(beats, beats[::4]))


def test_notes_come_back_when_and_as_loud_as_they_were_struck() -> None:
    made = read_midi(song())
    assert (made.kind, made.ticks) == (1, 960)
    assert made.names == ["Tempo (adtof)", "Drums"]
    assert made.times(35) == pytest.approx([0.3, 2.3], abs=1e-6)
    assert made.times(38) == pytest.approx([0.8, 1.8], abs=1e-6)
    assert {(channel, velocity) for _, _, channel, note, velocity in made.notes if note == 38} == {(9, 64)}
    assert made.seconds(made.notes[0][1]) == pytest.approx(0.35, abs=1e-3)


def test_beats_lie_on_quarters_and_downbeats_on_bar_lines() -> None:
    made = read_midi(song())
    kicks = sorted(start for start, _, _, note, _ in made.notes if note == 35)
    assert set(kicks) <= set(made.bar_lines(6))


def test_the_same_transcription_gives_the_same_bytes() -> None:
    assert song() == song()


def test_without_beats_the_file_names_no_tempo_and_still_keeps_time() -> None:
    made = read_midi(midi_bytes(Transcription({"kick": strokes(0.0, 1.25)}, "dsp"), tempo_map(NONE, NONE)))
    assert (made.tempi, made.metres) == ([], [])
    assert made.times(35) == pytest.approx([0.0, 1.25], abs=1e-3)


@given(st.lists(st.floats(0, 20), max_size=40), st.floats(0, 3), st.floats(0.3, 1.0))
def test_any_strokes_can_be_read_back(moments: list[float], first: float, beat: float) -> None:
    times = np.array(sorted(moments))
    beats = np.cumsum([first, *[beat] * 11], dtype=np.float64)
    data = midi_bytes(
        Transcription({"tom": Strokes(times, np.full(times.size, 90))}, "drumsep"), tempo_map(beats, beats[::4])
    )
    made = read_midi(data)
    assert is_ours(data)
    found = np.array(made.times(47))
    assert all(np.abs(found - moment).min() < 6e-3 for moment in times)  # a tick, and a first beat at once
    assert all(start < stop for start, stop, *_ in made.notes)


def test_a_file_is_replaced_and_removed_as_long_as_it_is_sdas_own(tmp_path: Path) -> None:
    path = tmp_path / "drums.mid"
    remove_midi(path)
    write_midi(path, song())
    write_midi(path, song(0.9))
    assert path.read_bytes() == song(0.9)
    remove_midi(path)
    assert not path.exists()


@pytest.mark.parametrize("change", ["other", "edited", "large", "empty"])
def test_what_a_person_made_or_changed_stays(tmp_path: Path, change: str, monkeypatch: pytest.MonkeyPatch) -> None:
    path = tmp_path / "drums.mid"
    data = {"other": b"MThd", "edited": song()[:-10] + b"x" + song()[-9:], "large": song(), "empty": b""}[change]
    path.write_bytes(data)
    if change == "large":
        monkeypatch.setattr(midi, "LARGEST_FILE", 10)
    for write in (True, False):
        with pytest.raises(StoreError) as refused:
            write_midi(path, song()) if write else remove_midi(path)
        assert "so it is yours" in refused.value.why
        assert path.read_bytes() == data


def test_links_to_nowhere_and_folders_are_not_replaced(tmp_path: Path) -> None:
    link, folder = tmp_path / "link.mid", tmp_path / "folder.mid"
    link.symlink_to(tmp_path / "nowhere")
    folder.mkdir()
    with pytest.raises(StoreError):
        write_midi(link, song())
    assert link.is_symlink()
    with pytest.raises(StoreError):
        write_midi(folder, song())


def test_what_the_disk_answers_is_told(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = tmp_path / "drums.mid"
    write_midi(path, song())

    def refuse(*_arguments: object, **_more: object) -> None:
        raise OSError(errno.EACCES, os.strerror(errno.EACCES))

    monkeypatch.setattr(Path, "unlink", refuse)
    with pytest.raises(StoreError, match="Could not remove"):
        remove_midi(path)
    monkeypatch.undo()
    monkeypatch.setattr(os, "fsync", refuse)
    with pytest.raises(StoreError, match="Could not write"):
        write_midi(path, song(0.9))
    assert path.read_bytes() == song()
    assert [one.name for one in tmp_path.iterdir()] == ["drums.mid"]
