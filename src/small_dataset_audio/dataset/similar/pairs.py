"""What two recordings have in common, and which recordings therefore belong together."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass, field
from typing import Any, Literal

from small_dataset_audio.errors import SdaError

Kind = Literal[
    "same file", "same samples", "same recording", "part of the other", "pitch shifted", "tempo changed", "same loop"
]


@dataclass(frozen=True)
class Pair:
    """Two tracks that are not independent.

    Attributes:
        a: the name of one, the first by name.
        b: that of the other.
        kind: how they are related.
        score: how alike they are where they are the same music, 0 to 1: a correlation; 1 for equal samples.
        evidence: the numbers behind it, in a sentence.
        semitones: how much higher b is than a.
        tempo: how many times faster b is than a.
        share_a: share of a that is found in b.
        share_b: share of b that is found in a.
    """

    a: str
    b: str
    kind: Kind
    score: float
    evidence: str
    semitones: float = 0.0
    tempo: float = 1.0
    share_a: float = 1.0
    share_b: float = 1.0

    def as_dict(self) -> dict[str, Any]:
        """Return it as JSON-ready values."""
        return asdict(self)


@dataclass(frozen=True)
class Similar:
    """What was found among some tracks.

    Attributes:
        names: all tracks that were compared, in order.
        pairs: those that are not independent, in the order of their names.
        problems: name -> why a track could not be listened to; it counts as independent.
    """

    names: tuple[str, ...]
    pairs: tuple[Pair, ...] = ()
    problems: Mapping[str, SdaError] = field(default_factory=dict)

    @property
    def groups(self) -> tuple[frozenset[str], ...]:
        """Names of tracks that must stay together: every track is in one group, most of them alone in theirs."""
        return grouped(self.names, [(pair.a, pair.b) for pair in self.pairs])

    @property
    def independent(self) -> int:
        """How many tracks there are if each group counts once."""
        return len(self.groups)


def grouped(names: Sequence[str], links: Iterable[tuple[str, str]]) -> tuple[frozenset[str], ...]:
    """Return the connected groups of ``names``, in the order of their first members.

    Args:
        names: all of them.
        links: pairs that belong together.
    """
    leader = {name: name for name in names}

    def top(name: str) -> str:
        """Return the leader of the group of ``name``, to which the way is shortened (path halving)."""
        while leader[name] != name:
            leader[name] = leader[leader[name]]
            name = leader[name]
        return name

    for a, b in links:
        leader[top(b)] = top(a)
    members: dict[str, list[str]] = {}
    for name in names:
        members.setdefault(top(name), []).append(name)
    return tuple(frozenset(group) for group in members.values())
