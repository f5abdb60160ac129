"""What all pages of a report have in common."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Final

from small_dataset_audio.dataset.report.markup import Child, Html, joined, tag

PAGES: Final = {
    "index.html": "Portrait",
    "tracks.html": "Tracks",
    "numbers.html": "Numbers",
    "findings.html": "Findings",
}
"""File -> what the menu calls it."""
EMPTY: Final = "There are no tracks in this library yet. `sda run FOLDER` brings recordings in."
PLOTS: Final = ("assets/uPlot.iife.min.js",)
_POLICY: Final = (
    "default-src 'none'; script-src 'self' file:; style-src 'self' file: 'unsafe-inline'; img-src 'self' file: data:; "
    "media-src 'self' file:; base-uri 'none'; form-action 'none'"
)
"""Content security policy: pages load files of the report and recordings of the library, and nothing from elsewhere."""


@dataclass(frozen=True)
class Page:
    """One page.

    Attributes:
        title: of the page.
        library: the library's name.
        content: what stands in it.
        file: its name in the report's folder.
        scripts: the scripts that it runs, relative to the report's folder.
        made: what is said at its end.
    """

    title: str
    library: str
    content: Html
    file: str
    scripts: Sequence[str] = ()
    made: str = ""

    def text(self) -> str:
        """Return the page as it is written."""
        up = "../" * self.file.count("/")
        titled = self.title if self.title == self.library else f"{self.title} \u00b7 {self.library}"
        styles = ("assets/uPlot.min.css", "assets/report.css") if PLOTS[0] in self.scripts else ("assets/report.css",)
        head = tag(
            "head",
            tag("meta", charset="utf-8"),
            tag("title", titled),
            tag("meta", name="viewport", content="width=device-width, initial-scale=1"),
            tag("meta", name="color-scheme", content="light dark"),
            tag("meta", http_equiv="Content-Security-Policy", content=_POLICY),
            tag("meta", name="referrer", content="no-referrer"),
            *(tag("link", rel="stylesheet", href=up + style) for style in styles),
            tag("link", rel="icon", href=f"{up}assets/icon.svg", type="image/svg+xml"),
            *(tag("script", src=up + script, defer=True) for script in self.scripts),
        )
        body = tag(
            "body",
            tag("a", "Skip to the content", class_="skip", href="#content"),
            self._menu(up),
            tag("main", self.content, id="content", tabindex="-1"),
            tag("footer", tag("p", self.made)),
        )
        return f"<!doctype html>\n{tag('html', head, body, lang='en')}\n"

    def _menu(self, up: str) -> Html:
        def link(file: str, name: str) -> Html:
            here = self.file == file
            return tag("a", name, href=up + file, aria_current="page" if here else None)

        return tag(
            "header",
            tag("a", self.library, class_="library name", href=f"{up}index.html"),
            tag("nav", *(link(file, name) for file, name in PAGES.items()), aria_label="Pages of the report"),
            class_="bar",
        )


def section(heading: str, *content: Child, identifier: str | None = None, about: Child = None) -> Html:
    """Return a part of a page under a heading of its own."""
    return tag(
        "section",
        tag("h2", heading),
        None if about is None else tag("p", about, class_="about"),
        *content,
        id=identifier,
    )


def table(
    heads: Sequence[Child],
    rows: Iterable[Sequence[Child]],
    *,
    numbers: Iterable[int] = (),
    caption: Child = None,
    stacked: bool = False,
    **attributes: str,
) -> Html:
    """Return a table that can be scrolled sideways where it is too wide; the first cell of a row names it.

    Args:
        heads: of the columns.
        rows: of cells.
        numbers: the columns that hold numbers, from 0.
        caption: what it is called, for those who cannot see what stands above it.
        stacked: on narrow screens cells stand below each other, each with its column's head before it.
        attributes: of the table.
    """
    right = frozenset(numbers)

    def cell(element: str, index: int, content: Child, scope: str | None = None) -> Html:
        """Return a cell: that of a column of numbers to the right, and with its column's head where cells are stacked."""
        head = heads[index] if stacked and element == "td" else None
        return tag(element, content, class_="n" if index in right else None, scope=scope, data_head=head)

    head = tag("tr", *(cell("th", index, one, "col") for index, one in enumerate(heads)))
    body = (
        tag(
            "tr",
            *(
                cell("th" if index == 0 else "td", index, one, "row" if index == 0 else None)
                for index, one in enumerate(row)
            ),
        )
        for row in rows
    )
    inside = tag(
        "table",
        None if caption is None else tag("caption", caption, class_="hidden"),
        tag("thead", head),
        tag("tbody", joined(body, "\n")),
        **attributes,
    )
    return tag("div", inside, class_="wide", tabindex="0", role="region", aria_label=caption)


def figures(pairs: Iterable[tuple[str, Child]]) -> Html:
    """Return figures, each with its name."""
    return tag("dl", *(tag("div", tag("dt", name), tag("dd", value)) for name, value in pairs), class_="figures")
