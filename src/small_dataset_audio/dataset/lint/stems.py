"""The check of stems: whether they add up to the mix that they came from."""

from collections.abc import Iterator
from typing import Final

from small_dataset_audio.dataset.heard.residual import Residual
from small_dataset_audio.dataset.layout import STEMS, Track
from small_dataset_audio.dataset.lint.finding import Finding, Severity
from small_dataset_audio.dataset.lint.material import Material, told
from small_dataset_audio.errors import StoreError

_CHECK: Final = "stems"
_LENGTH_SECONDS: Final = 0.05
_AUDIBLE_DB: Final = -20.0
"""Level of what is left of a mix from which a part of it is missing in the stems: separation itself leaves less."""
_ALMOST_ALL_DB: Final = -6.0
_GAIN_DB: Final = 0.5
_REMAKE: Final = (
    "Make them again with `sda separate --force`, or export all stems from the start to the end of the mix."
)


def stems(material: Material) -> Iterator[Finding]:
    """Yield tracks whose stems cannot be read, are of another length or rate, or do not add up to the mix."""
    for track, _, sound in material.heard():
        problem, rest = sound.stem_problem, sound.residual
        if problem is not None:
            yield Finding(_CHECK, "fail", track.name, track.folder, told(problem), {"why": problem.why}, problem.fix)
        if rest is not None:
            yield from _compared(track, rest)


def _compared(track: Track, rest: Residual) -> Iterator[Finding]:
    if rest.rates:
        listed = ", ".join(f"{stem} {rate} Hz" for stem, rate in rest.rates.items())
        what = f"Stems have another sample rate than the mix: {listed}."
        yield Finding(_CHECK, "warn", track.name, track.folder, what, {"rates": dict(rest.rates)}, _REMAKE)
    if abs(rest.seconds) > _LENGTH_SECONDS:
        what = f"A stem is {abs(rest.seconds):.2f} s {'longer' if rest.seconds > 0 else 'shorter'} than the mix."
        yield Finding(_CHECK, "warn", track.name, track.folder, what, {"seconds": round(rest.seconds, 4)}, _REMAKE)
    if rest.level_db is None or rest.gain_db is None:
        return
    evidence = {"residual_db": round(rest.level_db, 1), "gain_db": round(rest.gain_db, 2)}
    if rest.level_db > _AUDIBLE_DB:
        missing = _missing(track)
        lack = f" There is no stem {' and no stem '.join(missing)}." if missing else ""
        severity: Severity = "fail" if rest.level_db > _ALMOST_ALL_DB else "warn"
        what = (
            f"The stems do not add up to the mix: what is left of it has {rest.level_db:.0f} dB beside the mix.{lack}"
        )
        yield Finding(_CHECK, severity, track.name, track.folder, what, evidence | {"missing": missing}, _REMAKE)
    elif abs(rest.gain_db) > _GAIN_DB:
        what = f"The stems add up to the mix if they are turned {'up' if rest.gain_db > 0 else 'down'} by {abs(rest.gain_db):.1f} dB."
        fix = "Nothing, if sda made them: it turns all stems down together where one would clip. Otherwise export them at the mix's level."
        yield Finding(_CHECK, "note", track.name, track.folder, what, evidence, fix)


def _missing(track: Track) -> list[str]:
    try:
        present = track.stems()
    except StoreError:
        return []
    return [stem for stem in STEMS if stem not in present]
