"""Draw what a command prints as a picture for the README: python scripts/picture.py FILE.svg TITLE COMMAND ...

The picture refers to nothing outside itself: the viewer's own fixed-width font is used.
"""

import html
import subprocess
import sys
from pathlib import Path

CHARACTER = 8.4
LINE = 20
MARGIN = 18
BAR = 34
PICTURE = """<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {width:.0f} {height}" role="img" aria-label="{title}">
<rect width="100%" height="100%" rx="8" fill="#14181f"/>
<circle cx="20" cy="18" r="6" fill="#e5534b"/><circle cx="40" cy="18" r="6" fill="#daaa3f"/>
<circle cx="60" cy="18" r="6" fill="#57ab5a"/>
<g font-family="ui-monospace, SFMono-Regular, Menlo, Consolas, 'DejaVu Sans Mono', monospace" font-size="14">
{lines}
</g>
</svg>
"""


def draw(title: str, text: str) -> str:
    """Return an SVG picture of a terminal that shows ``text``."""
    lines = [f"$ {title}", *text.rstrip().splitlines()]
    drawn = []
    for index, line in enumerate(lines):
        colour = "#7ee787" if index == 0 else "#d7dde5"
        place = BAR + MARGIN + index * LINE
        drawn.append(
            f'<text x="{MARGIN}" y="{place}" fill="{colour}" xml:space="preserve">{html.escape(line.rstrip())}</text>'
        )
    width = 2 * MARGIN + CHARACTER * max(len(line.rstrip()) for line in lines)
    height = BAR + 2 * MARGIN + LINE * len(lines)
    return PICTURE.format(width=width, height=height, title=html.escape(title), lines="\n".join(drawn))


def main() -> int:
    """Write the picture and return 0."""
    file, title, *command = sys.argv[1:]
    shown = subprocess.run(command, capture_output=True, text=True, check=True)
    Path(file).write_text(draw(title, shown.stdout), encoding="utf-8")
    return 0


if __name__ == "__main__":
    sys.exit(main())
