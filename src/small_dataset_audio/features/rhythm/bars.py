"""Downbeats: how many beats make a bar, and where bars begin.

A bar of two, three or four beats with any beat as the first is a candidate. A log-linear model scores it by what tends to
happen on first beats (bass, a cymbal rather than a snare, a change of harmony) and by how alike beats a bar apart are.
The bar lines then follow the beats, and may slip where several bars together contradict them (an added beat).

Sources: Goto and Muraoka, "Real-time beat tracking for drumless audio signals", Speech Communication 1999 (changes of
harmony at bar lines); Klapuri, Eronen and Astola, "Analysis of the meter of acoustic musical signals", IEEE TASLP 2006.
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from small_dataset_audio.audio.spool import Table, folder_of, give_back
from small_dataset_audio.features.rhythm.accents import Rows, Strengths, at, sums_before
from small_dataset_audio.features.rhythm.lines import Curve

METRES = {2: 0.0, 3: 0.0, 4: 0.83}
"""Beats in a bar, and the term of the model that says how common it is."""
BASS_SHARE, LARGEST_BASS = 0.5, 4.0
"""The bass is weighed in the first half of a beat, up to four times its mean."""
FIRST_BEAT_WEIGHTS = np.array([2.0, -1.7, 8.7, 19.4])
"""Of the bass, of the rise and of the change at the top of the spectrum (cymbals mark first beats, snares
the others), and of the change of harmony."""
STARTS_WITH_BAR = 0.5
"""For the first beat of the piece to be the first of a bar: decides where nothing else does, as in a loop."""
REPETITION_WEIGHT = 5.5
"""Of the correlation of strengths a bar apart."""
EVEN_VARIANCE = 0.25
"""Strengths that vary less than this (in units of the local RMS, squared) are even, and tell nothing about bars."""
HARMONY_BEATS = 2
"""Beats after and before, whose harmonies are compared."""
BEATS_TOGETHER = 1024
"""Beats that are worked on at a time: bounds the temporary memory."""
SILENT_NORM = 1e-6
SLIP_COST = 12.0
"""Cost of a bar of another length, in units of the evidence of one beat."""
FEWEST_BARS = 2


@dataclass(frozen=True)
class Bars:
    """The bars of a piece.

    Attributes:
        beats_per_bar: 2, 3 or 4.
        offset: index of the first beat of a bar, less than `beats_per_bar`.
        score: log-likelihood of these bars, up to a constant.
        evidence: how much each beat looks like the first of a bar ``[shape=(beats,)]``.
    """

    beats_per_bar: int
    offset: int
    score: float
    evidence: Curve


def beat_means(rows: Rows, beats: Curve, share: float = 1.0) -> NDArray[np.float64]:
    """Return the mean of ``rows`` in the first ``share`` of each beat ``[shape=(beats, columns)]``; it lies where ``rows`` do.

    The last beat is as long as the one before.
    """
    lengths = np.append(np.diff(beats), beats[-1] - beats[-2])
    start, stop = (
        np.clip(np.round(edge).astype(np.intp), 0, rows.shape[0]) for edge in (beats, beats + share * lengths)
    )
    places = np.unique(np.concatenate((start, stop)))
    sums = sums_before(rows, places)
    begins, ends = np.searchsorted(places, start), np.searchsorted(places, stop)
    means = Table(rows.shape[1], beats.shape[0], folder_of(rows), np.float64)
    for first in range(0, beats.shape[0], BEATS_TOGETHER):
        here = slice(first, first + BEATS_TOGETHER)
        mean = sums[ends[here]] - sums[begins[here]]
        mean /= np.maximum(stop[here] - start[here], 1)[:, np.newaxis]
        give_back(sums[begins[here][0] : ends[here][-1]])
        means.append(mean)
    return means.finish()


def harmony_change(tones: NDArray[np.float64]) -> Curve:
    """Return the cosine distance between the shapes of the `HARMONY_BEATS` from each beat on and before it.

    ``tones`` are means per beat ``[shape=(beats, bands)]``; at the first beat the distance is 0.
    """
    count = tones.shape[0]
    sums = sums_before(tones, np.arange(count + 1))
    change = np.zeros(count)
    for first in range(1, count, BEATS_TOGETHER):
        here = np.arange(first, min(first + BEATS_TOGETHER, count))
        change[here] = _distances(sums, here)
        give_back(sums[here[0] : here[-1]])
    return change


def _distances(sums: NDArray[np.float64], here: NDArray[np.intp]) -> Curve:
    """Return the distances of `harmony_change` at the beats ``here`` from the running sums ``[shape=(beats + 1, bands)]``."""
    count = sums.shape[0] - 1
    stop, start = np.minimum(here + HARMONY_BEATS, count), np.maximum(here - HARMONY_BEATS, 0)
    after = (sums[stop] - sums[here]) / (stop - here)[:, np.newaxis]
    before = (sums[here] - sums[start]) / (here - start)[:, np.newaxis]
    after -= after.mean(axis=1, keepdims=True)
    before -= before.mean(axis=1, keepdims=True)
    norms = np.sqrt((after**2).sum(axis=1) * (before**2).sum(axis=1))
    alike = np.divide((after * before).sum(axis=1), norms, out=np.ones(here.shape[0]), where=norms > SILENT_NORM)
    return np.asarray(1.0 - alike)


def steps_at_the_top(top: NDArray[np.float64]) -> NDArray[np.float64]:
    """Return the mean rise of all bands from beat to beat, and the mean change; 0 at the first beat ``[shape=(2, beats)]``.

    ``top`` are means per beat ``[shape=(beats, bands)]``.
    """
    count = top.shape[0]
    steps = np.zeros((2, count))
    for first in range(1, count, BEATS_TOGETHER):
        stop = min(first + BEATS_TOGETHER, count)
        change = np.diff(top[first - 1 : stop], axis=0)
        steps[0, first:stop] = change.mean(axis=1)
        steps[1, first:stop] = np.abs(change).mean(axis=1)
        give_back(top[first:stop])
    return steps


def first_beat_evidence(beats: Curve, strengths: Strengths) -> Curve:
    """Return how much each beat looks like the first of a bar, compared with the average beat ``[shape=(beats,)]``."""
    terms = np.column_stack(
        (
            np.minimum(beat_means(strengths.bass, beats, BASS_SHARE)[:, 0], LARGEST_BASS),
            *steps_at_the_top(beat_means(strengths.top, beats)),
            harmony_change(beat_means(strengths.tones, beats)),
        )
    )
    evidence: Curve = (terms - terms.mean(axis=0)) @ FIRST_BEAT_WEIGHTS
    return evidence


def find_bars(beats: Curve, strengths: Strengths) -> Bars | None:
    """Return the likeliest bars over ``beats`` (in frames), or None where there are too few beats to tell."""
    if beats.shape[0] < FEWEST_BARS * max(METRES):
        return None
    evidence = first_beat_evidence(beats, strengths)
    local = np.column_stack([at(curve, beats) for curve in (strengths.low, strengths.full, strengths.high)])
    local -= local.mean(axis=0)
    local /= np.sqrt(local.var(axis=0) + EVEN_VARIANCE)
    best = Bars(0, 0, -np.inf, evidence)
    for metre, common in METRES.items():
        repetition = float((local[metre:] * local[:-metre]).mean())
        for offset in range(metre):
            score = float(evidence[offset::metre].mean()) + common + REPETITION_WEIGHT * repetition
            score += STARTS_WITH_BAR if offset == 0 else 0.0
            if score > best.score:
                best = Bars(metre, offset, score, evidence)
    return best


def bar_lines(bars: Bars) -> NDArray[np.intp]:
    """Return which beats begin a bar: one in `Bars.beats_per_bar`, except where slipping pays ``[shape=(bars,)]``.

    Viterbi decoding over the beats; the state is the place in the bar, and only first beats collect evidence.
    """
    evidence, metre = bars.evidence, bars.beats_per_bar
    count = evidence.shape[0]
    back = np.zeros((count, metre), dtype=np.intp)
    score = np.full(metre, -SLIP_COST)
    score[-bars.offset % metre] = 0.0
    score[0] += evidence[0]
    for beat in range(1, count):
        came = np.roll(np.arange(metre), 1)
        following = score[came]
        slip = int(score.argmax())
        better = score[slip] - SLIP_COST > following
        back[beat] = np.where(better, slip, came)
        score = np.where(better, score[slip] - SLIP_COST, following)
        score[0] += evidence[beat]
    place = int(score.argmax())
    first = []
    for beat in range(count - 1, -1, -1):
        if place == 0:
            first.append(beat)
        place = int(back[beat, place])
    return np.array(first[::-1], dtype=np.intp)
