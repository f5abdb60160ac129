from pathlib import Path
from typing import Any

import numpy as np
import pytest
import soundfile

from small_dataset_audio.audio.decode import decode
from small_dataset_audio.audio.spool import Scratch
from small_dataset_audio.config.model import Pipeline
from small_dataset_audio.dataset.crops.places import crop_folders, is_crop, owner
from small_dataset_audio.dataset.info import StageRecord, read_info, safe_update
from small_dataset_audio.dataset.layout import Track, list_tracks
from small_dataset_audio.dataset.times import read_times, remove_times, write_times
from small_dataset_audio.errors import StoreError
from small_dataset_audio.pipeline.steps import mix as mix_module
from small_dataset_audio.pipeline.steps.crop import CROP
from support.crop_tracks import BAR, RATE, carried_out, crop_settings, cuttable
from support.dataset_library import tree
from support.signals import Signal, noise, silence, tone, write_audio

FOUR_BARS = {"seconds": 4 * BAR, "fade_ms": 0.0}


def origin(crop: Track) -> dict[str, Any]:
    found: dict[str, Any] = read_info(crop.info)["_sda"]["crop"]
    return found


def sound(path: Path) -> Signal:
    return decode(path).samples


def test_a_track_becomes_crops_that_know_where_they_come_from(tmp_path: Path) -> None:
    track = cuttable(tmp_path / "library", mood="calm", essentia_genre={"Jazz": 0.5}, lra=3.0, position_in_file=0.2)
    outcome = carried_out(track, crop_settings(tmp_path, **FOUR_BARS))
    crops = crop_folders(track)
    assert [crop.folder for crop in crops] == list(outcome.follow_up)
    assert [crop.name for crop in crops] == ["tape_1", "tape_2", "tape_3"]
    assert (outcome.done, outcome.warnings) == (True, ())
    assert outcome.notes == {"crops": 3, "silent": 0, "left_out_seconds": pytest.approx(0, abs=0.02), "aligned": True}
    whole = sound(track.folder / "full_mix.flac")
    for number, crop in enumerate(crops):
        info, known = read_info(crop.info), origin(crop)
        assert crop.mix == crop.folder / "full_mix.flac"
        assert np.array_equal(sound(crop.mix), whole[:, known["start"] : known["stop"]])
        assert known["source_samples"] == whole.shape[1]
        assert known["rate"] == RATE
        assert known["source_sha256"] == info["_sda"]["crop"]["source_sha256"]
        assert info["position_in_file"] == known["start"] / whole.shape[1]
        assert info["position_in_file"] == pytest.approx(number / 3, abs=0.01)
        assert {name for name in info if name != "_sda"} == {
            "mood", "essentia_genre", "bpm", "bpm_is_defined", "position_in_file",
        }  # fmt: skip
        assert read_times(crop.sidecar("DOWNBEATS"))[0] <= 0.0005
        assert read_times(crop.sidecar("BEATS_GRID")).size == 16
    assert is_crop(crops[0])
    assert owner(crops[0]) == track == owner(track)
    assert list_tracks(tmp_path / "library") == [track]


def test_a_loop_of_n_bars_lasts_n_bars(tmp_path: Path) -> None:
    bar = 4 * 60 / 97.3
    rate = 44100
    track = cuttable(tmp_path / "library", noise(60, rate, channels=1), bars=None, rate=rate)
    jitter = np.random.default_rng(0).normal(0, 0.0005, 96)
    beats = 0.37 + np.arange(96) * bar / 4 + jitter
    write_times(track.sidecar("BEATS_GRID"), beats)
    write_times(track.sidecar("DOWNBEATS"), beats[::4])
    carried_out(track, crop_settings(tmp_path, seconds=11.0))
    loops = [known for known in map(origin, crop_folders(track)) if known.get("bars") is not None]
    assert len(loops) >= 4
    for known in loops:
        seconds = (known["stop"] - known["start"]) / rate
        assert known["beats"] == 4 * known["bars"]
        assert seconds == pytest.approx(known["bars"] * bar, abs=0.001)
        assert 60 / known["loop_bpm"] * known["beats"] == pytest.approx(seconds, abs=1e-5)
        assert known["loop_bpm"] == pytest.approx(97.3, abs=0.02)


def test_a_loop_without_fades_goes_on_where_it_began_and_one_with_fades_touches_zero(tmp_path: Path) -> None:
    wave = tone(8, 44100, frequency=441.0)
    track = cuttable(tmp_path / "library", wave, bars=16, rate=44100)
    carried_out(track, crop_settings(tmp_path, **FOUR_BARS))
    loop = sound(crop_folders(track)[1].folder / "full_mix.flac")[0]
    joint = np.abs(np.diff(np.concatenate([loop[-50:], loop[:50]])))
    assert joint.max() < 2 * np.pi * 441 / 44100 * 0.51  # no larger step than the sine itself makes
    carried_out(track, crop_settings(tmp_path, seconds=4 * BAR), force=True)
    loop = sound(crop_folders(track)[1].folder / "full_mix.flac")[0]
    assert loop[0] == loop[-1] == 0
    assert np.abs(loop[441:-441]).max() > 0.49


def test_crops_begin_where_the_wave_crosses_zero_except_for_the_first(tmp_path: Path) -> None:
    track = cuttable(tmp_path / "library", bars=40)
    for options in ({"beat_aligned": False}, {"beat_aligned": True}):
        carried_out(track, crop_settings(tmp_path, seconds=3.3, fade_ms=0.0, **options), force=True)
        wave = sound(track.folder / "full_mix.flac").mean(axis=0, dtype=np.float64)
        starts = [origin(crop)["start"] for crop in crop_folders(track)]
        assert starts[0] == 0
        assert len(starts) >= 5
        assert all(wave[start - 1] * wave[start] <= 0 for start in starts[1:])


@pytest.mark.parametrize(("subtype", "expected"), [("PCM_16", "PCM_16"), ("PCM_24", "PCM_24")])
def test_samples_keep_their_bits_rate_and_channels(tmp_path: Path, subtype: str, expected: str) -> None:
    track = cuttable(tmp_path / "library", noise(8, RATE, channels=3), subtype=subtype)
    carried_out(track, crop_settings(tmp_path, seconds=3.0, fade_ms=10.0))
    for crop in crop_folders(track):
        known = origin(crop)
        about = soundfile.info(crop.folder / "full_mix.flac")
        assert (about.subtype, about.samplerate, about.channels) == (expected, RATE, 3)
        inside = slice(known["start"] + 80, known["stop"] - 80)
        made = sound(crop.folder / "full_mix.flac")
        assert np.array_equal(made[:, 80:-80], sound(track.folder / "full_mix.flac")[:, inside])
        assert not made[:, 0].any()


def test_floating_point_is_rounded_to_24_bits_and_what_is_beyond_full_scale_is_counted(tmp_path: Path) -> None:
    track = cuttable(tmp_path / "library", bars=None)
    (track.folder / "full_mix.flac").unlink()
    loud = tone(4, RATE, frequency=1000, peak=1.5, phase=1.0)
    write_audio(track.folder / "full_mix.wav", loud, RATE, "FLOAT")
    outcome = carried_out(track, crop_settings(tmp_path, seconds=2.0, fade_ms=0.0, beat_aligned=False))
    clipped = 0
    for crop in crop_folders(track):
        part = loud[:, origin(crop)["start"] : origin(crop)["stop"]]
        clipped += int(np.count_nonzero(np.abs(part) > 1))
        assert np.abs(sound(crop.folder / "full_mix.flac") - np.clip(part, -1, 1)).max() <= 2**-23
    assert "beyond full scale" in outcome.warnings[-1]
    assert outcome.warnings[-1].startswith(f"{clipped} samples")


def test_stems_are_cut_alongside_and_add_up_as_before(tmp_path: Path) -> None:
    track = cuttable(tmp_path / "library", stems=("bass", "drums"))
    write_audio(track.folder / "other.flac", noise(5.9, 2 * RATE), 2 * RATE)
    settings = crop_settings(tmp_path, seconds=4 * BAR)
    assert "drums" in CROP.inputs(track, False)
    carried_out(track, settings)
    crops = crop_folders(track)
    for crop in crops:
        known = origin(crop)
        assert list(crop.stems()) == ["bass", "drums", "other"]
        assert set(known["files"]) == {"full_mix.flac", "bass.flac", "drums.flac", "other.flac"}
        count = known["stop"] - known["start"]
        assert sound(crop.stems()["bass"]).shape == (1, count)
        assert sound(crop.stems()["other"]).shape == (1, 2 * count)
        cut = sound(track.stems()["drums"])[:, known["start"] + 80 : known["stop"] - 80]
        assert np.array_equal(sound(crop.stems()["drums"])[:, 80:-80], cut)
    assert not sound(crops[-1].stems()["other"])[:, -100:].any()  # this stem ends before its mix
    without = carried_out(track, crop_settings(tmp_path, seconds=4 * BAR, skip_stems=True), force=True)
    assert all(Track(folder).stems() == {} for folder in without.follow_up)


def test_silent_crops_are_left_out_and_counted(tmp_path: Path) -> None:
    samples = np.concatenate([noise(2, RATE), silence(2, RATE), noise(2, RATE)], axis=1)
    track = cuttable(tmp_path / "library", samples, subtype="PCM_24")
    outcome = carried_out(track, crop_settings(tmp_path, **FOUR_BARS))
    assert [crop.name for crop in crop_folders(track)] == ["tape_1", "tape_3"]
    assert outcome.notes["silent"] == 1
    assert outcome.warnings == ("One crop of tape is silent (nothing above -72 dBFS) and left out.",)
    quieter = carried_out(track, crop_settings(tmp_path, **FOUR_BARS, silence_dbfs=-1.0), force=True)
    assert "3 crops of tape are silent" in quieter.warnings[0]
    assert crop_folders(track) == []


def test_without_beats_crops_are_sequential_and_that_is_said(tmp_path: Path) -> None:
    track = cuttable(tmp_path / "library", noise(6, RATE), bars=None)
    outcome = carried_out(track, crop_settings(tmp_path, **FOUR_BARS))
    assert "has no downbeats" in outcome.warnings[0]
    assert outcome.notes["aligned"] is False
    assert [origin(crop)["stop"] - origin(crop)["start"] for crop in crop_folders(track)][:2] == [16000, 16000]
    assert read_info(crop_folders(track)[0].info)["bpm_is_defined"] == 0
    track.info.unlink()
    again = carried_out(track, crop_settings(tmp_path, **FOUR_BARS), force=True)
    assert "has not been analyzed" in again.warnings[0]


def test_the_length_in_samples_takes_the_place_of_seconds(tmp_path: Path) -> None:
    track = cuttable(tmp_path / "library")
    carried_out(track, crop_settings(tmp_path, seconds=99.0, samples=12345, beat_aligned=False))
    assert origin(crop_folders(track)[0])["stop"] == 12345


def test_what_is_too_short_for_a_crop_is_said_with_what_would_include_it(tmp_path: Path) -> None:
    track = cuttable(tmp_path / "library", bars=6)
    outcome = carried_out(track, crop_settings(tmp_path))
    assert outcome.follow_up == ()
    assert outcome.done
    assert "tape has no crops: it lasts 3.0 s" in outcome.warnings[0]
    assert "no less than 35.6 s (75% of 47.5 s)" in outcome.warnings[0]
    assert not (track.folder / "crops").exists()
    unasked = crop_settings(tmp_path).model_copy(update={"pipeline": Pipeline()})
    assert carried_out(track, unasked).warnings == ()
    assert carried_out(track, unasked).absent == {"crops": outcome.warnings[0]}
    slow = carried_out(track, crop_settings(tmp_path, seconds=1.9, four_bars=True))
    assert "where a bar lasts 0.50 s. With crops.seconds = 2.0 crops have 4 bars." in slow.warnings[0]
    fits = carried_out(track, crop_settings(tmp_path, seconds=2.04, four_bars=True))
    assert [origin(Track(folder))["bars"] for folder in fits.follow_up] == [4]


def test_crops_are_kept_and_only_what_is_missing_is_made(tmp_path: Path) -> None:
    track = cuttable(tmp_path / "library")
    settings = crop_settings(tmp_path, **FOUR_BARS)
    first, second, third = carried_out(track, settings).follow_up
    before = tree(track.folder)
    for path in second.iterdir():
        path.unlink()
    second.rmdir()
    assert carried_out(track, settings).follow_up == (first, second, third)
    assert tree(track.folder).keys() == before.keys()
    assert (first / "full_mix.flac").stat().st_mtime_ns < (second / "full_mix.flac").stat().st_mtime_ns


def test_kept_crops_take_over_what_their_track_has_learnt_since(tmp_path: Path) -> None:
    track = cuttable(tmp_path / "library", mood="calm")
    settings = crop_settings(tmp_path, **FOUR_BARS)
    known = CROP.inputs(track, False)
    crop, *_ = (Track(folder) for folder in carried_out(track, settings).follow_up)
    own = StageRecord("caption", 1, "x", "y", 1.0)
    safe_update(crop.info, {"music_flamingo_full": "Of the crop itself."}, stage=own)
    safe_update(track.info, {"mood": "wild", "album": "Tapes"})
    safe_update(track.info, {"music_flamingo_full": "Of the track."}, stage=own)
    assert CROP.inputs(track, False) != known
    sounds = {path: path.stat().st_mtime_ns for path in track.folder.rglob("*.flac")}
    carried_out(track, settings)
    info = read_info(crop.info)
    assert (info["mood"], info["album"]) == ("wild", "Tapes")
    assert info["music_flamingo_full"] == "Of the crop itself."
    assert sounds == {path: path.stat().st_mtime_ns for path in track.folder.rglob("*.flac")}


@pytest.mark.parametrize("change", ["settings", "audio", "beats", "stems"])
def test_crops_of_another_cut_are_neither_mixed_with_new_ones_nor_removed_unasked(tmp_path: Path, change: str) -> None:
    track = cuttable(tmp_path / "library")
    settings = crop_settings(tmp_path, **FOUR_BARS)
    carried_out(track, settings)
    if change == "settings":
        settings = crop_settings(tmp_path, seconds=2.6, fade_ms=0.0)
    elif change == "audio":
        write_audio(track.folder / "full_mix.flac", noise(6, RATE, channels=2, seed=5), RATE)
    elif change == "stems":
        write_audio(track.folder / "bass.flac", noise(6, RATE), RATE)
    else:
        write_times(track.sidecar("DOWNBEATS"), np.arange(0.25, 6, BAR))
    before = tree(track.folder / "crops")
    outcome = carried_out(track, settings)
    assert tree(track.folder / "crops") == before
    assert not outcome.done
    assert "stay as they are" in outcome.warnings[-1]
    assert "--force" in outcome.warnings[-1]
    again = carried_out(track, settings, force=True)
    assert again.done
    assert tree(track.folder / "crops") != before
    assert carried_out(track, settings).done


def test_what_sda_did_not_make_is_never_replaced(tmp_path: Path) -> None:
    track = cuttable(tmp_path / "library")
    settings = crop_settings(tmp_path, **FOUR_BARS)
    mine = track.folder / "crops" / "tape_2"
    mine.mkdir(parents=True)
    (mine / "take.wav").write_bytes(b"mine")
    with pytest.raises(StoreError, match="left as they are"):
        carried_out(track, settings)
    with pytest.raises(StoreError, match="left as they are"):
        carried_out(track, settings, force=True)
    assert tree(track.folder / "crops") == {"tape_2/take.wav": b"mine"}
    mine.rename(track.folder / "crops" / "my own")
    made = [Track(folder) for folder in carried_out(track, settings).follow_up]
    for spoil, name in (
        (lambda: (made[0].folder / "notes.txt").write_text("good"), "notes.txt"),
        (lambda: write_audio(made[1].folder / "full_mix.flac", noise(1)), "full_mix.flac"),
        (lambda: safe_update(made[2].info, {"rating": 5}), "tape_3.INFO"),
    ):
        spoil()
        with pytest.raises(StoreError) as caught:
            carried_out(track, settings, force=True)
        assert name in caught.value.why
    assert (track.folder / "crops" / "my own" / "take.wav").exists()
    assert (made[0].folder / "notes.txt").read_text() == "good"


def test_a_long_recording_is_cut_from_the_disk(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    track = cuttable(tmp_path / "library", stems=("bass",))
    settings = crop_settings(tmp_path, **FOUR_BARS)
    carried_out(track, settings)
    expected = {name: data for name, data in tree(track.folder / "crops").items() if name.endswith(".flac")}
    for module in (mix_module, __import__("small_dataset_audio.pipeline.steps.crop", fromlist=["scratch"])):
        monkeypatch.setattr(module, "scratch", lambda _settings: Scratch(tmp_path, 0))
    carried_out(track, settings, force=True)
    assert expected == {name: data for name, data in tree(track.folder / "crops").items() if name.endswith(".flac")}


def test_a_track_without_a_recording_is_told(tmp_path: Path) -> None:
    with pytest.raises(StoreError, match="no audio"):
        carried_out(Track(tmp_path), crop_settings(tmp_path))


def test_times_that_cannot_be_read_are_told(tmp_path: Path) -> None:
    track = cuttable(tmp_path / "library")
    remove_times(track.sidecar("ONSETS"))
    track.sidecar("ONSETS").mkdir()
    with pytest.raises(StoreError):
        CROP.inputs(track, False)
    with pytest.raises(StoreError):
        carried_out(track, crop_settings(tmp_path))


@pytest.mark.parametrize("bars", [6, 8])
def test_crops_of_an_earlier_run_and_no_crops_now_are_said_in_one_sentence(tmp_path: Path, bars: int) -> None:
    track = cuttable(tmp_path / "library", bars=bars)
    carried_out(track, crop_settings(tmp_path, **FOUR_BARS))
    many = len(crop_folders(track))
    outcome = carried_out(track, crop_settings(tmp_path))
    assert len(crop_folders(track)) == many
    crops = f"{many} crops of tape from an earlier run stay as they are"
    [said] = outcome.warnings
    assert said.startswith(
        ("One crop of tape from an earlier run stays as it is" if many == 1 else crops) + "; none would "
    )
    assert "has no crops" not in said
