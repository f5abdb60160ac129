from pathlib import Path

import numpy as np
import pytest
import soundfile

from small_dataset_audio.dataset.layout import Track
from small_dataset_audio.dataset.similar import Pair, Similar, find_similar, judging
from small_dataset_audio.dataset.similar.candidates import candidates
from support.signals import Signal, noise
from support.similar_pieces import RATE, melody, piece

UNRELATED = 6


@pytest.fixture(scope="module")
def pieces() -> list[Signal]:
    return [melody(seed) for seed in range(UNRELATED)]


def searched(folder: Path, pieces: list[Signal], **others: Signal) -> Similar:
    """Return what is found among pieces that have nothing to do with each other, and ``others``."""
    library = folder / "library"
    tracks = [piece(library, f"piece {number}", samples) for number, samples in enumerate(pieces)]
    tracks += [piece(library, name, samples) for name, samples in others.items()]
    return find_similar(tracks, cache=folder / "cache", workers=1)


def only(similar: Similar) -> Pair:
    [pair] = similar.pairs
    return pair


def test_pieces_of_one_key_and_tempo_are_independent(tmp_path: Path, pieces: list[Signal]) -> None:
    similar = searched(tmp_path, pieces)
    assert similar.pairs == ()
    assert similar.independent == UNRELATED


def test_another_master_is_the_same_recording(tmp_path: Path, pieces: list[Signal]) -> None:
    tilted = np.convolve(pieces[2][0], [0.5, -0.3, 0.1], "same")[None].astype(np.float32)
    pair = only(searched(tmp_path, pieces, master=tilted + noise(28.0, RATE, rms=1e-4)))
    assert (pair.a, pair.b, pair.kind) == ("master", "piece 2", "same recording")
    assert (pair.semitones, pair.tempo) == (0, 1)
    assert pair.score > 0.9
    assert "agree with a correlation of" in pair.evidence


@pytest.mark.parametrize("semitones", [-1.0, 1.0])
def test_another_pitch(tmp_path: Path, pieces: list[Signal], semitones: float) -> None:
    pair = only(searched(tmp_path, pieces, shifted=melody(3, semitones=semitones)))
    assert pair.kind == "pitch shifted"
    assert pair.semitones == pytest.approx(semitones, abs=0.15)
    assert ("1 semitone higher" if semitones > 0 else "1 semitone lower") in pair.evidence


@pytest.mark.parametrize("faster", [0.97, 1.03])
def test_another_tempo(tmp_path: Path, pieces: list[Signal], faster: float) -> None:
    pair = only(searched(tmp_path, pieces, stretched=melody(3, faster=faster)))
    assert pair.kind == "tempo changed"
    assert pair.tempo == pytest.approx(faster, abs=0.006)
    assert ("% faster" if faster > 1 else "% slower") in pair.evidence


def test_a_part_and_a_short_part(tmp_path: Path, pieces: list[Signal]) -> None:
    part, short = pieces[1][:, 5 * RATE : 19 * RATE], pieces[4][:, 10 * RATE : 16 * RATE]
    similar = searched(tmp_path, pieces, part=part, short=short)
    assert [(pair.a, pair.b, pair.kind) for pair in similar.pairs] == [
        ("part", "piece 1", "part of the other"),
        ("piece 4", "short", "part of the other"),
    ]
    assert similar.pairs[0].share_a > 0.9
    assert similar.pairs[0].share_b == pytest.approx(0.5, abs=0.1)
    assert similar.pairs[1].share_b > 0.9


def test_a_passage_in_common(tmp_path: Path, pieces: list[Signal]) -> None:
    built = np.concatenate([melody(50, 20), pieces[5][:, 4 * RATE : 22 * RATE], melody(51, 20)], axis=1)
    pair = only(searched(tmp_path, [*pieces[:5], np.concatenate([pieces[5], melody(52, 20)], axis=1)], built=built))
    assert pair.kind == "same loop"
    assert pair.share_a == pytest.approx(18 / 58, abs=0.08)


def test_equal_files_and_equal_samples(tmp_path: Path, pieces: list[Signal]) -> None:
    library = tmp_path / "library"
    first = piece(library, "b first", pieces[0])
    copy = Track(library / "a copy")
    copy.folder.mkdir()
    mix = first.mix
    assert mix is not None
    (copy.folder / "full_mix.flac").write_bytes(mix.read_bytes())
    other = Track(library / "c other")
    other.folder.mkdir()
    soundfile.write(other.folder / "full_mix.wav", soundfile.read(mix, dtype="int16")[0], RATE, "PCM_16")
    broken = Track(library / "d broken")
    broken.folder.mkdir()
    (broken.folder / "full_mix.wav").write_bytes(b"nothing")
    told: list[int] = []
    similar = find_similar(
        [first, copy, other, broken], cache=tmp_path / "cache", progress=lambda done, _: told.append(done), workers=1
    )
    assert [(pair.a, pair.b, pair.kind) for pair in similar.pairs] == [
        ("a copy", "b first", "same file"),
        ("a copy", "c other", "same samples"),
    ]
    assert similar.groups == (frozenset({"a copy", "b first", "c other"}), frozenset({"d broken"}))
    assert [*similar.problems] == ["d broken"]
    assert told == [1, 2, 3, 4]


def test_of_very_long_recordings_the_middle_stands_for_all(
    tmp_path: Path, pieces: list[Signal], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(judging, "LONGEST", 60)
    pair = only(searched(tmp_path, pieces, master=pieces[0] + noise(28.0, RATE, rms=1e-3)))
    assert pair.kind == "same recording"
    assert min(pair.share_a, pair.share_b) > 0.9


def test_a_short_chord_or_a_short_passage_in_common_is_none(tmp_path: Path, pieces: list[Signal]) -> None:
    passage = pieces[5][:, 4 * RATE : 13 * RATE]
    built = np.concatenate([melody(50, 12), passage, melody(51, 12)], axis=1)
    assert searched(tmp_path, pieces, built=built).pairs == ()
    held = np.tile(melody(60, 1.0), (1, 24))
    backwards = searched(tmp_path / "beat", [held, held + noise(24.0, RATE, rms=0.01)])
    assert {pair.kind for pair in backwards.pairs} <= {"same recording"}


def test_nothing_is_like_nothing(tmp_path: Path) -> None:
    assert find_similar([], cache=tmp_path).groups == ()
    assert candidates([]) == []
    tiny = [np.zeros((3, 120), dtype=np.uint8)] * 2
    assert candidates(tiny) == []
