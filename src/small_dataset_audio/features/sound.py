"""What the families of features measure: a mix, its stems where there are any, and how to measure them."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Literal

from small_dataset_audio.features.measured import Measured, Times
from small_dataset_audio.features.spectra import Spectra

STEMS = ("bass", "drums", "other", "vocals")
"""The stems of a track, in the order in which they are listed everywhere."""


@dataclass(frozen=True)
class Options:
    """The settings that change what is measured; they are part of a stage's settings hash.

    Attributes:
        beats: the beat tracker: ``dsp`` is the embedded one, whatever else is named gives its beats to the `Sound`.
        key_profile: ``krumhansl`` or ``electronic`` (see `features.harmonic.tonic`).
        timeseries_steps: into how many equal steps the file is divided to tell how it changes over time; None: it is not told.
    """

    beats: Literal["dsp", "beat_this", "beat_this_small"] = "dsp"
    key_profile: Literal["krumhansl", "electronic"] = "krumhansl"
    timeseries_steps: int | None = None


@dataclass(frozen=True, eq=False)
class GivenBeats:
    """Beats that somebody else found in the mix; how sure they are is not known.

    Attributes:
        times: beats in seconds, ascending ``[shape=(n,)]``; empty where none were found.
        downbeats: first beats of the bars in seconds; a subset of `times`.
    """

    times: Times
    downbeats: Times


@dataclass(frozen=True)
class Sound:
    """One track as the extractors see it.

    Attributes:
        mix: the transforms of the full mix.
        stems: stem name -> its transforms; empty where the track has not been separated.
        options: how to measure.
        given_beats: beats to measure against, instead of those that the embedded tracker would find.
    """

    mix: Spectra
    stems: Mapping[str, Spectra] = field(default_factory=dict)
    options: Options = field(default_factory=Options)
    given_beats: GivenBeats | None = None

    def why_without(self, stem: str) -> str:
        """Return the reason why nothing can be measured of ``stem``, which is not among the stems."""
        return f"there is no {stem} stem" if self.stems else "there are no stems beside the mix"


@dataclass(frozen=True)
class Family:
    """A group of features that are measured together.

    Attributes:
        name: the family's name.
        features: the names it promises: each ends up in ``values`` or in ``absent``.
        measure: pure function: the sound and what earlier families found -> what this one found. Families run in
            the order of `features.extract.FAMILIES`; a later one may use ``earlier.times["beats"]`` and the like.
    """

    name: str
    features: tuple[str, ...]
    measure: Callable[[Sound, Measured], Measured]
