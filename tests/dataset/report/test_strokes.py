from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from small_dataset_audio.dataset.report.drawing import strokes
from small_dataset_audio.dataset.report.drawing.strokes import LANES, read_strokes
from small_dataset_audio.errors import StoreError
from small_dataset_audio.models.transcription.hits import DRUMS, Strokes, Transcription
from small_dataset_audio.models.transcription.midi import midi_bytes
from small_dataset_audio.models.transcription.tempo import tempo_map
from support.report_library import midi, variable


def read(data: bytes, folder: Path) -> dict[str, list[tuple[float, int]]]:
    path = folder / "drums.mid"
    path.write_bytes(data)
    return read_strokes(path)


def track(body: bytes, *, ticks: int = 480) -> bytes:
    head = b"MThd" + (6).to_bytes(4) + (0).to_bytes(2) + (1).to_bytes(2) + ticks.to_bytes(2)
    return head + b"MTrk" + len(body).to_bytes(4) + body


def test_what_sda_transcribes_is_read_at_its_times(tmp_path: Path) -> None:
    times = {drum.name: np.sort(np.random.default_rng(i).uniform(0, 20, 30)) for i, drum in enumerate(DRUMS)}
    heard = Transcription({name: Strokes(at, np.full(30, 90)) for name, at in times.items()}, "dsp")
    beats = np.arange(0.2, 20, 0.437)
    found = read(midi_bytes(heard, tempo_map(beats, beats[::4])), tmp_path)
    assert list(found) == list(LANES)
    for name, at in times.items():
        assert np.abs(np.array([time for time, _ in found[name]]) - at).max() < 0.002
        assert {velocity for _, velocity in found[name]} == {90}


def test_tempo_changes_are_followed(tmp_path: Path) -> None:
    slow = b"\0\xff\x51\x03" + (1_000_000).to_bytes(3)
    faster = variable(480) + b"\xff\x51\x03" + (250_000).to_bytes(3)
    body = slow + b"\0\x99\x24\x40" + faster + variable(480) + b"\x99\x24\x41"
    assert read(track(body), tmp_path)["kick"] == [(0.0, 64), (1.25, 65)]


def test_without_a_tempo_it_is_120(tmp_path: Path) -> None:
    assert read(track(variable(960) + b"\x99\x26\x40"), tmp_path)["snare"] == [(1.0, 64)]


def test_what_sequencers_leave_out_and_put_in(tmp_path: Path) -> None:
    system = b"\0\xf0\x03\x01\x02\xf7"
    program = b"\0\xc9\x05"
    running = b"\0\x99\x2a\x40" + variable(480) + b"\x2a\x00" + variable(480) + b"\x2a\x50"
    unknown = b"\0\x99\x10\x40"
    found = read(track(system + program + running + unknown), tmp_path)
    assert found["hat"] == [(0.0, 64), (1.0, 80)]
    assert sum(map(len, found.values())) == 2


def test_other_chunks_are_passed_over(tmp_path: Path) -> None:
    data = midi({36: (0.5,)})
    found = read(data[:14] + b"XFIH" + (2).to_bytes(4) + b"ab" + data[14:], tmp_path)
    assert found["kick"] == [(0.5, 100)]


@pytest.mark.parametrize(
    "data",
    [
        b"", b"RIFF", midi({36: (0.5,)})[:-3], track(b"\0\x24\x40"), track(b"\xff\xff\xff\xff\xff\x00"), track(b"", ticks=0),
        track(b"", ticks=0xE728),
    ],
    ids=["empty", "other", "cut", "no status", "endless number", "no ticks", "film time"],
)  # fmt: skip
def test_what_is_no_midi_file_is_named_so(data: bytes, tmp_path: Path) -> None:
    with pytest.raises(StoreError, match="no drum strokes are drawn"):
        read(data, tmp_path)


@given(st.binary(max_size=60), st.booleans())
def test_no_bytes_end_in_any_other_way(data: bytes, framed: bool) -> None:  # noqa: FBT001
    try:
        strokes._strokes(track(data) if framed else data)
    except (IndexError, ValueError):
        return


def test_files_that_are_too_large_or_missing(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with pytest.raises(StoreError, match="Could not read"):
        read_strokes(tmp_path / "none.mid")
    monkeypatch.setattr(strokes, "_LARGEST", 10)
    with pytest.raises(StoreError, match="could not be read"):
        read(midi({36: (0.5,)}), tmp_path)
