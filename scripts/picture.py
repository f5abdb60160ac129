"""Draw what a command prints as a picture for the README: python scripts/picture.py FILE.svg TITLE COMMAND ...

The picture refers to nothing outside itself: the viewer's own fixed-width font is used, and every line is given its width, so that it
fits whatever that font is. Addresses of the folder that the command runs in are left out: those of a reader are others.

    .venv/bin/python scripts/picture.py docs/demo.svg "make demo" .venv/bin/sda demo data/demo
"""

import html
import subprocess
import sys
from pathlib import Path

CHARACTER = 8.4
LINE = 20
MARGIN = 18
BAR = 34
COMMAND, TEXT, QUIET = "#7ee787", "#e6ebf2", "#9aa7b5"
PICTURE = """<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {width:.0f} {height}" role="img" aria-label="{title}">
<rect x="0.5" y="0.5" width="{inner:.0f}" height="{tall}" rx="8" fill="#14181f" stroke="#3a424d"/>
<circle cx="20" cy="18" r="6" fill="#e5534b"/><circle cx="40" cy="18" r="6" fill="#daaa3f"/>
<circle cx="60" cy="18" r="6" fill="#57ab5a"/>
<g font-family="ui-monospace, SFMono-Regular, Menlo, Consolas, 'DejaVu Sans Mono', monospace" font-size="14">
{lines}
</g>
</svg>
"""


def draw(title: str, text: str) -> str:
    """Return an SVG picture of a terminal that shows ``text``; what begins with a name and a colon and explains is quieter."""
    lines = [f"$ {title}", *(line.rstrip() for line in text.rstrip().splitlines())]
    drawn = [_line(line, index) for index, line in enumerate(lines) if line]
    width = 2 * MARGIN + CHARACTER * max(map(len, lines))
    height = BAR + 2 * MARGIN + LINE * (len(lines) - 1)
    return PICTURE.format(
        width=width,
        height=height,
        inner=width - 1,
        tall=height - 1,
        title=html.escape(title),
        lines="\n".join(drawn),
    )


def _line(line: str, index: int) -> str:
    colour = COMMAND if index == 0 else QUIET if line.startswith(("F:", "Recordings", "Library", "piece ")) else TEXT
    length = len(line) * CHARACTER
    place = BAR + MARGIN + index * LINE
    return (
        f'<text x="{MARGIN}" y="{place}" textLength="{length:.1f}" fill="{colour}" xml:space="preserve">'
        f"{html.escape(line)}</text>"
    )


def main() -> int:
    """Write the picture and return 0."""
    file, title, *command = sys.argv[1:]
    shown = subprocess.run(command, capture_output=True, text=True, check=True)
    text = shown.stdout.replace(f"{Path.cwd()}/", "")
    Path(file).write_text(draw(title, text), encoding="utf-8")
    return 0


if __name__ == "__main__":
    sys.exit(main())
