import os
import subprocess
import sys
from importlib.metadata import EntryPoint
from pathlib import Path

import pytest

from small_dataset_audio.errors import FeatureError
from small_dataset_audio.features.added import AddedFeatures, checked
from small_dataset_audio.features.catalog import Feature
from small_dataset_audio.features.measured import Measured
from small_dataset_audio.features.sound import Family, Sound
from support.processes import environment
from support.signals import tone, write_audio

ROOT = Path(__file__).parent.parent.parent


def example() -> str:
    """Return the example that docs/design.md shows, word for word."""
    page = (ROOT / "docs" / "design.md").read_text(encoding="utf-8")
    return page.split("```python\n")[1].split("```")[0]


def install(folder: Path, target: str = "crest:ADDED") -> None:
    """Put the example into ``folder`` as an installed package."""
    (folder / "crest.py").write_text(example())
    info = folder / "crest-1.0.dist-info"
    info.mkdir()
    (info / "METADATA").write_text("Metadata-Version: 2.1\nName: crest\nVersion: 1.0\n")
    (info / "entry_points.txt").write_text(f"[small_dataset_audio.features]\ncrest = {target}\n")


def sda(folder: Path, *words: str) -> subprocess.CompletedProcess[str]:
    env = environment({"PYTHONPATH": os.pathsep.join([str(folder), *sys.path])})
    command = [sys.executable, "-m", "small_dataset_audio", *words]
    return subprocess.run(command, cwd=folder, env=env, capture_output=True, text=True, check=False)


def test_the_example_of_the_documents_is_short() -> None:
    assert len([line for line in example().splitlines() if line.strip()]) <= 15


@pytest.mark.process
def test_the_example_of_the_documents_is_listed_measured_and_stored(tmp_path: Path) -> None:
    install(tmp_path)
    write_audio(tmp_path / "sine.wav", tone(2, peak=0.5))
    listed = sda(tmp_path, "features", "crest_factor")
    assert listed.returncode == 0, listed.stderr
    assert "dB" in listed.stdout
    shown = sda(tmp_path, "analyze", "sine.wav")
    assert "crest_factor" in shown.stdout, shown.stderr
    ended = sda(tmp_path, "run", "sine.wav", "--library", "library")
    assert ended.returncode == 0, ended.stderr
    import json

    info = json.loads((tmp_path / "library" / "sine" / "sine.INFO").read_text())
    assert info["crest_factor"] == pytest.approx(3.01, abs=0.02)


@pytest.mark.process
def test_a_package_that_is_broken_is_named(tmp_path: Path) -> None:
    install(tmp_path, "crest:NOTHING")
    ended = sda(tmp_path, "features")
    assert ended.returncode == 1
    assert "crest" in ended.stderr
    assert "Fix:" in ended.stderr
    assert "Traceback" not in ended.stderr


def measure(_sound: Sound, _earlier: Measured) -> Measured:
    return Measured(values={"one": 1.0})


def declared(name: str) -> Feature:
    return Feature(name, "1", 0, 1, "float", "added", "analyze", "One.", "nobody")


GOOD = AddedFeatures(Family("one", ("one",), measure), (declared("one"),))
UNDECLARED = AddedFeatures(Family("one", ("one", "two"), measure), (declared("one"),))
TAKEN = AddedFeatures(Family("bpm", ("bpm",), measure), (declared("bpm"),))


def point(target: str) -> EntryPoint:
    return EntryPoint("mine", f"{__name__}:{target}", "small_dataset_audio.features")


@pytest.fixture(autouse=True)
def _importable(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, __name__, sys.modules[measure.__module__])


def test_what_is_declared_and_promised_alike_is_taken() -> None:
    assert checked([point("GOOD")]) == (GOOD,)
    assert checked([]) == ()


@pytest.mark.parametrize(
    ("target", "reason"),
    [
        ("UNDECLARED", "not the same"),
        ("TAKEN", "declared already"),
        ("measure", "no AddedFeatures"),
        ("missing", "AttributeError"),
    ],
)
def test_what_cannot_be_used_is_refused_with_the_reason(target: str, reason: str) -> None:
    with pytest.raises(FeatureError) as caught:
        checked([point(target)])
    assert reason in caught.value.why
    assert "an installed package" in caught.value.what


def test_two_packages_that_add_the_same_name_are_refused() -> None:
    with pytest.raises(FeatureError, match="cannot be used"):
        checked([point("GOOD"), point("GOOD")])
