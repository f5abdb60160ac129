"""The catalog as a page of the documentation."""

from itertools import groupby

from small_dataset_audio.features.catalog import FEATURES, Feature

_TITLES = {
    "rhythm": "Rhythm",
    "loudness": "Loudness",
    "spectral": "Spectrum, bands and saturation",
    "harmonic": "Pitch and harmony",
    "timbre": "Timbre",
    "labels": "Probabilities (with weights)",
    "aesthetics": "Aesthetics (with weights)",
    "drums": "Drums",
    "crop": "Crops",
}


def render_markdown(measured: frozenset[str]) -> str:
    """Return the page with every feature of the catalog.

    Args:
        measured: the names that this version measures; the others are declared and marked.
    """
    here = [feature for feature in FEATURES if feature.name in measured]
    lines = [
        "# The numbers",
        "",
        "<!-- Written by `make docs` from features/catalog.py: change it there. -->",
        "",
        (
            f"The catalog declares {len(FEATURES)} numbers; this version measures {len(here) if len(here) < len(FEATURES) else 'all'} of them. "
            + (
                ""
                if len(here) == len(FEATURES)
                else "Those marked *declared* come with a later stage and are not measured yet."
            )
        ),
        "",
        (
            "A range is what a training configuration declares. It does not clamp what is stored. A number that cannot be "
            "measured is not written: the run log and `sda analyze` say why."
        ),
    ]
    for group, features in groupby(FEATURES, key=lambda feature: feature.group):
        lines += ["", f"## {_TITLES[group]}", "", "| name | unit | range | meaning | source |", "|---|---|---|---|---|"]
        lines += [_row(feature, feature.name in measured) for feature in features]
    return "\n".join(lines) + "\n"


def _row(feature: Feature, is_measured: bool) -> str:  # noqa: FBT001 - one private caller
    mark = "" if is_measured else " *declared*"
    number = f"{feature.low:g} to {feature.high:g}" + ("" if feature.kind == "float" else f", {feature.kind}")
    return f"| `{feature.name}`{mark} | {feature.unit} | {number} | {feature.meaning} | {feature.source} |"
