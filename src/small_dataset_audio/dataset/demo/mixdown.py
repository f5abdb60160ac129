"""The recording of a piece: every part through its strip, the room, the master."""

from collections.abc import Mapping
from typing import Final

import numpy as np

from small_dataset_audio.dataset.demo.arrangement import Master, Part, Piece, Strip
from small_dataset_audio.dataset.demo.schedule import Onset, generator
from small_dataset_audio.dataset.demo.score.grid import SECONDS_PER_MINUTE
from small_dataset_audio.dataset.demo.score.pitch import SEMITONES, frequency
from small_dataset_audio.dataset.demo.sound import effects
from small_dataset_audio.dataset.demo.sound.synthesis import Signal, Stroke, filtered

_CEILING: Final = 0.89
"""-1 dBFS: room for the peaks between the samples."""

_MIDDLE_C: Final = 60
_RUMBLE_HZ: Final = 24.0
_DUCK_BEATS: Final = 0.7
_FADE_IN: Final = 0.004
_FADE_OUT: Final = 1.2


def _gains(strip: Strip, pitch: int | None) -> Signal:
    """Return the constant-power gains of left and right for one note ``[shape=(2, 1)]``."""
    away = 0.0 if pitch is None else strip.spread * (pitch - _MIDDLE_C) / (2 * SEMITONES)
    angle = (1 + np.clip(strip.pan + away, -1, 1)) * np.pi / 4
    gains: Signal = np.sqrt(2) * np.array([[np.cos(angle)], [np.sin(angle)]])
    return gains


def played(piece: Piece, part: Part, onsets: tuple[Onset, ...], length: int) -> Signal:
    """Return a part as it is played, before its strip ``[shape=(2, length)]``.

    The same note at the same strength is made once per variant and used again.
    """
    rate = piece.master.rate
    random = generator(piece, f"sound of {part.name}")
    takes: dict[tuple[object, ...], Signal] = {}
    track = np.zeros((2, length))
    for index, onset in enumerate(onsets):
        seconds = round(onset.seconds, 3)
        take = (onset.pitch, seconds, onset.strength, index % part.variants)
        if take not in takes:
            hertz = 0.0 if onset.pitch is None else frequency(onset.pitch)
            takes[take] = part.instrument(Stroke(hertz, seconds, onset.strength, rate, random))
        sound = takes[take]
        start = round(onset.start * rate)
        stop = min(start + sound.shape[-1], length)
        track[:, start:stop] += sound[..., : stop - start] * _gains(part.strip, onset.pitch)
    return track


def through_strip(piece: Piece, strip: Strip, track: Signal, kicks: list[int]) -> Signal:
    """Return a track after its strip's filters and effects ``[shape=(2, n)]``; the track given is used up."""
    rate, grid = piece.master.rate, piece.form.grid
    beat = SECONDS_PER_MINUTE / grid.bpm
    if strip.lowpass:
        track = filtered(track, "lowpass", strip.lowpass, rate)
    if strip.highpass:
        track = filtered(track, "highpass", strip.highpass, rate)
    if strip.sweep:
        moments = [grid.seconds(point) * rate for point, _ in strip.sweep]
        octaves = np.interp(np.arange(track.shape[1]), moments, np.log2([hertz for _, hertz in strip.sweep]))
        track = effects.swept_lowpass(track, 2**octaves, rate)
    if strip.chorus:
        track = effects.chorus(track, rate, strip.chorus)
    if strip.autopan:
        track = effects.autopan(track, rate, *strip.autopan)
    if strip.echo:
        delay = round(strip.echo.beats * beat * rate)
        track += strip.echo.level * effects.echo(track, delay, strip.echo.feedback)
    if strip.duck:
        track *= effects.duck(track.shape[1], kicks, rate, strip.duck, _DUCK_BEATS * beat)
    track *= 10 ** (strip.gain / 20)
    return track


def mastered(sound: Signal, master: Master) -> Signal:
    """Return the sum at its level: saturated, rumble removed, limited, faded at both ends ``[shape=(channels, n)]``.

    The sound given is used up.
    """
    rate = master.rate
    if master.channels == 1:
        sound = sound.mean(axis=0, keepdims=True)
    sound *= 10 ** (master.level / 20) / np.sqrt(np.mean(sound**2))
    if master.warmth:
        sound = np.tanh(master.warmth * sound) / master.warmth
    sound = filtered(sound, "highpass", _RUMBLE_HZ, rate)
    sound = effects.limited(sound, _CEILING, rate)
    rise, fall = round(_FADE_IN * rate), round(_FADE_OUT * rate)
    sound[:, :rise] *= np.linspace(0, 1, rise)
    sound[:, -fall:] *= 0.5 + 0.5 * np.cos(np.linspace(0, np.pi, fall))
    return sound


def recorded(piece: Piece, schedule: Mapping[str, tuple[Onset, ...]]) -> Signal:
    """Return the whole piece, mixed and mastered ``[shape=(channels, n)]``."""
    rate = piece.master.rate
    length = piece.samples
    kicks = [round(onset.start * rate) for part in piece.parts if part.role == "kick" for onset in schedule[part.name]]
    dry, room = np.zeros((2, length)), np.zeros((2, length))
    for part in piece.parts:
        track = through_strip(piece, part.strip, played(piece, part, schedule[part.name], length), kicks)
        dry += track
        if part.strip.room:
            track *= part.strip.room
            room += track
    dry += effects.reverberation(room, rate, piece.master.room, generator(piece, "room"))
    return mastered(dry, piece.master)
