"""The page of findings: what the checks found, the worst first."""

from typing import TYPE_CHECKING

from small_dataset_audio.dataset.report.insight import Insight
from small_dataset_audio.dataset.report.markup import Html, joined, tag
from small_dataset_audio.dataset.report.numerals import plural
from small_dataset_audio.dataset.report.pages.frame import section

if TYPE_CHECKING:
    from small_dataset_audio.dataset.lint.finding import Finding


def findings_page(insight: Insight) -> Html:
    """Return the content of the page."""
    if insight.counts is None:
        return joined(
            (
                tag("h1", "Findings"),
                tag(
                    "p",
                    "The checks were left out of this report. ",
                    tag("code", "sda lint"),
                    " makes them.",
                    class_="lead",
                ),
            )
        )
    by_check: dict[str, list[Finding]] = {}
    for one in insight.findings:
        by_check.setdefault(one.check, []).append(one)
    counts = ", ".join(
        f"{insight.counts[severity]:,} {words}"
        for severity, words in (("fail", "harmful"), ("warn", "to check"), ("note", "to know"))
    )
    return joined(
        (
            tag("h1", "Findings"),
            tag(
                "p",
                f"{insight.effective_size}. " if insight.effective_size else None,
                f"{counts.capitalize()}.",
                class_="lead",
            ),
            None if by_check else tag("p", "The checks found nothing that hurts."),
            *(
                section(
                    check.replace("_", " ").replace("-", " ").capitalize(),
                    tag("p", plural(len(found), "finding"), class_="about"),
                    tag("ul", *insight.items(found), class_="findings"),
                )
                for check, found in by_check.items()
            ),
        ),
        "\n",
    )
