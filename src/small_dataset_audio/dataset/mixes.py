"""The recording of a track, for what cannot do without it."""

from pathlib import Path

from small_dataset_audio.dataset.layout import Track
from small_dataset_audio.errors import StoreError


def mix_of(track: Track) -> Path:
    """Return the full mix of a track.

    Raises:
        StoreError: it has none, or its folder cannot be read.
    """
    mix = track.mix
    if mix is None:
        raise StoreError(
            f"{track.name} has no audio.",
            f"There is no full_mix file in {track.folder}.",
            "Put the recording back, or remove the track's folder and organise the recording again.",
        )
    return mix
