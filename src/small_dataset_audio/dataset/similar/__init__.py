"""Which recordings of a library are the same music: copies, other masters, shifted, trimmed, or built on the same loop."""

from small_dataset_audio.dataset.similar.finding import find_similar
from small_dataset_audio.dataset.similar.pairs import Pair, Similar

__all__ = ["Pair", "Similar", "find_similar"]
