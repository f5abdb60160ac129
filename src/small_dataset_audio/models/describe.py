"""The table of all models, for the documents."""

from small_dataset_audio.models.registry import Model, models

_UNITS = ((1e9, "GB"), (1e6, "MB"), (1e3, "kB"))


def render_markdown() -> str:
    """Return the table of ``docs/models.md``: a line per model, with what its licence means below."""
    known = models().values()
    rows = [
        "| model | for | size | memory | licence | commercial use | hash |",
        "|---|---|---|---|---|---|---|",
        *map(_row, known),
    ]
    sentences = [f"- **{model.name}**: {model.summary} {model.commercial}" for model in known]
    return "\n".join([*rows, "", *sentences]) + "\n"


def _row(model: Model) -> str:
    name = f"[`{model.name}`]({model.home})" if model.home else f"`{model.name}`"
    memory = "" if model.memory_gb is None else f"{model.memory_gb:g} GiB"
    pinned = "known" if model.pinned else "of the first download" if model.hub is None else "partly known to the hub"
    cells = (name, model.task, _size(model), memory, model.licence, model.commercial_use, pinned)
    return f"| {' | '.join(cells)} |"


def _size(model: Model) -> str:
    if model.size is None:
        return "unknown"
    factor, unit = next((factor, unit) for factor, unit in _UNITS if model.size >= factor)
    return f"{'' if model.size_is_exact else 'about '}{model.size / factor:.1f} {unit}"
