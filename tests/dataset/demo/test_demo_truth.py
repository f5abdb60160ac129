"""A truth that cannot be true is refused, and reading gives back what was written."""

from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from pydantic import ValidationError

from small_dataset_audio.dataset.demo.label import Label, read_label, read_truth, write_label
from small_dataset_audio.dataset.demo.pieces import PIECES
from small_dataset_audio.dataset.demo.truth import ChordTime, Truth, truth_of
from small_dataset_audio.errors import StoreError
from support.demo_pieces import tiny

TIMES = st.lists(st.floats(0, 1e4).map(lambda time: round(time, 6)), max_size=8).map(tuple)
TRUTHS = st.builds(
    Truth,
    title=st.text(max_size=20),
    seconds=st.floats(1e-3, 1e4),
    bpm=st.floats(20, 300),
    meter=st.sampled_from(["3/4", "4/4", "12/8"]),
    key=st.sampled_from(["C major", "F# minor", "Bb major"]),
    beats=TIMES,
    downbeats=TIMES,
    chords=st.lists(st.builds(ChordTime, start=st.floats(0, 9), stop=st.floats(0, 9), symbol=st.text(max_size=5))).map(
        tuple
    ),
    drums=st.dictionaries(st.sampled_from(["kick", "snare"]), TIMES),
    notes=st.dictionaries(st.text(max_size=5), TIMES),
)


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], max_examples=15)
@given(truth=TRUTHS)
def test_what_was_written_is_read(tmp_path: Path, truth: Truth) -> None:
    path = tmp_path / "some.truth.json"
    label = Label(edition=1, audio="some.flac", sha256="0" * 64, truth=truth)
    write_label(path, label)
    assert read_label(path) == label
    assert read_truth(path) == truth


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("seconds", 0.0),
        ("seconds", float("nan")),
        ("bpm", -1.0),
        ("bpm", float("inf")),
        ("meter", "waltz"),
        ("key", "H major"),
        ("key", "d minor"),
        ("beats", (-0.1,)),
        ("drums", {"kick": (float("nan"),)}),
        ("mood", "happy"),
    ],
)
def test_what_cannot_be_true_is_refused(field: str, value: object) -> None:
    content = truth_of(tiny()).model_dump() | {field: value}
    with pytest.raises(ValidationError):
        Truth.model_validate(content)


def test_the_error_names_the_place(tmp_path: Path) -> None:
    path = tmp_path / "bad.truth.json"
    label = Label(edition=1, audio="bad.flac", sha256="0" * 64, truth=truth_of(tiny()))
    write_label(path, label)
    path.write_text(path.read_text(encoding="utf-8").replace("240.0", '"fast"'), encoding="utf-8")
    with pytest.raises(StoreError) as caught:
        read_truth(path)
    assert "truth.bpm" in caught.value.why
    path.write_text("not json", encoding="utf-8")
    with pytest.raises(StoreError, match="the whole file"):
        read_truth(path)


def test_the_truth_of_a_piece_follows_from_its_score() -> None:
    truth = truth_of(tiny())
    assert (truth.title, truth.bpm, truth.meter, truth.tonic, truth.scale) == ("Tiny", 240.0, "4/4", "C", "major")
    assert truth.beats == tuple(round(0.1 + 0.25 * beat, 6) for beat in range(9))
    assert truth.downbeats == (0.1, 1.1, 2.1)
    assert truth.drums["kick"] == truth.beats[:8]
    assert truth.drums["snare"] == ()
    assert truth.notes == {"bass": (0.1, 0.6, 1.1, 1.6, 2.1)}
    assert truth.onsets == truth.beats
    assert truth.seconds == pytest.approx(3.4)


def test_textures_are_not_in_the_truth() -> None:
    for piece in PIECES:
        textures = {part.name for part in piece.parts if part.role == "texture"}
        assert not textures & set(truth_of(piece).notes)


def test_hits_of_one_drum_by_several_players_are_one_list() -> None:
    house = PIECES[0]
    players = [part for part in house.parts if part.role == "hat"]
    assert len(players) == 2
    beats = {round(house.form.grid.seconds(event.beat), 6) for part in players for event in part.events}
    assert truth_of(house).drums["hat"] == tuple(sorted(beats))
