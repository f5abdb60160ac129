from pathlib import Path

import pytest

from small_dataset_audio.errors import EnvironmentFault, MissingWeights
from small_dataset_audio.models.store import Store
from small_dataset_audio.models.transcription import backends
from small_dataset_audio.models.transcription.adtof import Adtof
from small_dataset_audio.models.transcription.drumsep import DrumSep
from small_dataset_audio.models.transcription.dsp import transcribe
from support.drum_models import adtof_store, drumsep_file
from support.tiny_models import tiny_store


def test_without_weights_the_embedded_backend_is_chosen(tmp_path: Path) -> None:
    store = Store(tmp_path)
    assert backends.chosen("auto", store) == "dsp"
    assert backends.opened("dsp", store) is transcribe
    assert backends.obstacle("dsp", store) is None


def test_the_best_that_is_installed_is_chosen(tmp_path: Path) -> None:
    first, second = tmp_path / "first", tmp_path / "second"
    first.mkdir()
    second.mkdir()
    adtof = adtof_store(first)
    assert backends.chosen("auto", adtof) == "adtof"
    assert isinstance(backends.opened("adtof", adtof), Adtof)
    drumsep = tiny_store(second, {"drumsep": {"49469ca8.th": drumsep_file()}})
    assert backends.chosen("auto", drumsep) == "drumsep"
    assert isinstance(backends.opened("drumsep", drumsep), DrumSep)


def test_what_was_asked_for_by_name_is_never_replaced(tmp_path: Path) -> None:
    store = Store(tmp_path)
    for backend, model in backends.MODELS.items():
        assert backends.chosen(backend, store) == backend
        with pytest.raises(MissingWeights) as missing:
            backends.opened(backend, store)
        assert f"sda models pull {model}" in missing.value.fix


def test_a_missing_extra_is_told_before_missing_weights(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(backends, "find_spec", lambda _name: None)
    reason = backends.obstacle("drumsep", Store(tmp_path))
    assert isinstance(reason, EnvironmentFault)
    assert "--extra separation" in reason.fix
