"""Checks of what is written about each track: numbers that are missing or lie far out, and the licence."""

from collections import Counter, defaultdict
from collections.abc import Iterator, Mapping, Sequence
from typing import Final

from small_dataset_audio.dataset.declared import Declared
from small_dataset_audio.dataset.entries import Entry
from small_dataset_audio.dataset.lint.finding import Finding
from small_dataset_audio.dataset.lint.material import Material

_OF_CROPS: Final = "crop"
"""The stage whose numbers only crops have."""
_FAR: Final = 8.0
"""Robust standard deviations from the median: well beyond what the long tails of most features reach by themselves."""
_NAMED: Final = 6
_FARTHEST: Final = 3
_CIRCULAR: Final = "pitch class"
_LICENCES: Final = ("licence", "license")
_NO_REASON: Final = "no reason was noted"


def missing(material: Material) -> Iterator[Finding]:
    """Yield tracks without numbers that others have: a trainer needs every number for every track."""
    known = [entry for entry in material.entries if entry.problem is None]
    by_stage: dict[str, list[Declared]] = defaultdict(list)
    for one in material.declared.values():
        if one.stage != _OF_CROPS:
            by_stage[one.stage].append(one)
    for stage, numbers in by_stage.items():
        ran = [entry for entry in known if entry.stage(stage) is not None]
        if ran:
            yield from _missing_of(stage, numbers, known, ran)


def _missing_of(
    stage: str, numbers: Sequence[Declared], known: Sequence[Entry], ran: Sequence[Entry]
) -> Iterator[Finding]:
    there = Counter(one.name for one in numbers for entry in ran if entry.number(one.name) is not None)
    usual = [one.name for one in numbers if there[one.name]]
    done = {entry.name for entry in ran}
    for entry in known:
        lacking = [name for name in usual if entry.number(name) is None]
        if not lacking:
            continue
        listed = _listed(lacking)
        if entry.name not in done:
            what = f"{listed} missing: the stage {stage} has not run on it."
            fix = f"`sda run --stages {stage}`."
            evidence: Mapping[str, object] = {"stage": stage, "missing": lacking}
            yield Finding("missing", "warn", entry.name, entry.track.info, what, evidence, fix)
            continue
        reasons = {name: entry.why_absent(name) or _NO_REASON for name in lacking}
        commonest, _ = Counter(reasons.values()).most_common(1)[0]
        what = f"{listed} missing, and cannot be conditioned on as long as this track is among the others: {commonest}."
        fix = "Leave the track out, or do without these numbers: sda invents none."
        evidence = {"stage": stage, "missing": reasons}
        yield Finding("missing", "note", entry.name, entry.track.info, what, evidence, fix)


def _listed(names: Sequence[str]) -> str:
    if len(names) <= _NAMED:
        return f"{', '.join(names)} {'is' if len(names) == 1 else 'are'}"
    return f"{len(names)} numbers ({', '.join(names[:_NAMED])} ...) are"


def outlying(material: Material) -> Iterator[Finding]:
    """Yield tracks with numbers far from those of all others, or outside what the feature declares."""
    from small_dataset_audio.dataset.statistics.robust import outliers  # noqa: PLC0415 - pandas takes a while to load
    from small_dataset_audio.dataset.statistics.table import Table  # noqa: PLC0415 - as above

    table = Table.of(material.library, material.declared, entries=material.entries)
    far: dict[str, dict[str, float]] = defaultdict(dict)
    for one in material.declared.values():
        if one.kind == "float" and one.unit != _CIRCULAR and one.name in table.numbers:
            for track, score in outliers(table.numbers[one.name]).items():
                if abs(score) >= _FAR:
                    far[str(track)][one.name] = round(float(score), 1)
    for entry in material.entries:
        if far[entry.name]:
            yield _far_out(entry, far[entry.name], material)
        outside = {
            one.name: value
            for one in material.declared.values()
            if (value := entry.number(one.name)) is not None and not one.low <= value <= one.high
        }
        if outside:
            yield _outside(entry, outside, material)


def _far_out(entry: Entry, scores: Mapping[str, float], material: Material) -> Finding:
    farthest = sorted(scores, key=lambda name: -abs(scores[name]))[:_FARTHEST]
    said = ", ".join(
        f"{name} {entry.number(name):.4g} {_unit(material.declared[name])}({scores[name]:+.0f} deviations)"
        for name in farthest
    )
    return Finding(
        "outliers",
        "note",
        entry.name,
        entry.track.info,
        f"It lies far from all others in {len(scores)} of its numbers: {said}.",
        {"deviations": dict(scores)},
        "Listen to it: either it does not belong with the others, or something was measured wrong.",
    )


def _unit(one: Declared) -> str:
    return "" if one.unit in {"1", "0/1"} else f"{one.unit} "


def _outside(entry: Entry, outside: Mapping[str, float], material: Material) -> Finding:
    first = next(iter(outside))
    one = material.declared[first]
    more = f", and {len(outside) - 1} more" if len(outside) > 1 else ""
    return Finding(
        "outliers",
        "note",
        entry.name,
        entry.track.info,
        f"{first} is {outside[first]:.4g}, outside the range {one.low:g} to {one.high:g} that trainers are told{more}.",
        {"values": dict(outside)},
        "Nothing, if it is true: an export sets it to the end of the range, and says so.",
    )


def licence(material: Material) -> Iterator[Finding]:
    """Yield tracks of which nobody has written down whether they may be used."""
    for entry in material.entries:
        if entry.problem is None and not any(entry.values.get(name) for name in _LICENCES):
            yield Finding(
                "licence",
                "note",
                entry.name,
                entry.track.info,
                "It is not known under which licence it may be used.",
                {},
                'Add "licence" to its .INFO file, such as "own work" or "CC BY 4.0"; `sda metadata` reads it from tags.',
            )
