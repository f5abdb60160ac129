from pathlib import Path

import numpy as np
import pytest

from small_dataset_audio.audio.content import file_sha256
from small_dataset_audio.audio.decode import decode, probe
from small_dataset_audio.audio.spool import Scratch
from small_dataset_audio.dataset.export import sound
from small_dataset_audio.dataset.export.sound import Placed, needed_bytes, place
from small_dataset_audio.errors import AudioError, NotAudio, TruncatedAudio
from support.signals import Signal, noise, silence, tone, write_audio


def _placed(source: Path, *, allow_truncated: bool = False) -> Placed:
    folder = source.parent / "export"
    folder.mkdir(exist_ok=True)
    return place(source, folder, "take", allow_truncated=allow_truncated, scratch=Scratch(folder))


@pytest.mark.parametrize(
    ("name", "subtype"),
    [("a.flac", "PCM_24"), ("a.wav", "FLOAT"), ("a.wav", "PCM_24"), ("a.wav", "PCM_U8"), ("a.FLAC", "PCM_16")],
)
def test_what_readers_take_is_copied_byte_by_byte(tmp_path: Path, name: str, subtype: str) -> None:
    source = write_audio(tmp_path / name, noise(0.5, channels=2), subtype=subtype)
    before = source.read_bytes()
    placed = _placed(source)
    assert placed.copied
    assert placed.path.name == f"take{source.suffix.lower()}"
    assert placed.path.read_bytes() == before == source.read_bytes()
    assert placed.sha256 == file_sha256(source)
    assert (placed.samples, placed.rate, placed.channels, placed.seconds) == (22050, 44100, 2, 0.5)
    assert needed_bytes(source) == len(before)


@pytest.mark.parametrize(
    ("name", "subtype", "bits"), [("a.aiff", "PCM_16", 16), ("a.aiff", "PCM_24", 24), ("a.w64", "PCM_16", 16)]
)
def test_what_they_do_not_take_becomes_flac_with_the_same_samples(
    tmp_path: Path, name: str, subtype: str, bits: int
) -> None:
    source = write_audio(tmp_path / name, noise(0.5, channels=2), subtype=subtype)
    placed = _placed(source)
    assert not placed.copied
    assert (placed.path.name, probe(placed.path).bits) == ("take.flac", bits)
    assert np.array_equal(decode(placed.path).samples, decode(source).samples)
    assert placed.path.stat().st_size <= needed_bytes(source)


@pytest.mark.parametrize("name", ["a.mp3", "a.ogg"])
def test_what_was_coded_with_losses_loses_nothing_more(tmp_path: Path, name: str) -> None:
    source = write_audio(tmp_path / name, tone(0.5, channels=2))
    placed = _placed(source)
    heard = decode(source)
    assert placed.path.suffix == ".flac"
    assert np.abs(decode(placed.path).samples - heard.samples).max() <= 2.0**-23
    assert (placed.samples, placed.rate) == (heard.samples.shape[1], heard.rate)


def _float_aiff(folder: Path, samples: Signal) -> Path:
    return write_audio(folder / "a.aiff", samples, subtype="FLOAT")


def test_what_flac_cannot_hold_becomes_wav(tmp_path: Path) -> None:
    loud = _float_aiff(tmp_path, 4 * tone(0.1))
    placed = _placed(loud)
    assert (placed.path.name, probe(placed.path).codec) == ("take.wav", "float")
    assert placed.peak == pytest.approx(2.0, abs=0.01)
    assert np.array_equal(decode(placed.path).samples, decode(loud).samples)
    assert placed.path.stat().st_size <= needed_bytes(loud) + 4096


def test_a_name_may_lie(tmp_path: Path) -> None:
    source = write_audio(tmp_path / "a.aiff", tone(0.1)).rename(tmp_path / "a.wav")
    assert _placed(source).path.name == "take.flac"
    real = write_audio(tmp_path / "b.wav", tone(0.1)).rename(tmp_path / "b.flac")
    assert _placed(real).path.name == "take.wav"


def test_silence_has_no_peak(tmp_path: Path) -> None:
    assert _placed(write_audio(tmp_path / "a.flac", silence(0.1))).peak == 0.0


def test_what_cannot_be_decoded_is_not_placed(tmp_path: Path) -> None:
    text = tmp_path / "a.wav"
    text.write_text("no audio")
    with pytest.raises(NotAudio):
        _placed(text)
    assert needed_bytes(text) == 0
    assert list((tmp_path / "export").iterdir()) == []


def test_an_incomplete_recording_is_refused_or_converted(tmp_path: Path) -> None:
    source = write_audio(tmp_path / "a.wav", tone(1.0))
    source.write_bytes(source.read_bytes()[:44100])
    with pytest.raises(TruncatedAudio):
        _placed(source)
    placed = _placed(source, allow_truncated=True)
    assert not placed.copied
    assert placed.samples == pytest.approx(22028, abs=8)


def test_a_conversion_is_read_back(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    source = write_audio(tmp_path / "a.aiff", tone(0.1))
    monkeypatch.setattr(sound, "_same", lambda *_: False)
    with pytest.raises(AudioError, match="did not come through"):
        _placed(source)
