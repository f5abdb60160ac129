"""A library of one track, and the settings for a store of tiny models."""

from pathlib import Path

from small_dataset_audio.config.model import Settings
from small_dataset_audio.dataset.layout import Track
from small_dataset_audio.models.store import Store
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
        {"paths": {"models": store.folder}, "models": {"registry": store.own}, "labels": labels}
    )
