"""What is not a usable recording is refused with a class and a sentence of its own, and never yields a number."""

import errno
import os
import struct
from collections.abc import Callable
from pathlib import Path

import av
import numpy as np
import pytest

from small_dataset_audio.audio.content import file_sha256
from small_dataset_audio.audio.decode import decode, probe
from small_dataset_audio.audio.decoders import ffmpeg, gather
from small_dataset_audio.audio.decoders.gather import Gathered
from small_dataset_audio.audio.formats import MPEG, SUFFIXES, identify
from small_dataset_audio.audio.plans import plan_frames
from small_dataset_audio.errors import AudioError, NotAudio, SdaError, TruncatedAudio
from support.audio_files import RATE, make, music, write, write_by_ffmpeg
from support.signals import silence, tone

Ask = Callable[[Path], object]
ASKS: tuple[Ask, ...] = (decode, probe, identify)


def refusal(ask: Ask, path: Path) -> AudioError:
    """Return the error that ``ask`` raises, after checking that it says three things in sentences."""
    with pytest.raises(AudioError) as caught:
        ask(path)
    for sentence in (caught.value.what, caught.value.why, caught.value.fix):
        assert sentence.endswith((".", ")."))
        assert "Error" not in sentence
    assert str(path) in caught.value.what
    return caught.value


@pytest.mark.parametrize("ask", [*ASKS, file_sha256])
def test_a_missing_file(tmp_path: Path, ask: Ask) -> None:
    error = refusal(ask, tmp_path / "absent.wav")
    assert type(error) is AudioError
    assert "no file" in error.what


@pytest.mark.parametrize("ask", ASKS)
def test_a_folder(tmp_path: Path, ask: Ask) -> None:
    assert "is a folder" in refusal(ask, tmp_path).what


@pytest.mark.parametrize("ask", ASKS)
def test_a_pipe_is_not_waited_for(tmp_path: Path, ask: Ask) -> None:
    os.mkfifo(tmp_path / "pipe.wav")
    assert "not a regular file" in refusal(ask, tmp_path / "pipe.wav").what


@pytest.mark.parametrize("ask", ASKS)
def test_an_empty_file(tmp_path: Path, ask: Ask) -> None:
    error = refusal(ask, make(tmp_path / "a.wav", "empty"))
    assert isinstance(error, NotAudio)
    assert "empty" in error.what


@pytest.mark.parametrize("ask", ASKS)
@pytest.mark.parametrize("suffix", [".wav", ".flac", ".mp3", ".m4a", ".ogg"])
def test_text_with_the_name_of_a_recording(tmp_path: Path, suffix: str, ask: Ask) -> None:
    error = refusal(ask, make(tmp_path / f"a{suffix}", "text"))
    assert isinstance(error, NotAudio)
    assert "plain text" in error.why


@pytest.mark.parametrize(
    ("content", "looks_like"),
    [
        (b"%PDF-1.7\n%\xe2\xe3", "PDF"),
        (b"PK\x03\x04" + bytes(60), "ZIP"),
        (b"RIFF\0\0\1\0AVI LIST", "video"),
        (b"\xff\xd8\xff\xe0\0\x10JFIF", "JPEG"),
        (b"\x89PNG\r\n\x1a\n", "PNG"),
        (b"MThd\0\0\0\6", "MIDI"),
        (b"\0\x05\x16\x07\0\2\0\0Mac OS X        ", "macOS"),
        (b"<!DOCTYPE html><html><body>404</body></html>", "web page"),
        (bytes(5000), "zeros"),
        (bytes(range(1, 256)) * 9, "nothing that sda knows"),
        (b"#EXTM3U\nhttp://localhost/stream.aac\n", "plain text"),
        (b"ffconcat version 1.0\nfile other.wav\n", "plain text"),
        (
            "\ufeffText in UTF-16, whose first two bytes resemble a frame header".encode("utf-16-le"),
            "nothing that sda knows",
        ),
        ("é".encode() * 40_000, "plain text"),
        (b"\xff", "nothing that sda knows"),
        (b"\xfe junk " + ((b"\xff\xfb\x90\0" + bytes(413)) * 2 + b"\xfe" * 9999) * 3, "nothing that sda knows"),
        (b"\xfe junk " + (b"\xff\xfb\x90\0" + bytes(413)) * 3, "nothing that sda knows"),
        (b"ID3\4\0\0\0\0\0\x0a" + bytes(1000), "zeros"),
        (b"ID3\4\0\0\0\0\0\x0a" + bytes(10), "nothing that sda knows"),
        (b"ID3\4\0\0\x7f\x7f\x7f\x7f" + b"tag longer than the file", "nothing that sda knows"),
    ],
)
def test_other_content_is_named(tmp_path: Path, content: bytes, looks_like: str) -> None:
    path = tmp_path / "a.mp3"
    path.write_bytes(content)
    error = refusal(decode, path)
    assert isinstance(error, NotAudio)
    assert looks_like in error.why


@pytest.mark.parametrize("suffix", [".wav", ".aiff", ".w64", ".caf", ".au"])
def test_a_header_without_samples(tmp_path: Path, suffix: str) -> None:
    error = refusal(decode, write(tmp_path / f"a{suffix}", silence(0, channels=2)))
    assert isinstance(error, NotAudio)
    assert "holds no sound" in error.what


@pytest.mark.parametrize("value", [np.nan, np.inf, -np.inf])
@pytest.mark.parametrize("subtype", ["FLOAT", "DOUBLE"])
def test_samples_that_are_no_numbers(tmp_path: Path, value: float, subtype: str) -> None:
    samples = tone(3.0, channels=2)
    samples[1, RATE : RATE + 3] = value
    samples[0, RATE + 1] = samples[0, -1] = value
    error = refusal(
        lambda path: decode(path, allow_truncated=True), write(tmp_path / "a.wav", samples, subtype=subtype)
    )
    assert type(error) is AudioError
    assert "5 of 264,600" in error.why
    assert "1.000000 s" in error.why


def test_all_samples_are_no_numbers(tmp_path: Path) -> None:
    error = refusal(decode, write(tmp_path / "a.wav", np.full((1, 9), np.nan, dtype=np.float32), subtype="FLOAT"))
    assert "infinite: all samples" in error.why


def test_a_double_too_large_for_float32_is_no_number(tmp_path: Path) -> None:
    import soundfile

    soundfile.write(tmp_path / "a.wav", np.array([0.0, 1e300]), RATE, subtype="DOUBLE")
    assert "1 of 2" in refusal(decode, tmp_path / "a.wav").why


def patched(path: Path, at: int, layout: str, value: int) -> Path:
    data = bytearray(path.read_bytes())
    struct.pack_into(layout, data, at, value)
    path.write_bytes(data)
    return path


@pytest.mark.parametrize("channels", [0, 65, 1025, 65535])
def test_absurd_numbers_of_channels(tmp_path: Path, channels: int) -> None:
    refusal(decode, patched(write(tmp_path / "a.wav", music(0.2)), 22, "<H", channels))


@pytest.mark.parametrize("rate", [0, 1, 999, 1_000_001, 0x7FFFFFFF, 0xFFFFFFFF])
def test_absurd_rates(tmp_path: Path, rate: int) -> None:
    refusal(decode, patched(write(tmp_path / "a.wav", music(0.2)), 24, "<I", rate))


def test_absurd_lengths_reserve_no_memory(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    largest = 0
    real = np.empty

    def watched(shape: tuple[int, int], dtype: type) -> object:
        nonlocal largest
        largest = max(largest, shape[0] * shape[1] * 4)
        return real(shape, dtype)

    monkeypatch.setattr("small_dataset_audio.audio.decoders.gather.np.empty", watched)
    flac = write(tmp_path / "a.flac", music(0.2))
    data = bytearray(flac.read_bytes())
    data[21] |= 0x0F
    data[22:26] = b"\xff" * 4  # 68,719,476,735 samples: half a terabyte, decoded
    flac.write_bytes(data)
    rf64 = write(tmp_path / "a.rf64", music(0.2))
    patched(rf64, rf64.read_bytes().find(b"ds64") + 16, "<Q", 10**12)
    for path in (flac, rf64):
        with pytest.raises(TruncatedAudio):
            decode(path)
        assert decode(path, allow_truncated=True).samples.shape == (2, 8820)
    assert largest < 4 << 20


def test_a_recording_too_long_to_hold(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(gather, "MOST_BYTES", 1 << 20)
    path = write(tmp_path / "a.flac", silence(20, channels=2))
    assert "longer than" in refusal(decode, path).why


def test_memory_that_runs_out(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(*_: object, **__: object) -> None:
        raise MemoryError

    path = write(tmp_path / "a.wav", music(0.2))
    monkeypatch.setattr(Gathered, "start", refuse)
    assert "memory" in refusal(decode, path).why


@pytest.mark.parametrize(
    ("number", "fix"), [(errno.EACCES, "permission"), (errno.EIO, "disk"), (errno.ENAMETOOLONG, "shorter")]
)
def test_a_file_that_the_system_does_not_give(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, number: int, fix: str
) -> None:
    path = write(tmp_path / "a.wav", music(0.2))

    def refuse(*_: object, **__: object) -> None:
        raise OSError(number, os.strerror(number))

    monkeypatch.setattr(Path, "open", refuse)
    assert fix in refusal(decode, path).fix


@pytest.mark.parametrize("suffix", [".wav", ".flac", ".m4a", ".ogg", ".mka", ".wma", ".wv"])
def test_nothing_but_the_first_bytes_of_a_recording(tmp_path: Path, suffix: str) -> None:
    path = write(tmp_path / f"a{suffix}", music(0.5))
    path.write_bytes(path.read_bytes()[:64] + b"\x55" * 2000)
    refusal(decode, path)


def test_a_frame_that_reaches_into_the_tag_behind_it_is_no_frame(tmp_path: Path) -> None:
    path = tmp_path / "a.mp3"
    path.write_bytes(b"\xff\xfb\x90\0" + bytes(296) + b"TAG" + bytes(114) + b"TAG" + bytes(8))
    assert isinstance(refusal(decode, path), NotAudio)
    with pytest.raises(AudioError, match="makes no sense"):
        plan_frames(path, MPEG)


def test_a_codec_without_a_decoder(tmp_path: Path) -> None:
    path = write_by_ffmpeg(tmp_path / "a.m4a", music(0.3), RATE, "alac", muxer="mp4")
    path.write_bytes(path.read_bytes().replace(b"alac", b"zzzz"))
    refusal(decode, path)
    refusal(probe, path)


def test_a_rate_that_changes_on_the_way(tmp_path: Path) -> None:
    first = write(tmp_path / "1.ogg", music(0.3)).read_bytes()
    second = write(tmp_path / "2.ogg", music(0.3, 22050), 22050).read_bytes()
    (tmp_path / "both.ogg").write_bytes(first + second)
    assert "sample rate changes from 44100 to 22050" in refusal(decode, tmp_path / "both.ogg").why


def test_a_number_of_channels_that_changes_on_the_way(tmp_path: Path) -> None:
    first = write(tmp_path / "1.mp3", music(0.3)).read_bytes()
    second = write(tmp_path / "2.mp3", music(0.3, channels=1)).read_bytes()
    (tmp_path / "both.mp3").write_bytes(first + second)
    assert "2 channels at first and 1 later" in refusal(decode, tmp_path / "both.mp3").why
    first = write(tmp_path / "1.ogg", music(0.3)).read_bytes()
    second = write(tmp_path / "2.ogg", music(0.3, channels=1)).read_bytes()
    (tmp_path / "both.ogg").write_bytes(first + second)
    assert "2 channels at first and 1 later" in refusal(decode, tmp_path / "both.ogg").why


def test_frames_that_ffmpeg_should_not_give(tmp_path: Path) -> None:
    path = make(tmp_path / "a.wav", "short")

    def frame(kind: str, layout: str, rate: int) -> av.AudioFrame:
        made = av.AudioFrame(format=kind, layout=layout, samples=10)
        made.sample_rate = rate
        return made

    collector = ffmpeg._Collector(Gathered(path))
    collector.take(frame("fltp", "stereo", 44100))
    for other, why in (
        (frame("fltp", "stereo", 48000), "from 44100 to 48000"),
        (frame("fltp", "mono", 44100), "and 1 later"),
    ):
        with pytest.raises(AudioError, match=why):
            collector.take(other)
    with pytest.raises(AudioError, match="s64"):
        collector.take(frame("s64", "stereo", 44100))


def test_the_suffixes_of_a_folder_scan() -> None:
    assert {".wav", ".flac", ".mp3", ".ogg", ".opus", ".m4a", ".aac", ".aif", ".aiff", ".w64", ".wma"} <= SUFFIXES
    assert all(suffix == suffix.lower() and suffix.startswith(".") for suffix in SUFFIXES)
    assert not SUFFIXES & {".mp4", ".mov", ".mkv", ".webm", ".txt", ".mid"}


def test_errors_of_this_room_are_errors_a_user_may_meet() -> None:
    assert issubclass(AudioError, SdaError)
    assert issubclass(NotAudio, AudioError)
    assert issubclass(TruncatedAudio, AudioError)


def test_the_hash_of_a_file(tmp_path: Path) -> None:
    import hashlib

    content = bytes(range(256)) * 5000
    (tmp_path / "a").write_bytes(content)
    assert file_sha256(tmp_path / "a") == hashlib.sha256(content).hexdigest()
    assert file_sha256(make(tmp_path / "b.wav", "empty")) == hashlib.sha256().hexdigest()
