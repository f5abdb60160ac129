"""Pieces cover a recording, and what is put together again is what was cut."""

from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from small_dataset_audio.audio.clip import Samples
from small_dataset_audio.audio.spool import Spool
from small_dataset_audio.models.separation.pieces import Level, OverlapAdd, cut, pieces
from support.signals import noise

LENGTHS = st.integers(1, 400)
SEGMENTS = st.integers(2, 90)
OVERLAPS = st.sampled_from([0.0, 0.125, 0.25, 0.5, 0.75])


@given(LENGTHS, SEGMENTS, OVERLAPS)
def test_pieces_cover_every_sample_and_come_in_order(total: int, segment: int, overlap: float) -> None:
    covered = np.zeros(total, dtype=int)
    before = -segment
    for piece in pieces(total, segment, overlap):
        assert 1 <= piece.length <= segment
        assert before < piece.start
        assert piece.begin <= piece.start
        assert piece.begin + segment >= piece.start + piece.length
        covered[piece.start : piece.start + piece.length] += 1
        before = piece.start
    assert covered.min() >= 1


@given(LENGTHS, SEGMENTS, OVERLAPS)
def test_what_is_cut_and_put_together_is_what_it_was(total: int, segment: int, overlap: float) -> None:
    samples = noise(total / 1000, 1000, channels=2)
    spool = Spool(2, total)
    sum_of = OverlapAdd(2, segment, spool)
    for piece in pieces(total, segment, overlap):
        sum_of.add(piece, cut(samples, piece.begin, segment, Level()))
    sum_of.finish()
    np.testing.assert_allclose(spool.finish(), samples, rtol=1e-5, atol=1e-6)


def test_a_piece_at_the_end_is_given_the_sound_before_it() -> None:
    *_, last = pieces(1100, 400, 0.25)
    assert (last.start, last.length) == (900, 200)
    assert last.begin == 800
    samples = np.arange(1, 1101, dtype=np.float32)[np.newaxis]
    heard = cut(samples, last.begin, 400, Level())
    np.testing.assert_array_equal(heard[0, :300], np.arange(801, 1101))
    assert not heard[0, 300:].any()


def test_silence_stands_where_there_is_no_recording() -> None:
    samples = np.ones((1, 10), dtype=np.float32)
    level = Level(offset=3.0, scale=2.0)
    np.testing.assert_array_equal(cut(samples, -2, 4, level), [[0, 0, -1, -1]])
    np.testing.assert_array_equal(cut(samples, 8, 4, level), [[-1, -1, 0, 0]])
    np.testing.assert_array_equal(cut(samples, 10, 4, level), [[0, 0, 0, 0]])
    np.testing.assert_array_equal(cut(samples, -9, 4, level), [[0, 0, 0, 0]])


def test_one_piece_fades_into_the_next_linearly() -> None:
    spool = Spool(1, 150)
    sum_of = OverlapAdd(1, 100, spool)
    for piece, value in zip(pieces(150, 100, 0.5), (0.0, 1.0), strict=False):
        sum_of.add(piece, np.full((1, 100), value, dtype=np.float32))
    sum_of.finish()
    found = spool.finish()[0]
    assert not found[:50].any()
    np.testing.assert_allclose(np.diff(found[50:100]), 0.0196, atol=0.0003)
    assert found[100:].all()


@pytest.fixture
def on_disk(tmp_path: Path) -> Samples:
    spool = Spool(2, 1000, tmp_path)
    spool.append(noise(1, 1000, channels=2))
    return spool.finish()


def test_recordings_on_disk_are_cut_in_the_same_way(on_disk: Samples) -> None:
    in_memory = np.array(on_disk)
    for piece in pieces(1000, 128, 0.25):
        np.testing.assert_array_equal(
            cut(on_disk, piece.begin, 128, Level(0.1, 2)), cut(in_memory, piece.begin, 128, Level(0.1, 2))
        )
