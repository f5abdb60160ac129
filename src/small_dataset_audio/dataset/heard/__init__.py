"""What is to be heard in recordings: levels, tops, the end of the spectrum, and a fingerprint, in one pass that is kept."""

from small_dataset_audio.dataset.heard.listening import Listened, TrackSound, listen
from small_dataset_audio.dataset.heard.recording import Heard

__all__ = ["Heard", "Listened", "TrackSound", "listen"]
