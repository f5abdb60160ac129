"""Write docs/report.png: the report of the demo library as a browser shows it, the first page beside a track's.

The picture has no background of its own: it stands on light pages and on dark ones. It needs a Chromium, and a report that
`sda demo DIR` made:

    .venv/bin/sda demo /tmp/demo
    .venv/bin/python scripts/screenshot.py /tmp/demo/reports/library docs/report.png
"""

import sys
import tempfile
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent.parent / "tests"))

from support.browser import browser

WIDTH, HEIGHT = 960, 1120
SHOWN = 700
"""Pixels that a page is wide in the picture."""
GAP, EDGE = 24, 8
_SHOWN = f"width: {SHOWN}px; border-radius: 12px; border: 1px solid rgb(128 128 128 / .55)"
_DRAWN = (
    "Promise.all([...document.images].map(image => image.decode()))"
    ".then(() => new Promise(done => requestAnimationFrame(() => requestAnimationFrame(done))))"
)
"""Done when pictures are decoded and two frames have passed."""


def main(report: Path, target: Path) -> None:
    """Write both pages, side by side, at ``target``."""
    track = next((report / "tracks").glob("night-tram-*.html"))
    with tempfile.TemporaryDirectory() as folder, browser(Path(folder)) as page:
        shots = []
        for number, (file, dark) in enumerate(((report / "index.html", False), (track, True))):
            page.dark(dark)
            page.open(file, width=WIDTH, height=HEIGHT)
            if file == track:
                page.until("document.getElementById('audio').readyState > 2")
                page.run("document.getElementById('audio').currentTime = 12.4")
                page.until("document.querySelector('.clock').textContent.startsWith('0:12.4')")
            page.run(_DRAWN)
            shots.append(page.picture(Path(folder) / f"{number}.png"))
        page.dark(False)
        sheet = Path(folder) / "sheet.html"
        images = "".join(f'<img src="{shot.name}" style="{_SHOWN}">' for shot in shots)
        sheet.write_text(f'<body style="margin: {EDGE}px; display: flex; align-items: start; gap: {GAP}px">{images}')
        page.open(sheet, width=2 * SHOWN + GAP + 2 * EDGE, height=SHOWN * HEIGHT // WIDTH + 2 * EDGE)
        page.run(_DRAWN)
        page.do("Emulation.setDefaultBackgroundColorOverride", color={"r": 0, "g": 0, "b": 0, "a": 0})
        page.picture(target)
    print(f"{target}: {target.stat().st_size / 1000:.0f} kB")


if __name__ == "__main__":
    main(Path(sys.argv[1]), Path(sys.argv[2]))
