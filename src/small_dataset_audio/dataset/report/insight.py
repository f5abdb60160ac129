"""What the checks and the statistics say of a library, in the words of the report."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Final

from small_dataset_audio.dataset.report.markup import Html, joined, tag, with_code

if TYPE_CHECKING:
    from small_dataset_audio.dataset.lint.finding import Finding, Findings

_WORDS: Final = {"fail": "Harmful", "warn": "Check", "note": "Note"}
_NAMED: Final = 12
"""Tracks that are named of those that a finding is about."""


@dataclass(frozen=True)
class Insight:
    """What is known beyond the single tracks.

    Attributes:
        counts: severity -> findings; None where the checks were not made.
        findings: the worst first.
        effective_size: how many tracks there are, and how many are independent, in words.
        independent: how many are.
        sentences: of the statistics.
        pages: name of a track -> its page, relative to the report's folder.
    """

    counts: Mapping[str, int] | None = None
    findings: Sequence["Finding"] = ()
    effective_size: str | None = None
    independent: int | None = None
    sentences: Sequence[str] = ()
    pages: Mapping[str, str] = field(default_factory=dict)

    def of(self, track: str) -> list["Finding"]:
        """Return the findings of one track, the worst first."""
        return [one for one in self.findings if one.track == track]

    def items(self, findings: Iterable["Finding"]) -> list[Html]:
        """Return entries of a list for a page in the report's folder; those that say the same of several tracks are one."""
        alike: dict[tuple[str, str, str, str], list[Finding]] = {}
        for one in findings:
            alike.setdefault((one.check, one.severity, one.what, one.fix), []).append(one)
        return [item(them[0], self._names(them)) for them in alike.values()]

    def _names(self, findings: Sequence["Finding"]) -> Html | None:
        named = [one.track for one in findings if one.track]
        links = [self._name(name) for name in named[:_NAMED]]
        rest = len(named) - len(links)
        return joined([*links, f"{rest:,} more" if rest else None], ", ") if links else None

    def _name(self, name: str) -> Html:
        page = self.pages.get(name) or self.pages.get(name.rpartition("_")[0])  # a crop has no page: its track has
        return tag("a", name, href=page, class_="name") if page else tag("span", name, class_="name")


def item(finding: "Finding", names: Html | None = None) -> Html:
    """Return a finding as an entry of a list, under the names of the tracks that it is about."""
    return tag(
        "li",
        tag("span", _WORDS[finding.severity], class_=f"severity {finding.severity}"),
        tag("div", names, tag("p", with_code(finding.what)), tag("p", with_code(finding.fix), class_="fix")),
        class_="finding",
    )


def insight_of(findings: "Findings | None", sentences: Sequence[str], pages: Mapping[str, str]) -> Insight:
    """Return what the checks and the statistics say, where they were made."""
    if findings is None:
        return Insight(sentences=sentences, pages=pages)
    from small_dataset_audio.dataset.lint.finding import SEVERITIES  # noqa: PLC0415 - the checks load what they need

    return Insight(
        {severity: findings.count(severity) for severity in SEVERITIES},
        sorted(findings.found, key=lambda one: SEVERITIES.index(one.severity)),
        findings.effective_size,
        None if findings.similar is None else findings.similar.independent,
        sentences,
        pages,
    )
