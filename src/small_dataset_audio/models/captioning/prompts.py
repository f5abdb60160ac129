"""The five questions that are asked about a track, and the one that shortens an answer."""

from collections.abc import Mapping, Sequence
from typing import Final

from small_dataset_audio.config.captions import CaptionKind, Captions

KEY: Final = "music_flamingo_"
"""What the names of captions in ``.INFO`` begin with (features.md)."""
SHORT_KEY: Final = "music_flamingo_short_"

_PLAIN: Final = " Write plain English sentences without headings, lists or markup."

BUILT_IN: Final[Mapping[CaptionKind, str]] = {
    "full": (
        "Describe this piece of music so that somebody could imagine it without hearing it: its genre, tempo, key, "
        "instruments, mood, and how it develops." + _PLAIN
    ),
    "technical": (
        "Describe this piece of music as an audio engineer would: tempo in beats per minute, key, metre, dynamics, stereo "
        "image, effects, and the character of the production." + _PLAIN
    ),
    "genre_mood": (
        "What is the genre of this piece of music, and which moods does it convey? {genres} {metadata} Name the styles it "
        "draws on." + _PLAIN
    ),
    "instrumentation": (
        "Which instruments and voices are heard in this piece of music, and what does each of them play? Name only what "
        "you hear." + _PLAIN
    ),
    "structure": (
        "How is this piece of music built? Go through its sections in order and say what changes from one to the next."
        + _PLAIN
    ),
}
SHORTEN: Final = "Say this in one sentence of at most thirty words, and add nothing:\n\n"
_MOST_GENRES: Final = 3


def question(kind: CaptionKind, settings: Captions, genres: Sequence[str], metadata: Mapping[str, str]) -> str:
    """Return what is asked for the caption ``kind``: the user's prompt or the built-in one, with its places filled in.

    A place for which nothing is known stays empty.

    Args:
        kind: which caption.
        settings: may hold a prompt of the user's.
        genres: the likeliest genres, the likeliest first.
        metadata: what the tags say, by name, such as artist and year.
    """
    own: str = getattr(settings, f"prompt_{kind}")
    likely = ", ".join(genres[:_MOST_GENRES])
    said = "; ".join(f"{name}: {value}" for name, value in metadata.items())
    filled = (own or BUILT_IN[kind]).replace("{genres}", f"A classifier suggests: {likely}." if likely else "")
    filled = filled.replace("{metadata}", f"Its tags say: {said}." if said else "")
    return " ".join(filled.split())
