from pathlib import Path

import numpy as np
import pytest

from small_dataset_audio.dataset.heard.residual import residual
from support.signals import Signal, noise, silence, write_audio

RATE = 8000


@pytest.fixture
def files(tmp_path: Path) -> dict[str, Path]:
    parts = {name: noise(2.0, RATE, channels=2, seed=seed) for seed, name in enumerate(("bass", "drums", "other"))}
    written = {name: write_audio(tmp_path / f"{name}.wav", part, RATE, "FLOAT") for name, part in parts.items()}
    write_audio(tmp_path / "full_mix.wav", np.asarray(sum(parts.values()), dtype=np.float32), RATE, "FLOAT")
    return written


def test_stems_that_add_up_leave_nothing(files: dict[str, Path], tmp_path: Path) -> None:
    found = residual(tmp_path / "full_mix.wav", files, tmp_path)
    assert found.level_db is not None
    assert found.level_db < -100
    assert found.gain_db == pytest.approx(0.0, abs=1e-4)
    assert found.seconds == 0
    assert not found.rates


def test_a_stem_that_is_missing_is_what_is_left(files: dict[str, Path], tmp_path: Path) -> None:
    del files["drums"]
    found = residual(tmp_path / "full_mix.wav", files, tmp_path)
    assert found.level_db == pytest.approx(10 * np.log10(1 / 3), abs=0.1)


def test_stems_that_were_turned_down_add_up_all_the_same(files: dict[str, Path], tmp_path: Path) -> None:
    for seed, path in enumerate(files.values()):
        write_audio(path, 0.5 * noise(2.0, RATE, channels=2, seed=seed), RATE, "FLOAT")
    found = residual(tmp_path / "full_mix.wav", files, tmp_path)
    assert found.level_db is not None
    assert found.level_db < -100
    assert found.gain_db == pytest.approx(6.02, abs=0.01)


def rewritten(path: Path, samples: Signal, rate: int = RATE) -> None:
    write_audio(path, samples, rate, "FLOAT")


def test_lengths_rates_and_channels(files: dict[str, Path], tmp_path: Path) -> None:
    rewritten(files["bass"], noise(1.5, RATE, channels=2))
    assert residual(tmp_path / "full_mix.wav", files, tmp_path).seconds == -0.5
    rewritten(files["bass"], noise(2.0, 16000, channels=2), 16000)
    other = residual(tmp_path / "full_mix.wav", files, tmp_path)
    assert (other.rates, other.level_db) == ({"bass": 16000}, None)
    rewritten(files["bass"], noise(2.0, RATE, channels=3))
    assert residual(tmp_path / "full_mix.wav", files, tmp_path).level_db is None


def test_silence_has_no_residual_and_stems_of_something_else_take_nothing_away(
    files: dict[str, Path], tmp_path: Path
) -> None:
    for path in files.values():
        rewritten(path, silence(2.0, RATE, channels=2))
    assert residual(tmp_path / "full_mix.wav", files, tmp_path).level_db == 0.0
    rewritten(tmp_path / "full_mix.wav", silence(2.0, RATE, channels=2))
    assert residual(tmp_path / "full_mix.wav", files, tmp_path).level_db is None
