"""The demo library's pieces, composed once per test process, and a piece so short that it costs nothing."""

import functools

import numpy as np
from numpy.typing import NDArray

from small_dataset_audio.dataset.demo.arrangement import Form, Master, Part, Piece
from small_dataset_audio.dataset.demo.composition import Composition, compose
from small_dataset_audio.dataset.demo.pieces import PIECES
from small_dataset_audio.dataset.demo.score.patterns import Event, hits, line
from small_dataset_audio.dataset.demo.sound.drums import Kick
from small_dataset_audio.dataset.demo.sound.keys import SynthBass
from small_dataset_audio.dataset.demo.sound.synthesis import Stroke
from small_dataset_audio.dataset.demo.sound.textures import Air

TITLES = tuple(piece.title for piece in PIECES)


def piece(title: str) -> Piece:
    """Return the piece of that title."""
    return next(piece for piece in PIECES if piece.title == title)


@functools.cache
def composed(title: str) -> Composition:
    """Return the composition of that title; composed at the first call."""
    return compose(piece(title))


def tiny(title: str = "Tiny", seed: int = 1, **master: object) -> Piece:
    """Return a piece of two bars at 240 BPM: a kick, a bass and some air."""
    form = Form(bpm=240.0, key="C major", bars=2, chords="C | G7 | C", seed=seed, tail=1.3)
    return Piece(
        title,
        form,
        (
            Part("kick", "kick", Kick(), hits("x...x...x...x...|x...x...x...x...")),
            Part("bass", "notes", SynthBass(), line("C2 - G2 - | G2 - B1 - | C2", 1.0)),
            Part("air", "texture", Air(), (Event(0.0, 4.0, None, 0.1),)),
        ),
        Master(level=-20.0, **master),  # type: ignore[arg-type]
    )


def stroke(
    frequency: float = 0.0, seconds: float = 0.5, strength: float = 0.8, rate: int = 44100, seed: int = 0
) -> Stroke:
    """Return what an instrument is asked to play."""
    return Stroke(frequency, seconds, strength, rate, np.random.default_rng(seed))


def share(sound: NDArray[np.float64], rate: int, low: float, high: float) -> float:
    """Return the share of the energy that lies between two frequencies in Hz."""
    power = np.abs(np.fft.rfft(np.atleast_2d(sound), axis=1)) ** 2
    tones = np.fft.rfftfreq(sound.shape[-1], 1 / rate)
    return float(power[:, (tones >= low) & (tones < high)].sum() / power.sum())
