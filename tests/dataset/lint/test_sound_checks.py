from pathlib import Path

import numpy as np
import pytest

from small_dataset_audio.dataset.lint import Finding, Findings, Limits, lint
from support.signals import Signal, noise, silence, tone, write_audio
from support.similar_pieces import piece

RATE = 44100
LIMITS = Limits(sample_size=4 * RATE, crop_seconds=4.0)


def checked(library: Path, *checks: str) -> Findings:
    return lint(library, {}, cache=library.parent / "cache", limits=LIMITS, checks=checks, workers=1)


def only(library: Path, *checks: str) -> Finding:
    [finding] = checked(library, *checks).found
    return finding


def clean(seconds: float = 5.0) -> Signal:
    return noise(seconds, RATE, channels=2)


SOUND = (
    "unreadable",
    "clipped",
    "silent",
    "offset",
    "mono",
    "phase",
    "bandwidth",
    "length",
    "rate",
    "stems",
    "trainer",
)


def test_a_clean_recording_has_no_findings(tmp_path: Path) -> None:
    piece(tmp_path / "library", "clean", clean(), rate=RATE)
    assert checked(tmp_path / "library", *SOUND).found == ()


def test_clipped_says_how_often_and_where_it_is_worst(tmp_path: Path) -> None:
    wave = 0.4 * tone(5.0, RATE, 100, 1.0, channels=2)
    wave[:, 3 * RATE : 4 * RATE] *= 5
    piece(tmp_path / "library", "loud", np.clip(wave, -1, 1), rate=RATE)
    found = only(tmp_path / "library", "clipped")
    assert (found.severity, found.track) == ("warn", "loud")
    assert found.file == tmp_path / "library" / "loud" / "full_mix.flac"
    assert found.evidence["flat_tops"] == 400
    assert found.evidence["at_seconds"] == pytest.approx(3.0, abs=0.02)
    assert "worst at 0:03.0" in found.what
    assert "at full scale" in found.what


def test_one_flat_top_under_full_scale_is_a_note(tmp_path: Path) -> None:
    wave = 0.5 * noise(10.0, RATE, rms=0.05)
    wave[0, 1000:1004] = 0.7
    piece(tmp_path / "library", "once", wave, rate=RATE)
    found = only(tmp_path / "library", "clipped")
    assert found.severity == "note"
    assert "cut off flat once" in found.what
    assert "-3.1 dBFS" in found.what


def test_samples_beyond_full_scale(tmp_path: Path) -> None:
    folder = tmp_path / "library" / "float"
    folder.mkdir(parents=True)
    write_audio(folder / "full_mix.wav", tone(5.0, RATE, 100, 1.26), RATE, "FLOAT")
    found = only(tmp_path / "library", "clipped")
    assert found.severity == "warn"
    assert "by up to 2.0 dB" in found.what
    assert "2.1 dB or more" in found.fix


def test_silence_whole_and_at_the_ends(tmp_path: Path) -> None:
    piece(tmp_path / "library", "a", silence(5.0, RATE, channels=2), rate=RATE)
    piece(
        tmp_path / "library",
        "b",
        np.concatenate([silence(6, RATE, 2), clean(), silence(7, RATE, 2)], axis=1),
        rate=RATE,
    )
    whole, ends = checked(tmp_path / "library", "silent").found
    assert (whole.track, whole.severity) == ("a", "fail")
    assert (ends.track, ends.severity) == ("b", "note")
    assert "begins with 6.0 s of silence and ends with 7.0 s" in ends.what


@pytest.mark.parametrize(("offset", "severity"), [(0.005, "note"), (0.05, "warn")])
def test_an_offset(tmp_path: Path, offset: float, severity: str) -> None:
    piece(tmp_path / "library", "off", clean() + np.float32(offset), rate=RATE)
    found = only(tmp_path / "library", "offset")
    assert found.severity == severity
    assert found.evidence["mean"] == pytest.approx(offset, rel=0.05)


def test_mono_in_stereo_and_a_dead_channel(tmp_path: Path) -> None:
    wave = noise(5.0, RATE)
    piece(tmp_path / "library", "a", np.concatenate([wave, wave]), rate=RATE)
    piece(tmp_path / "library", "b", np.concatenate([wave, 0 * wave]), rate=RATE)
    piece(tmp_path / "library", "c", wave, rate=RATE)
    dead, double = checked(tmp_path / "library", "mono").found
    assert (double.track, double.severity) == ("a", "note")
    assert (dead.track, dead.severity) == ("b", "warn")
    assert "right channel is silent" in dead.what


@pytest.mark.parametrize(("share", "severity"), [(1.0, "fail"), (0.75, "warn")])
def test_channels_out_of_phase(tmp_path: Path, share: float, severity: str) -> None:
    left, other = noise(5.0, RATE), noise(5.0, RATE, seed=1)
    right = -share * left + np.sqrt(1 - share**2) * other
    piece(tmp_path / "library", "wide", np.concatenate([left, right]).astype(np.float32), rate=RATE)
    found = only(tmp_path / "library", "phase")
    assert found.severity == severity
    assert found.evidence["correlation"] == pytest.approx(-share, abs=0.01)


def test_what_was_upsampled_or_lossy_ends_like_a_wall(tmp_path: Path) -> None:
    from small_dataset_audio.audio.resample import resample

    piece(tmp_path / "library", "up", resample(noise(5.0, 22050, channels=2), 22050, RATE), rate=RATE)
    folder = tmp_path / "library" / "vorbis"
    folder.mkdir()
    write_audio(folder / "full_mix.ogg", resample(noise(5.0, 22050, channels=2), 22050, RATE), RATE)
    up, lossy = checked(tmp_path / "library", "bandwidth").found
    assert up.severity == "warn"
    assert up.evidence["hertz"] == pytest.approx(10800, rel=0.05)
    assert "brought up from a lower sample rate" in up.what
    assert "the encoder took the rest away" in lossy.what


def test_length_and_rate(tmp_path: Path) -> None:
    piece(tmp_path / "library", "a short", noise(2.9, RATE), rate=RATE)
    piece(tmp_path / "library", "b long", noise(1801.0, 1000, rms=0.01), rate=1000)
    piece(tmp_path / "library", "c fine", noise(3.1, 96000), rate=96000)
    found = checked(tmp_path / "library", "length", "rate").found
    told = [(one.check, one.track, one.severity) for one in found]
    assert told == [
        ("length", "a short", "warn"),
        ("length", "b long", "note"),
        ("rate", "b long", "warn"),
        ("rate", "c fine", "note"),
    ]
    assert "crops of 4 s need 3.0 s" in found[0].what
    assert "nothing above 0.5 kHz" in found[2].what
    assert "what is above 22.05 kHz is lost" in found[3].what


def test_what_cannot_be_read(tmp_path: Path) -> None:
    for name, data in (("a", b"no audio"), ("b", b"")):
        folder = tmp_path / "library" / name
        folder.mkdir(parents=True)
        (folder / "full_mix.wav").write_bytes(data)
    track = piece(tmp_path / "library", "c", clean(), rate=RATE)
    track.info.write_text("{ no json")
    cut = piece(tmp_path / "library", "d", clean(), rate=RATE)
    write_audio(cut.folder / "full_mix.wav", clean(), RATE)
    whole = (cut.folder / "full_mix.wav").read_bytes()
    (cut.folder / "full_mix.wav").write_bytes(whole[: len(whole) // 2])
    found = checked(tmp_path / "library", "unreadable").found
    assert [(one.track, one.severity) for one in found] == [(name, "fail") for name in "abcd"]
    assert found[2].file == track.info
    assert "damaged or cut off: 2.5 s" in found[3].what


def stems_of(folder: Path, **stems: Signal) -> None:
    for name, samples in stems.items():
        write_audio(folder / f"{name}.flac", samples, 8000)


def test_stems_that_do_not_add_up(tmp_path: Path) -> None:
    drums, other = noise(2.0, 8000, rms=0.05), noise(2.0, 8000, rms=0.05, seed=1)
    tracks = {name: piece(tmp_path / "library", name, drums + other, rate=8000) for name in "abcdef"}
    stems_of(tracks["a"].folder, drums=drums, other=other)
    stems_of(tracks["b"].folder, drums=drums)
    stems_of(tracks["c"].folder, drums=noise(2.0, 8000, seed=5))
    stems_of(tracks["d"].folder, drums=0.5 * drums, other=0.5 * other)
    stems_of(tracks["e"].folder, drums=drums[:, :12000], other=other)
    write_audio(tracks["f"].folder / "drums.flac", noise(2.0, 16000), 16000)
    (tracks["f"].folder / "other.flac").write_bytes(b"no audio")
    told = [(one.track, one.severity, one.what) for one in checked(tmp_path / "library", "stems").found]
    assert [(track, severity) for track, severity, _ in told] == [
        ("b", "fail"),
        ("c", "fail"),
        ("f", "fail"),
        ("e", "warn"),
        ("e", "warn"),
        ("d", "note"),
    ]
    assert "There is no stem bass and no stem other and no stem vocals" in told[0][2]
    assert "0.50 s shorter" in told[3][2]
    assert "turned up by 6.0 dB" in told[5][2]
    (tracks["f"].folder / "other.flac").unlink()
    rates = [one.what for one in checked(tmp_path / "library", "stems").found if one.track == "f"]
    assert rates == ["Stems have another sample rate than the mix: drums 16000 Hz."]
