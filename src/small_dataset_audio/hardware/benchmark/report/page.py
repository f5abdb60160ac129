"""The page ``reports/benchmark.html``: one file, nothing loaded from elsewhere, readable offline and in the dark."""

import re
from html import escape
from pathlib import Path
from typing import Any, Final

from small_dataset_audio.hardware.benchmark.profile import Profile
from small_dataset_audio.hardware.benchmark.report.chart import Chart, Mark
from small_dataset_audio.hardware.benchmark.report.words import RATES, answer, gib, number, rate, seconds
from small_dataset_audio.hardware.memory import GIB
from small_dataset_audio.locks import write_in_turn

FILE: Final = "benchmark.html"

_BETWEEN_BACKTICKS: Final = re.compile(r"`([^`]*)`")

_STYLE: Final = """
:root { color-scheme: light dark; --paper: #fbfaf7; --ink: #1f2328; --soft: #5c636b; --rule: #dcd9d0; --card: #ffffff;
  --series: #0b6e74; --strong: #b3471b; }
@media (prefers-color-scheme: dark) { :root { --paper: #16191d; --ink: #e6e4de; --soft: #a3a8ae; --rule: #343a41;
  --card: #1d2126; --series: #5bc0c4; --strong: #f0915f; } }
* { box-sizing: border-box; }
body { margin: 0; background: var(--paper); color: var(--ink); font: 16px/1.5 system-ui, sans-serif; }
main { max-width: 62rem; margin: 0 auto; padding: 1.5rem 1rem 3rem; }
h1 { font-size: 1.5rem; line-height: 1.25; margin: 0 0 .25rem; text-wrap: balance; }
h2 { font-size: 1.05rem; margin: 2rem 0 .5rem; }
p { margin: .25rem 0; } .soft { color: var(--soft); }
.figures { display: flex; flex-wrap: wrap; gap: 1rem 2.5rem; margin: 1.25rem 0; }
.figures dt { color: var(--soft); font-size: .85rem; } .figures dd { margin: 0; font-size: 1.7rem; line-height: 1.2; }
.charts { display: grid; grid-template-columns: repeat(auto-fit, minmax(min(100%, 22rem), 1fr)); gap: 1rem; }
figure { margin: 0; padding: .75rem; background: var(--card); border: 1px solid var(--rule); border-radius: 6px; }
figcaption { font-weight: 600; margin-bottom: .5rem; } svg { display: block; width: 100%; height: auto; }
svg text { font: 12px system-ui, sans-serif; fill: var(--soft); } svg .note { fill: var(--strong); }
.grid { stroke: var(--rule); stroke-width: 1; } .series { fill: none; stroke: var(--series); stroke-width: 2; }
.spread { stroke: var(--series); stroke-width: 1.5; opacity: .6; } .point { fill: var(--series); }
.strong { fill: var(--strong); } .limit { stroke: var(--strong); stroke-width: 1.5; stroke-dasharray: 5 4; }
.wide { overflow-x: auto; } table { border-collapse: collapse; width: 100%; font-size: .92rem; }
th, td { text-align: left; padding: .3rem .9rem .3rem 0; border-bottom: 1px solid var(--rule); vertical-align: top; }
th { font-weight: 600; color: var(--soft); } td.n, th.n { text-align: right; font-variant-numeric: tabular-nums;
  white-space: nowrap; } td.n:first-child, th.n:first-child { width: 5rem; } code { font-size: .9em; overflow-wrap: anywhere; }
"""


def write_page(profile: Profile, reports: Path) -> Path:
    """Write the page into the reports folder and return the file.

    Raises:
        StoreError: it cannot be written.
    """
    file = reports / FILE
    write_in_turn(file, page(profile).encode("utf-8"))
    return file


def page(profile: Profile) -> str:
    """Return the page of a profile."""
    document = profile.document
    device = document["device"]
    title = f"What {device['name']} can train"
    about = (
        f"{device['id']} · measured {document['made'][:10]} in {document['seconds']:.0f} s "
        f"by sda {document['version']} · {document['workload']['summary']}"
    )
    parts = [
        f"<h1>{escape(title)}</h1>",
        f'<p class="soft">{escape(about)}</p>',
        _figures(profile),
        *(f"<p>{_with_code(sentence)}</p>" for sentence in answer(profile)),
        *([f"<p>{_with_code(document['verified']['sentence'])}</p>"] if document["verified"] else []),
        _charts(profile),
        _rates(profile),
        _probes(document["probes"]),
        _facts(document),
    ]
    return (
        f'<!doctype html>\n<html lang="en">\n<head>\n<meta charset="utf-8">\n<title>{escape(title)}</title>\n'
        '<meta name="viewport" content="width=device-width, initial-scale=1">\n'
        f"<style>{_STYLE}</style>\n</head>\n<body>\n<main>\n" + "\n".join(parts) + "\n</main>\n</body>\n</html>\n"
    )


def _figures(profile: Profile) -> str:
    best = profile.point(profile.best_batch_size or 0)
    shown = {
        "largest batch": str(profile.max_batch_size or "none"),
        "best batch": str(profile.best_batch_size or "none"),
        "s of audio per second": number(best.audio_seconds_per_second.median) if best is not None else "not measured",
        "memory per example": _mib(profile.document["memory"]["bytes_per_example"]),
    }
    inside = "".join(f"<div><dt>{escape(name)}</dt><dd>{escape(value)}</dd></div>" for name, value in shown.items())
    return f'<dl class="figures">{inside}</dl>'


def _charts(profile: Profile) -> str:
    points = profile.points
    charts = []
    if len(points) > 1:
        marks = [
            Mark(
                point.batch,
                point.audio_seconds_per_second.median,
                f"batch {point.batch}: {number(point.audio_seconds_per_second.median)} s of audio per second, "
                f"{seconds(point.step_seconds.median)} per step",
                point.audio_seconds_per_second.low,
                point.audio_seconds_per_second.high,
                name="best" if point.batch == profile.best_batch_size else None,
            )
            for point in points
        ]
        chart = Chart("Throughput by batch", "batch", "s of audio per second", marks, doubling=True)
        charts.append(("Throughput", chart))
    memory = [
        Mark(probe["batch"], probe["peak_bytes"] / GIB, f"batch {probe['batch']}: {gib(probe['peak_bytes'])}",
             name="largest" if probe["batch"] == profile.max_batch_size and probe["fresh"] else None)
        for probe in sorted(profile.document["probes"], key=lambda probe: probe["batch"])
        if probe["ended"] == "ok" and probe["peak_bytes"] is not None
    ]  # fmt: skip
    if len({mark.x for mark in memory}) > 1:
        budget = profile.document["memory"]["budget_bytes"] / GIB
        chart = Chart("Peak memory by batch", "batch", "GiB", memory, limit=(budget, f"budget {budget:.1f} GiB"))
        charts.append(("Peak memory", chart))
    figures = "".join(f"<figure><figcaption>{name}</figcaption>{chart.svg()}</figure>" for name, chart in charts)
    return f'<h2>Curves</h2><div class="charts">{figures}</div>' if charts else ""


def _rates(profile: Profile) -> str:
    document = profile.document
    rows = []
    for name, words in RATES.items():
        found = profile.rate(name)
        if found is not None:
            rows.append((words, rate(found, document["rates"][name]["unit"])))
        elif name in document["absent"]:
            rows.append((words, f"not measured: {document['absent'][name]}"))
    return "<h2>Rates</h2>" + _table(("", "median (least to most)"), rows)


def _probes(probes: list[dict[str, Any]]) -> str:
    rows = [
        (
            str(probe["batch"]),
            ("fits" if probe["ok"] else "goes into the headroom" if probe["ended"] == "ok" else probe["ended"])
            + (", new process" if probe["fresh"] else ""),
            _mib(probe["peak_bytes"]),
            seconds(probe["step_seconds"]) if probe["step_seconds"] else "",
            probe["reason"] or "",
        )
        for probe in probes
    ]
    return "<h2>Everything that was tried</h2>" + _table(
        ("batch", "outcome", "peak", "step", "why"), rows, numbers=(0, 2, 3)
    )


def _facts(document: Any) -> str:  # noqa: ANN401 - the profile's document
    facts = {**document["fingerprint"], **document["settings"], **document["workload"]}
    rows = [(name.replace("_", " "), _plain(value)) for name, value in facts.items() if value not in (None, {})]
    return "<h2>Machine and settings</h2>" + _table(("", ""), rows)


def _table(head: tuple[str, ...], rows: list[Any], numbers: tuple[int, ...] = ()) -> str:
    def cell(kind: str, index: int, text: str) -> str:
        style = ' class="n"' if index in numbers else ""
        return f"<{kind}{style}>{escape(text)}</{kind}>"

    top = "".join(cell("th", index, text) for index, text in enumerate(head)) if any(head) else ""
    body = "".join("<tr>" + "".join(cell("td", i, text) for i, text in enumerate(row)) + "</tr>" for row in rows)
    return f'<div class="wide"><table><thead><tr>{top}</tr></thead><tbody>{body}</tbody></table></div>'


def _with_code(sentence: str) -> str:
    """Return a sentence with what stands between backticks set as code."""
    return _BETWEEN_BACKTICKS.sub(r"<code>\1</code>", escape(sentence))


def _mib(value: float | None) -> str:
    return "not known" if value is None else f"{value / 2**20:,.0f} MiB"


def _plain(value: object) -> str:
    if isinstance(value, dict):
        return ", ".join(f"{name}={inner}" for name, inner in value.items())
    return f"{value:,}" if isinstance(value, int) and not isinstance(value, bool) else str(value)
