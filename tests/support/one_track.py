"""A library of one track, the settings for a store of tiny models, and a stage that works on it."""

from pathlib import Path
from typing import Any

import pytest

from small_dataset_audio.config.model import Settings
from small_dataset_audio.dataset.info import read_info
from small_dataset_audio.dataset.layout import Track
from small_dataset_audio.models.store import Store
from small_dataset_audio.pipeline import stages, worker
from small_dataset_audio.pipeline.stage import Bench, Job, Stage
from support.signals import Signal, write_audio


def one_track(library: Path, mix: Signal) -> Track:
    """Return the track "tape" in ``library``, whose recording is ``mix`` ``[shape=(channels, n)]`` at 44.1 kHz."""
    folder = library / "tape"
    folder.mkdir(parents=True)
    write_audio(folder / "full_mix.flac", mix)
    return Track(folder)


def settings_for(store: Store, **labels: object) -> Settings:
    """Return settings with the weights of ``store``, and ``labels`` in the section of that name."""
    return Settings.model_validate(
        {
            "paths": {"models": store.folder, "cache": store.folder.parent / "cache"},
            "models": {"registry": store.own},
            "labels": labels,
        }
    )


def recorded(stage: Stage, settings: Settings, track: Track, monkeypatch: pytest.MonkeyPatch) -> tuple[Any, Any]:
    """Return the values that a stage wrote to ``.INFO`` when a worker ran it on ``track``, and its record there."""
    monkeypatch.setattr(stages, "STAGES", (stage,))
    monkeypatch.setattr(worker, "_opened", {})
    result = worker.perform(stage.name, Job(track, (stage.name,)), Bench(settings, "cpu"))
    assert result.failure is None
    info = read_info(track.info)
    return info, info.pop("_sda")["stages"][stage.name]
