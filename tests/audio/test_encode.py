"""What is written is what was given: bit for bit where the format can, clipped and counted where it cannot, whole or not at all."""

import errno
import logging
import os
from pathlib import Path

import numpy as np
import pytest
import soundfile
from hypothesis import given
from hypothesis import strategies as st

from small_dataset_audio.audio import encode as encode_module
from small_dataset_audio.audio.decode import decode
from small_dataset_audio.audio.encode import ENCODED_SUFFIXES, encode
from small_dataset_audio.errors import AudioError, StoreError
from support.audio_files import RATE, music
from support.signals import silence, tone


def rate_for(suffix: str) -> int:
    return 48000 if suffix == ".opus" else RATE


def dominant(samples: np.ndarray, rate: int) -> list[int]:
    spectra = np.abs(np.fft.rfft(samples[:, : rate // 2] * np.hanning(rate // 2), axis=1))
    return [2 * int(peak) for peak in np.argmax(spectra, axis=1)]


@pytest.mark.parametrize("suffix", sorted(ENCODED_SUFFIXES))
def test_every_format_comes_back(tmp_path: Path, suffix: str) -> None:
    rate = rate_for(suffix)
    samples = music(1.0, rate)
    assert encode(tmp_path / f"a{suffix}", samples, rate) == 0
    clip = decode(tmp_path / f"a{suffix}")
    assert (clip.rate, clip.samples.shape) == (rate, samples.shape)
    assert float(np.sqrt(np.mean((clip.samples - samples) ** 2))) < 0.03
    assert [path.name for path in tmp_path.iterdir()] == [f"a{suffix}"]


@pytest.mark.parametrize("suffix", [".ogg", ".opus", ".mp3"])
def test_lossy_formats_keep_the_last_milliseconds(tmp_path: Path, suffix: str) -> None:
    rate = rate_for(suffix)
    samples = music(1.0, rate)
    encode(tmp_path / f"a{suffix}", samples, rate)
    tail = slice(-rate // 100, None)
    assert np.abs(decode(tmp_path / f"a{suffix}").samples[:, tail] - samples[:, tail]).max() < 0.15


def test_opus_is_the_same_bytes_each_time(tmp_path: Path) -> None:
    for name in ("a.opus", "b.opus"):
        encode(tmp_path / name, music(0.2, 48000), 48000)
    assert (tmp_path / "a.opus").read_bytes() == (tmp_path / "b.opus").read_bytes()


def test_float_wav_keeps_every_bit(tmp_path: Path) -> None:
    samples = 3.0 * music(0.2)
    assert encode(tmp_path / "a.WAV", samples, RATE) == 0
    np.testing.assert_array_equal(decode(tmp_path / "a.WAV").samples, samples)


@pytest.mark.parametrize(
    ("suffix", "subtype", "bits"),
    [(".wav", "PCM_16", 16), (".flac", "PCM_16", 16), (".flac", None, 24), (".wav", "PCM_24", 24)],
)
def test_integers_keep_every_bit(tmp_path: Path, suffix: str, subtype: str | None, bits: int) -> None:
    scale = np.float32(2 ** (bits - 1))
    generator = np.random.default_rng(0)
    values = generator.integers(-(2 ** (bits - 1)), 2 ** (bits - 1), size=(2, 5000))
    values[:, :2] = [-(2 ** (bits - 1)), 2 ** (bits - 1) - 1]
    samples = (values / scale).astype(np.float32)
    assert encode(tmp_path / f"a{suffix}", samples, RATE, subtype=subtype) == 0
    np.testing.assert_array_equal(decode(tmp_path / f"a{suffix}").samples, samples)


@pytest.mark.parametrize("suffix", [".flac", ".ogg", ".mp3"])
def test_samples_beyond_full_scale_are_clipped_counted_and_reported(
    tmp_path: Path, suffix: str, caplog: pytest.LogCaptureFixture
) -> None:
    samples = tone(0.5, peak=2.0)
    beyond = int(np.count_nonzero(np.abs(samples) > 1))
    with caplog.at_level(logging.WARNING):
        assert encode(tmp_path / f"a{suffix}", samples, RATE) == beyond
    assert f"{beyond} of {samples.size}" in caplog.text
    clip = decode(tmp_path / f"a{suffix}")
    assert np.abs(clip.samples).max() < 1.3
    assert np.sign(clip.samples[0, 15:40]).tolist() == np.sign(samples[0, 15:40]).tolist()  # nothing wrapped around


def test_integers_stop_at_full_scale_exactly(tmp_path: Path) -> None:
    encode(tmp_path / "a.wav", np.array([[-9.0, -1.0, 1.0, 9.0]], dtype=np.float32), RATE, subtype="PCM_16")
    values, _ = soundfile.read(tmp_path / "a.wav", dtype="int16")
    assert values.tolist() == [-32768, -32768, 32767, 32767]


@pytest.mark.parametrize(
    ("suffix", "channels"),
    [
        *((suffix, channels) for suffix in (".ogg", ".flac") for channels in range(1, 9)),
        *((".opus", channels) for channels in (1, 2, 3, 4, 6, 8)),
    ],
)
def test_channels_stay_in_wave_order(tmp_path: Path, suffix: str, channels: int) -> None:
    samples = np.concatenate([tone(0.6, 48000, 100.0 * (1 + channel)) for channel in range(channels)])
    low = 3 if channels >= 6 else None
    if low is not None:
        samples[low] = tone(0.6, 48000, 50.0)[0]  # LFE: encoders keep only the lowest octaves of it
    encode(tmp_path / f"a{suffix}", samples, 48000)
    expected = [50 if channel == low else 100 * (1 + channel) for channel in range(channels)]
    assert dominant(decode(tmp_path / f"a{suffix}").samples, 48000) == expected


def test_long_vorbis_does_not_crash(tmp_path: Path) -> None:
    encode(tmp_path / "a.ogg", silence(60, 8000, channels=2), 8000)
    assert decode(tmp_path / "a.ogg").seconds == 60.0


@pytest.mark.parametrize(
    ("name", "samples", "rate", "subtype", "why"),
    [
        ("a.xyz", music(0.1), RATE, None, "does not write files"),
        ("a", music(0.1), RATE, None, "does not write files"),
        ("a.wav", silence(0), RATE, None, "no samples"),
        ("a.wav", np.zeros(9, dtype=np.float32), RATE, None, "no samples"),
        ("a.wav", np.full((1, 9), np.nan, dtype=np.float32), RATE, None, "NaN"),
        ("a.wav", np.full((1, 9), np.inf, dtype=np.float32), RATE, None, "NaN"),
        ("a.flac", music(0.1), RATE, "FLOAT", "does not store"),
        ("a.opus", music(0.1), RATE, None, "Opus does not take 44100 Hz"),
        ("a.opus", music(0.1, 48000, channels=9), 48000, None, "not with 9"),
        ("a.opus", music(0.1, 48000), 48000, "VORBIS", "does not store samples as VORBIS"),
        ("a.opus", music(0.1, 48000, channels=5), 48000, None, "not with 5"),
        ("a.mp3", music(0.1, channels=6), RATE, None, "does not take 6 channels"),
        ("a.mp3", music(0.1), 192_000, None, "does not take 2 channels at 192000 Hz"),
        ("a.flac", music(0.1, channels=9), RATE, None, "does not take 9 channels"),
    ],
)
def test_what_a_format_does_not_take(
    tmp_path: Path, name: str, samples: np.ndarray, rate: int, subtype: str | None, why: str
) -> None:
    with pytest.raises(AudioError, match=why):
        encode(tmp_path / name, samples, rate, subtype=subtype)
    assert list(tmp_path.iterdir()) == []


def test_a_wav_beyond_4_gib(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(encode_module, "_LARGEST_WAV", 1000)
    with pytest.raises(AudioError, match="4 GiB"):
        encode(tmp_path / "a.wav", music(0.1), RATE)


def test_a_full_disk_leaves_the_old_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = tmp_path / "a.flac"
    encode(path, music(0.1), RATE)
    before = path.read_bytes()

    def full(_: int) -> None:
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    monkeypatch.setattr(os, "fsync", full)
    with pytest.raises(StoreError, match="space"):
        encode(path, music(0.2), RATE)
    assert path.read_bytes() == before
    assert list(tmp_path.iterdir()) == [path]


def test_a_missing_folder(tmp_path: Path) -> None:
    with pytest.raises(StoreError):
        encode(tmp_path / "absent" / "a.flac", music(0.1), RATE)


@given(st.lists(st.floats(-1, 1, width=32), min_size=1, max_size=50))
def test_24_bits_are_off_by_half_a_step_at_most(tmp_path_factory: pytest.TempPathFactory, values: list[float]) -> None:
    path = tmp_path_factory.mktemp("encode") / "a.flac"
    samples = np.array([values], dtype=np.float32)
    encode(path, samples, RATE)
    np.testing.assert_allclose(decode(path).samples, samples, atol=2**-23, rtol=0)
