"""What a rhythm section does with chord symbols: comping, bass roots, arpeggios, held chords."""

from collections.abc import Iterable
from dataclasses import replace

from small_dataset_audio.dataset.demo.score.chords import Span, above, chord_at
from small_dataset_audio.dataset.demo.score.patterns import Event
from small_dataset_audio.dataset.demo.score.pitch import SEMITONES


def comp(spans: tuple[Span, ...], rhythm: Iterable[Event], low: int, *, rootless: bool = True) -> tuple[Event, ...]:
    """Return the chord of the moment, in close position from ``low`` upwards, at every event of the rhythm."""
    return tuple(
        replace(event, pitch=pitch)
        for event in rhythm
        for pitch in chord_at(spans, event.beat).voicing(low, rootless=rootless)
    )


def roots(spans: tuple[Span, ...], rhythm: Iterable[Event], low: int) -> tuple[Event, ...]:
    """Return the bass note of the chord of the moment, at or above ``low``, at every event of the rhythm."""
    return tuple(replace(event, pitch=above(chord_at(spans, event.beat).bass, low)) for event in rhythm)


def arpeggio(
    spans: tuple[Span, ...], rhythm: Iterable[Event], order: tuple[int, ...], low: int, *, beats_per_bar: int = 4
) -> tuple[Event, ...]:
    """Return one chord note at every event of the rhythm.

    Args:
        spans: the chords.
        rhythm: when to play.
        order: which note, as places in the voicing from ``low`` upwards; numbers beyond it go on an octave higher.
            The order starts anew in every bar.
        low: pitch number of the lowest place.
        beats_per_bar: beats in a bar.
    """
    events = []
    bar, place = -1, 0
    for event in rhythm:
        this_bar = int(event.beat // beats_per_bar)
        bar, place = (bar, place + 1) if this_bar == bar else (this_bar, 0)
        voicing = chord_at(spans, event.beat).voicing(low)
        octave, index = divmod(order[place % len(order)], len(voicing))
        events.append(replace(event, pitch=voicing[index] + SEMITONES * octave))
    return tuple(events)


def held(spans: tuple[Span, ...], bars: range, low: int, *, beats_per_bar: int = 4) -> tuple[Event, ...]:
    """Return every chord that starts within ``bars``, held for its whole length, root included."""
    first, last = bars.start * beats_per_bar, bars.stop * beats_per_bar
    inside = [span for span in spans if first <= span.beat < last]
    return comp(spans, [Event(span.beat, span.beats, None, 0.8) for span in inside], low, rootless=False)
