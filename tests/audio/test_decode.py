"""Every format gives back the samples that were written, at the right place in time and in the right channels."""

import struct
from pathlib import Path

import numpy as np
import pytest
import soundfile

from small_dataset_audio.audio.containers.mpeg import adts_header, spans
from small_dataset_audio.audio.decode import decode, probe
from small_dataset_audio.audio.formats import ADTS, identify
from support.audio_files import RATE, SUFFIXES, Signal, music, write, write_by_ffmpeg
from support.signals import tone

LOSSLESS = (".wav", ".rf64", ".w64", ".aiff", ".caf", ".au", ".flac", ".mka", ".wv")
GAPLESS = (".ogg", ".opus", ".mp3", ".m4a", ".weba")
RAW = (".aac", ".mp2", ".wma")


def rate_for(suffix: str) -> int:
    return 48000 if suffix in (".opus", ".weba") else RATE


def lag(decoded: Signal, original: Signal) -> int:
    """Return by how many samples the noise in ``decoded`` comes later than in ``original``."""
    size = 1 << 17
    spectrum = np.fft.rfft(decoded[0, :40000], size) * np.fft.rfft(original[0, :40000], size).conj()
    peak = int(np.argmax(np.fft.irfft(spectrum / np.maximum(np.abs(spectrum), 1e-12))))
    return peak if peak < size // 2 else peak - size


def dominant(samples: Signal, rate: int) -> list[int]:
    """Return the strongest frequency of each channel, to 10 Hz."""
    spectra = np.abs(np.fft.rfft(samples[:, : rate // 2] * np.hanning(rate // 2), axis=1))
    return [round(float(bin_) * 2 / 10) * 10 for bin_ in np.argmax(spectra, axis=1)]


def test_the_table_of_formats_here_is_complete() -> None:
    assert sorted(LOSSLESS + GAPLESS + RAW) == sorted(SUFFIXES)


@pytest.mark.parametrize("suffix", LOSSLESS)
def test_lossless_formats_give_back_each_sample(tmp_path: Path, suffix: str) -> None:
    samples = np.round(music(0.7) * 32768) / np.float32(32768)
    clip = decode(write(tmp_path / f"a{suffix}", samples.astype(np.float32)))
    assert (clip.rate, clip.channels, clip.truncated) == (RATE, 2, False)
    assert clip.samples.dtype == np.float32
    assert clip.samples.flags.c_contiguous
    np.testing.assert_array_equal(clip.samples, samples)


@pytest.mark.parametrize("suffix", GAPLESS)
@pytest.mark.parametrize("extra", [0, 123])
def test_delay_and_padding_of_encoders_are_left_out(tmp_path: Path, suffix: str, extra: int) -> None:
    rate = rate_for(suffix)
    samples = music(1.0 + extra / rate, rate)
    clip = decode(write(tmp_path / f"a{suffix}", samples, rate))
    assert clip.samples.shape == samples.shape
    assert clip.rate == rate
    assert lag(clip.samples, samples) == 0
    assert dominant(clip.samples, rate) == [300, 600]
    assert clip.samples.flags.c_contiguous


@pytest.mark.parametrize("suffix", RAW)
def test_formats_that_do_not_tell_their_delay_keep_it(tmp_path: Path, suffix: str) -> None:
    clip = decode(write(tmp_path / f"a{suffix}", music(1.0)))
    assert clip.seconds == pytest.approx(1.0, abs=0.1)
    assert dominant(clip.samples, RATE) == [300, 600]


@pytest.mark.parametrize("suffix", SUFFIXES)
def test_probe_agrees_with_decode(tmp_path: Path, suffix: str) -> None:
    path = write(tmp_path / f"a{suffix}", music(0.5, rate_for(suffix)), rate_for(suffix))
    clip, facts = decode(path), probe(path)
    assert (facts.rate, facts.channels) == (clip.rate, clip.channels)
    assert facts.seconds == pytest.approx(clip.seconds, abs=0.06)


@pytest.mark.parametrize(
    ("suffix", "format_name", "codec", "bits"),
    [
        (".wav", "WAV", "pcm", 16),
        (".flac", "FLAC", "flac", 16),
        (".mp3", "MPEG audio", "mp3", None),
        (".mp2", "MPEG audio", "mp2", None),
        (".ogg", "Ogg", "vorbis", None),
        (".opus", "Ogg", "opus", None),
        (".m4a", "MP4", "aac", None),
        (".aac", "ADTS", "aac", None),
    ],
)
def test_probe_names_format_and_codec(
    tmp_path: Path, suffix: str, format_name: str, codec: str, bits: int | None
) -> None:
    facts = probe(write(tmp_path / f"a{suffix}", music(0.2, rate_for(suffix)), rate_for(suffix)))
    assert (facts.format, facts.codec, facts.bits) == (format_name, codec, bits)


@pytest.mark.parametrize(
    ("subtype", "step"),
    [
        ("PCM_U8", 2**-7),
        ("PCM_16", 2**-15),
        ("PCM_24", 2**-23),
        ("PCM_32", 2**-24),
        ("FLOAT", 2**-24),
        ("DOUBLE", 2**-24),
    ],
)
def test_every_depth_of_wav_is_scaled_to_full_scale_1(tmp_path: Path, subtype: str, step: float) -> None:
    samples = tone(0.1, peak=0.999)
    clip = decode(write(tmp_path / "a.wav", samples, subtype=subtype))
    np.testing.assert_allclose(clip.samples, samples, atol=step, rtol=0)


def test_the_lowest_16_bit_value_is_minus_one(tmp_path: Path) -> None:
    values = np.array([-32768, -1, 0, 1, 32767], dtype=np.int16)
    soundfile.write(tmp_path / "a.wav", values, RATE)
    np.testing.assert_array_equal(decode(tmp_path / "a.wav").samples[0], values / np.float32(32768))


@pytest.mark.parametrize("suffix", [".flac", ".m4a", ".wv"])
def test_24_bits_survive(tmp_path: Path, suffix: str) -> None:
    samples = (np.round(music(0.2) * 2**23) / 2**23).astype(np.float32)
    if suffix == ".flac":
        path = write(tmp_path / "a.flac", samples, subtype="PCM_24")
    else:
        codec = {".m4a": "alac", ".wv": "wavpack"}[suffix]
        path = write_by_ffmpeg(tmp_path / f"a{suffix}", samples, RATE, codec, sample_format="s32p")
    np.testing.assert_array_equal(decode(path).samples, samples)


@pytest.mark.parametrize("channels", range(1, 9))
@pytest.mark.parametrize("suffix", [".wav", ".flac"])
def test_any_number_of_channels(tmp_path: Path, suffix: str, channels: int) -> None:
    clip = decode(write(tmp_path / f"a{suffix}", music(0.6, 8000, channels), 8000))
    assert dominant(clip.samples, 8000) == [300 * (channel + 1) for channel in range(channels)]


@pytest.mark.parametrize("rate", [8000, 11025, 48000, 96000, 192_000])
def test_any_rate(tmp_path: Path, rate: int) -> None:
    for suffix in (".wav", ".flac"):
        clip = decode(write(tmp_path / f"a{suffix}", music(0.1, rate), rate))
        assert (clip.rate, clip.samples.shape) == (rate, (2, rate // 10))


@pytest.mark.parametrize("rate", [8000, 16000, 22050, 32000, 48000])
def test_mp3_of_every_mpeg_version(tmp_path: Path, rate: int) -> None:
    samples = music(1.0, rate, channels=1)
    clip = decode(write(tmp_path / "a.mp3", samples, rate))
    assert (clip.rate, clip.samples.shape) == (rate, samples.shape)
    assert lag(clip.samples, samples) == 0


def test_opus_is_decoded_at_48_khz_whatever_the_original_rate(tmp_path: Path) -> None:
    clip = decode(write(tmp_path / "a.opus", music(0.5, 16000), 16000))
    assert (clip.rate, clip.samples.shape) == (48000, (2, 24000))


@pytest.mark.parametrize(("suffix", "codec"), [(".m4a", "aac"), (".opus", "libopus"), (".flac", "flac")])
def test_six_channels_come_in_wave_order(tmp_path: Path, suffix: str, codec: str) -> None:
    rate = 48000
    samples = np.concatenate([tone(1.0, rate, 100.0 * (1 + channel)) for channel in range(6)])
    samples[3] = tone(1.0, rate, 50.0)[0]  # LFE: encoders keep only the lowest octaves of it
    clip = decode(write_by_ffmpeg(tmp_path / f"a{suffix}", samples, rate, codec, bit_rate=400_000))
    assert dominant(clip.samples[:, rate // 4 :], rate) == [100, 200, 300, 50, 500, 600]


@pytest.mark.parametrize(
    ("suffix", "codec", "channels"), [(".m4a", "aac", 8), (".wv", "wavpack", 8), (".wv", "wavpack", 24)]
)
def test_eight_channels_and_more_through_ffmpeg(tmp_path: Path, suffix: str, codec: str, channels: int) -> None:
    samples = np.concatenate([tone(0.6, 48000, 100.0 * (1 + channel)) for channel in range(channels)])
    expected = [100 * (1 + channel) for channel in range(channels)]
    if codec == "aac":
        samples[3], expected[3] = tone(0.6, 48000, 50.0)[0], 50  # LFE
    clip = decode(write_by_ffmpeg(tmp_path / f"a{suffix}", samples, 48000, codec))
    assert dominant(clip.samples, 48000) == expected


def test_headers_of_mp3_that_turn_up_in_aac_by_chance(tmp_path: Path) -> None:
    path = write(tmp_path / "a.aac", music(1.0))
    data = bytearray(path.read_bytes())
    for start, length in list(spans(bytes(data), adts_header))[5:40:6]:
        assert length > 200
        data[start + 20 : start + 24] = data[start + 124 : start + 128] = b"\xff\xfb\x14\0"  # 104 bytes long
    path.write_bytes(data)
    assert identify(path) == ADTS


def test_an_ogg_file_of_two_parts_is_decoded_to_its_end(tmp_path: Path) -> None:
    first, second = (write(tmp_path / f"{k}.ogg", tone(0.5, frequency=f)).read_bytes() for k, f in ((1, 400), (2, 800)))
    (tmp_path / "both.ogg").write_bytes(first + second)
    clip = decode(tmp_path / "both.ogg")
    assert clip.seconds == pytest.approx(1.0, abs=0.01)
    assert dominant(clip.samples, RATE) == [400]
    assert dominant(clip.samples[:, RATE // 2 :], RATE) == [800]
    assert probe(tmp_path / "both.ogg").seconds == pytest.approx(1.0, abs=0.01)


@pytest.mark.parametrize(
    ("content", "name"),
    [
        (".flac", "a.wav"),
        (".wav", "a.mp3"),
        (".mp3", "a.flac"),
        (".m4a", "a.ogg"),
        (".ogg", "a.txt"),
        (".aac", "a.m4a"),
    ],
)
def test_the_content_decides_and_not_the_name(tmp_path: Path, content: str, name: str) -> None:
    path = write(tmp_path / f"b{content}", music(0.5))
    expected = decode(path)
    clip = decode(path.rename(tmp_path / name))
    np.testing.assert_array_equal(clip.samples, expected.samples)


@pytest.mark.parametrize("suffix", [".wav", ".ogg", ".mp3", ".m4a"])
@pytest.mark.parametrize(
    "name", ['🎸 "quoted"\nsecond line', "http:\u2215\u2215x", "-", b"latin-\xe9".decode("utf-8", "surrogateescape")]
)
def test_any_file_name(tmp_path: Path, suffix: str, name: str) -> None:
    try:
        path = write(tmp_path / f"a{suffix}", music(0.2)).rename(tmp_path / f"{name}{suffix}")
    except OSError:
        pytest.skip("this file system does not take the name")
    assert decode(path).seconds == pytest.approx(0.2, abs=0.05)
    assert probe(path).rate == RATE


@pytest.mark.parametrize("codec", ["pcm_alaw", "pcm_mulaw", "adpcm_ms", "adpcm_ima_wav", "libmp3lame"])
def test_wav_around_another_codec(tmp_path: Path, codec: str) -> None:
    path = write_by_ffmpeg(tmp_path / "a.wav", music(1.0), RATE, codec)
    assert decode(path).seconds == pytest.approx(1.0, abs=0.06)
    assert probe(path).seconds == pytest.approx(1.0, abs=0.06)


def test_a_flac_that_was_sent_down_a_pipe_declares_no_length(tmp_path: Path) -> None:
    path = write(tmp_path / "a.flac", samples := np.round(music(3.0) * 32768).astype(np.float32) / np.float32(32768))
    data = bytearray(path.read_bytes())
    data[21] &= 0xF0  # STREAMINFO: the 36 bits of the number of samples
    data[22:26] = bytes(4)
    path.write_bytes(data)
    assert probe(path).seconds is None
    np.testing.assert_array_equal(decode(path).samples, samples)


@pytest.mark.parametrize("size", [0xFFFFFFFF, 0x7FFFF000, 0xFFFFFFDB])
def test_a_wav_that_was_sent_down_a_pipe_is_not_truncated(tmp_path: Path, size: int) -> None:
    path = write(tmp_path / "a.wav", music(0.3))
    data = bytearray(path.read_bytes())
    struct.pack_into("<I", data, data.find(b"data") + 4, size)
    path.write_bytes(data)
    clip = decode(path)
    assert clip.samples.shape == (2, round(0.3 * RATE))
    assert not clip.truncated


def test_av_is_imported_only_when_it_is_needed(tmp_path: Path) -> None:
    import subprocess
    import sys

    path = write(tmp_path / "a.flac", music(0.1))
    code = (
        "import sys, pathlib; from small_dataset_audio.audio.decode import decode; "
        f"decode(pathlib.Path({str(path)!r})); sys.exit('av' in sys.modules or 'scipy' in sys.modules)"
    )
    subprocess.run([sys.executable, "-c", code], check=True)
