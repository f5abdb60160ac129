"""The recording of a track, decoded for a stage that listens to the mix."""

from small_dataset_audio.audio.clip import Clip
from small_dataset_audio.audio.decode import decode
from small_dataset_audio.config.model import Settings
from small_dataset_audio.dataset.layout import Track
from small_dataset_audio.errors import StoreError
from small_dataset_audio.pipeline.scratch import scratch


def decoded_mix(track: Track, settings: Settings) -> tuple[Clip, tuple[str, ...]]:
    """Return the full mix, a long one on disk (`audio.spool`), and warnings for the user.

    Raises:
        StoreError: the track has none, or there is no room for a long one.
        AudioError: it cannot be decoded.
    """
    audio = track.mix
    if audio is None:
        raise StoreError(
            f"{track.name} has no audio.",
            f"There is no full_mix file in {track.folder}.",
            "Put the recording back, or remove the track's folder and organise the recording again.",
        )
    clip = decode(audio, allow_truncated=settings.pipeline.allow_truncated, scratch=scratch(settings))
    warnings = (f"{track.name} is cut short: what could be decoded was used.",) if clip.truncated else ()
    return clip, warnings
