"""The notation means what it says."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from small_dataset_audio.dataset.demo.score.accompaniment import arpeggio, comp, held, roots
from small_dataset_audio.dataset.demo.score.chords import above, chord, chord_at, progression
from small_dataset_audio.dataset.demo.score.patterns import Event, hits, line, place, rhythm
from small_dataset_audio.dataset.demo.score.pitch import frequency, pitch_class, pitch_number


@pytest.mark.parametrize(
    ("name", "expected"), [("C4", 60), ("A4", 69), ("Bb3", 58), ("F#2", 42), ("Cb4", 59), ("B#3", 60), ("C-1", 0)]
)
def test_notes_have_the_pitch_numbers_of_midi(name: str, expected: int) -> None:
    assert pitch_number(name) == expected


def test_a4_is_440_hz_and_an_octave_doubles_the_frequency() -> None:
    assert frequency(69) == pytest.approx(440.0)
    assert frequency(57) == pytest.approx(220.0)
    assert frequency(60) == pytest.approx(261.6256, abs=1e-4)


@pytest.mark.parametrize("name", ["", "H", "c", "C##", "Cis"])
def test_what_is_not_a_note_name_is_refused(name: str) -> None:
    with pytest.raises(ValueError, match="not a note name"):
        pitch_class(name)


@pytest.mark.parametrize("name", ["", "C", "4", "H4", "C4x", "c4"])
def test_what_is_not_a_note_is_refused(name: str) -> None:
    with pytest.raises(ValueError, match="is not a note"):
        pitch_number(name)


@pytest.mark.parametrize(
    ("symbol", "classes", "bass"),
    [
        ("C", (0, 4, 7), 0),
        ("Dm", (2, 5, 9), 2),
        ("Bbmaj9", (10, 2, 5, 9, 0), 10),
        ("F#m7", (6, 9, 1, 4), 6),
        ("A7sus4", (9, 2, 4, 7), 9),
        ("D/F#", (2, 6, 9), 6),
    ],
)
def test_chord_symbols_stand_for_their_notes(symbol: str, classes: tuple[int, ...], bass: int) -> None:
    found = chord(symbol)
    assert found.pitch_classes == classes
    assert found.bass == bass
    assert found.symbol == symbol


@pytest.mark.parametrize("symbol", ["", "X7", "Cfoo", "C/", "m7", "D/F#/A"])
def test_unknown_chord_symbols_are_refused(symbol: str) -> None:
    with pytest.raises(ValueError, match="not a chord symbol"):
        chord(symbol)


@given(st.sampled_from(["C", "Ebm9", "F#13", "Bbmaj7", "G69"]), st.integers(20, 80), st.booleans())
def test_a_voicing_lies_within_one_octave_and_ascends(symbol: str, low: int, rootless: bool) -> None:  # noqa: FBT001 - drawn
    found = chord(symbol)
    voicing = found.voicing(low, rootless=rootless)
    assert list(voicing) == sorted(set(voicing))
    assert low <= voicing[0]
    assert voicing[-1] < low + 12
    assert {pitch % 12 for pitch in voicing} <= set(found.pitch_classes)
    assert len(voicing) == len(found.intervals) - (rootless and len(found.intervals) > 3)


@given(st.integers(0, 11), st.integers(0, 100))
def test_above_finds_the_next_note_of_a_pitch_class(tone: int, low: int) -> None:
    assert low <= above(tone, low) < low + 12
    assert above(tone, low) % 12 == tone


def test_a_lead_sheet_shares_bars_and_repeats_them() -> None:
    spans = progression("C | Dm G7 | % | C", 4)
    assert [(span.beat, span.beats, span.chord.symbol) for span in spans] == [
        (0, 4, "C"),
        (4, 2, "Dm"),
        (6, 2, "G7"),
        (8, 2, "Dm"),
        (10, 2, "G7"),
        (12, 4, "C"),
    ]
    assert [chord_at(spans, beat).symbol for beat in (-1, 0, 5.9, 6, 99)] == ["C", "C", "Dm", "G7", "C"]


@pytest.mark.parametrize("text", ["", "C | | G", "% | C"])
def test_a_lead_sheet_without_a_chord_in_a_bar_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match="is empty"):
        progression(text, 4)


def test_a_rhythm_has_accents_ghosts_holds_and_rests() -> None:
    events = hits("X..g |x--. o")
    assert [(event.beat, event.beats) for event in events] == [(0, 0.25), (0.75, 0.25), (1.0, 0.75), (2.0, 0.25)]
    assert events[0].strength > events[2].strength > events[3].strength > events[1].strength
    assert all(event.pitch is None for event in events)


def test_a_melody_has_chords_accents_holds_and_rests() -> None:
    events = line("D4! - F4+A4 . | G4? - - -", 0.5)
    assert [(event.beat, event.beats, event.pitch) for event in events] == [
        (0.0, 1.0, 62),
        (1.0, 0.5, 65),
        (1.0, 0.5, 69),
        (2.0, 2.0, 67),
    ]
    assert events[0].strength > events[1].strength > events[3].strength


@pytest.mark.parametrize(
    ("text", "reason"), [("x?", "no meaning"), ("-x", "none is sounding"), ("x.-", "none is sounding")]
)
def test_rhythms_that_make_no_sense_are_refused(text: str, reason: str) -> None:
    with pytest.raises(ValueError, match=reason):
        hits(text)


@pytest.mark.parametrize(
    ("text", "reason"), [("D4 H4", "not a note"), (". -", "none is sounding"), ("C4 . | D4 | E4 .", "all but the last")]
)
def test_melodies_that_make_no_sense_are_refused(text: str, reason: str) -> None:
    with pytest.raises(ValueError, match=reason):
        line(text, 0.5)


@given(st.text("Xxog.", min_size=1, max_size=32), st.sampled_from([0.25, 0.5, 1.0]))
def test_every_played_character_is_one_event(text: str, step: float) -> None:
    events = hits(text, step)
    assert len(events) == sum(character != "." for character in text)
    assert all(0 <= event.beat < len(text) * step for event in events)
    assert all(event.beats == step for event in events)


def test_a_pattern_is_placed_in_its_bars() -> None:
    assert [event.beat for event in place(hits("x.x."), (0, 2), 3)] == [0.0, 0.5, 6.0, 6.5]
    assert [event.beat for event in rhythm("x.x", [1], 3, 1.0)] == [3.0, 5.0]


def test_accompaniment_follows_the_chords() -> None:
    spans = progression("C | G7", 4)
    beats = rhythm("x...", [0, 1], step=1.0)
    assert [(event.beat, event.pitch) for event in comp(spans, beats, 60)] == [
        *((0.0, pitch) for pitch in (60, 64, 67)),
        *((4.0, pitch) for pitch in (62, 65, 71)),
    ]
    assert [event.pitch for event in roots(spans, beats, 36)] == [36, 43]
    assert {event.beats for event in held(spans, range(2), 60)} == {4.0}
    assert {event.beat for event in held(spans, range(1, 2), 60)} == {4.0}


def test_an_arpeggio_starts_anew_in_every_bar_and_goes_on_an_octave_higher() -> None:
    spans = progression("C | C", 4)
    steps = [Event(beat, 0.5, None, 0.5) for beat in (0, 1, 2, 3, 4, 5)]
    assert [event.pitch for event in arpeggio(spans, steps, (0, 1, 2, 3, 4), 60)] == [60, 64, 67, 72, 60, 64]
