import pickle
from collections.abc import Callable, Mapping
from pathlib import Path

import numpy as np
import pytest

from small_dataset_audio.audio.clip import Clip, Samples
from small_dataset_audio.audio.spool import Scratch
from small_dataset_audio.errors import MissingWeights, ModelError
from small_dataset_audio.models.separation.engine import Separator
from small_dataset_audio.models.store import Store
from small_dataset_audio.models.transcription import drumsep
from small_dataset_audio.models.transcription.drumsep import DrumSep, open_drumsep, rings
from support.drum_models import drumsep_file
from support.rhythm_pieces import ROCK, beat_times, drums
from support.signals import noise, silence
from support.tiny_models import tiny_store

FILE = "49469ca8.th"
RATE = 44100


def store_with(folder: Path, content: bytes) -> Store:
    return tiny_store(folder, {drumsep.MODEL: {FILE: content}})


class Parted(Separator):
    """A separator whose stems are known."""

    def __init__(self, stems: Mapping[str, Samples]) -> None:
        self.stems = stems

    def separate(self, clip: Clip, doing: str, scratch: Scratch | None, warnings: list[str]) -> dict[str, Samples]:
        del clip, doing, scratch, warnings
        return dict(self.stems)


def kit(**stems: Samples) -> DrumSep:
    nothing = silence(10)
    return DrumSep(
        Parted({name: stems.get(name, nothing) for name in ("bombo", "redoblante", "platillos", "toms")}), None
    )


def played(*instruments: str) -> tuple[Samples, np.ndarray]:
    beats = beat_times(16, 110)
    piece = drums({name: ROCK[name] for name in instruments}, beats, rate=RATE)
    return np.pad(piece.samples, ((0, 0), (0, 441000 - piece.samples.shape[1]))), piece.onsets


def test_the_published_form_of_the_weights_is_opened_and_runs(tmp_path: Path) -> None:
    listen = open_drumsep(store_with(tmp_path, drumsep_file()))
    clip = Clip(noise(0.4, channels=2), RATE)
    first, second = listen(clip), listen(clip)
    assert list(first.strokes) == ["kick", "snare", "tom", "hat", "cymbal"]
    for name, strokes in first.strokes.items():
        assert np.array_equal(strokes.times, second.strokes[name].times)


def test_strokes_are_read_from_each_stem() -> None:
    kick, kicks = played("kick")
    snare, snares = played("snare")
    hat, hats = played("hat")
    heard = kit(bombo=kick, redoblante=snare, platillos=hat)(Clip(kick + snare + hat, RATE))
    for name, times in (("kick", kicks), ("snare", snares), ("hat", hats)):
        assert heard.strokes[name].times == pytest.approx(times, abs=0.02), name
    assert heard.strokes["tom"].times.size == heard.strokes["cymbal"].times.size == 0


def test_what_leaks_into_another_stem_is_no_stroke() -> None:
    kick, kicks = played("kick")
    heard = kit(bombo=kick, toms=0.003 * kick)(Clip(kick, RATE))
    assert heard.strokes["kick"].times.size == kicks.size
    assert heard.strokes["tom"].times.size == 0


def test_silence_holds_no_strokes() -> None:
    assert kit()(Clip(silence(10), RATE)).count == 0


def test_a_cymbal_rings_and_a_hat_does_not() -> None:
    level = np.zeros(200, dtype=np.float32)
    level[20:60] = np.linspace(1.0, 0.6, 40)  # rings
    level[80:83] = 1.0  # does not
    level[110:190] = 1.0  # rings, but the next stroke comes before one could tell
    assert rings(level, np.array([20, 80, 110, 120])).tolist() == [True, False, False, True]
    assert rings(level, np.empty(0, dtype=np.intp)).tolist() == []


def test_stems_of_something_else_are_refused(tmp_path: Path) -> None:
    from demucs.hdemucs import HDemucs

    sources = ["bass", "drums", "other", "vocals"]
    other = HDemucs(sources, channels=4, segment=1)
    content = drumsep_file(kwargs={"sources": sources, "channels": 4, "segment": 1}, state=other.state_dict())
    with pytest.raises(ModelError, match="It makes the stems bass, drums, other, vocals"):
        open_drumsep(store_with(tmp_path, content))


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({"klass": None}, "not a checkpoint of Hybrid Demucs"),
        ({"state": None}, "not a checkpoint of Hybrid Demucs"),
        ({"kwargs": None}, "not a checkpoint of Hybrid Demucs"),
        ({"args": (1, 2, 3), "kwargs": {"sources": ["bombo"]}}, "cannot be used"),
        ({"state": {}}, "missing"),
        ({"kwargs": {"sources": ["bombo"], "channels": 4, "depth": "deep"}}, "cannot be built|does not hold"),
    ],
)
def test_other_checkpoints_are_refused(tmp_path: Path, changes: dict[str, object], said: str) -> None:
    with pytest.raises(ModelError) as refused:
        open_drumsep(store_with(tmp_path, drumsep_file(**changes)))
    assert any(part in str(refused.value) for part in said.split("|"))


class Trap:
    """What must never run: unpickling it would write a file."""

    def __init__(self, path: Path) -> None:
        self.path = path

    def __reduce__(self) -> tuple[Callable[..., object], tuple[object, ...]]:
        return open, (str(self.path), "w")


def test_code_in_the_weights_does_not_run(tmp_path: Path) -> None:
    sprung = tmp_path / "sprung"
    with pytest.raises(ModelError, match="hold more than numbers"):
        open_drumsep(store_with(tmp_path, drumsep_file(training_args=Trap(sprung))))
    assert not sprung.exists()
    assert pickle.dumps(Trap(sprung))  # it is a trap: a plain unpickler would have written the file


def test_without_weights_the_error_says_how_to_get_them(tmp_path: Path) -> None:
    with pytest.raises(MissingWeights) as missing:
        open_drumsep(Store(tmp_path))
    assert "sda models pull drumsep" in missing.value.fix
