"""Effects on whole tracks: swept filter, ducking, echo, chorus, reverberation, limiter."""

from typing import Final

import numpy as np
from scipy import ndimage, signal

from small_dataset_audio.dataset.demo.sound.synthesis import Signal, decay, filtered, times

_CONTROL: Final = 512
"""Samples between two settings of a moving filter."""


def _lowpasses(cutoff: Signal, rate: int) -> tuple[Signal, Signal]:
    """Return numerators and denominators of second-order Butterworth low-pass filters ``[shape=(settings, 3)]``.

    The bilinear transform of 1 / (s² + √2 s + 1), in closed form because there are thousands of settings.
    """
    warped = np.tan(np.pi * cutoff / rate)
    scale = 1 / (1 + np.sqrt(2) * warped + warped**2)
    forward = warped**2 * scale
    back = 2 * (warped**2 - 1) * scale, (1 - np.sqrt(2) * warped + warped**2) * scale
    return np.stack([forward, 2 * forward, forward], axis=-1), np.stack([np.ones_like(scale), *back], axis=-1)


def swept_lowpass(sound: Signal, cutoff: Signal, rate: int) -> Signal:
    """Return ``sound`` through a low-pass filter that moves.

    Args:
        sound: ``[shape=(2, n)]``.
        cutoff: Hz at every sample ``[shape=(n,)]``; read every 512 samples.
        rate: samples per second.
    """
    state = np.zeros((2, 2))
    passed = np.empty_like(sound)
    for index, (forward, back) in enumerate(zip(*_lowpasses(cutoff[::_CONTROL], rate), strict=True)):
        block = slice(index * _CONTROL, (index + 1) * _CONTROL)
        passed[:, block], state = signal.lfilter(forward, back, sound[:, block], zi=state)
    return passed


def duck(length: int, hits: list[int], rate: int, depth: float, seconds: float) -> Signal:
    """Return the gain of a compressor that every hit of the kick pushes down ``[shape=(length,)]``.

    Args:
        length: samples.
        hits: samples at which the kick is struck.
        rate: samples per second.
        depth: how far down, 0-1.
        seconds: time until the gain is back.
    """
    gain = np.ones(length)
    fall, back = round(0.004 * rate), round(seconds * rate)
    dip = np.concatenate([np.linspace(1, 0, fall), np.sin(np.linspace(0, np.pi / 2, back)) ** 2])
    curve = 1 - depth * (1 - dip)
    for hit in hits:
        stop = min(hit + curve.shape[0], length)
        gain[hit:stop] = np.minimum(gain[hit:stop], curve[: stop - hit])
    return gain


def echo(sound: Signal, delay: int, feedback: float, repeats: int = 4) -> Signal:
    """Return the repeats alone, each one softer and on the other side ``[shape=(2, n)]``."""
    repeated = np.zeros_like(sound)
    for index in range(1, repeats + 1):
        if index * delay >= sound.shape[1]:
            break
        source = sound[::-1] if index % 2 else sound
        repeated[:, index * delay :] += feedback**index * source[:, : -index * delay]
    return repeated


def chorus(sound: Signal, rate: int, depth: float) -> Signal:
    """Return ``sound`` with a copy whose delay moves slowly around 12 ms, opposite in the two channels.

    Args:
        sound: ``[shape=(2, n)]``.
        rate: samples per second.
        depth: movement of the delay in milliseconds.
    """
    n = sound.shape[1]
    wave = np.sin(2 * np.pi * 0.6 * times(n, rate))
    places = np.arange(n, dtype=np.float64)
    wet = [
        np.interp(places - (12 + sign * depth * wave) * rate / 1000, places, channel, left=0.0)
        for channel, sign in zip(sound, (1, -1), strict=True)
    ]
    return np.stack([0.75 * dry + 0.5 * late for dry, late in zip(sound, wet, strict=True)])


def autopan(sound: Signal, rate: int, speed: float, depth: float) -> Signal:
    """Return ``sound`` swaying between the sides ``speed`` times a second (the "vibrato" of an electric piano)."""
    wave = depth * np.sin(2 * np.pi * speed * times(sound.shape[1], rate))
    return np.stack([sound[0] * (1 + wave), sound[1] * (1 - wave)])


def reverberation(sound: Signal, rate: int, seconds: float, random: np.random.Generator) -> Signal:
    """Return the sound of a room alone: exponentially decaying noise, darker as it decays ``[shape=(2, n)]``.

    Source: Moorer, "About this reverberation business", Computer Music Journal 3(2), 1979.

    Args:
        sound: what is sent into the room ``[shape=(2, n)]``.
        rate: samples per second.
        seconds: reverberation time (60 dB) of the lows; the highs have 45 % of it.
        random: where the room's noise comes from.
    """
    length = round(seconds * rate)
    noise = random.standard_normal((2, length))
    dark = filtered(noise, "lowpass", 1800.0, rate, order=1)
    bright = filtered(noise - dark, "lowpass", 9000.0, rate, order=1)
    room = dark * decay(length, rate, seconds) + bright * decay(length, rate, 0.45 * seconds)
    room = filtered(room, "highpass", 180.0, rate)
    room *= 1 / np.sqrt(np.sum(room**2, axis=1, keepdims=True))
    ahead = round(0.018 * rate)
    wet = np.zeros_like(sound)
    for side in range(2):  # 24 bits are enough for a room, and twice as fast
        dry, tail = sound[side].astype(np.float32), room[side].astype(np.float32)
        wet[side, ahead:] = signal.oaconvolve(dry, tail)[: sound.shape[1] - ahead]
    return wet


def limited(sound: Signal, ceiling: float, rate: int) -> Signal:
    """Return ``sound`` with no sample beyond ``ceiling``.

    The gain that each sample needs is held over 10 ms and then averaged over 10 ms: the average of values that are all
    low enough is low enough, and it moves without a corner.
    """
    window = 2 * round(0.005 * rate) + 1
    peak = np.abs(sound).max(axis=0)
    gain = ndimage.minimum_filter1d(ceiling / np.maximum(peak, ceiling), window)
    smooth: Signal = ndimage.uniform_filter1d(gain, window)
    return np.clip(sound * smooth, -ceiling, ceiling)
