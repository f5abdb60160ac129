"""Write docs/report.png: the report of the demo library as a browser shows it, the first page beside a track's.

It needs a Chromium, and a report that `sda demo DIR` made:

    .venv/bin/sda demo /tmp/demo
    .venv/bin/python scripts/screenshot.py /tmp/demo/reports/library docs/report.png
"""

import sys
import tempfile
import time
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent.parent / "tests"))

from support.browser import browser

WIDTH, HEIGHT = 980, 1130
GAP = 24
_SETTLE_SECONDS = 0.6
"""Until pictures are decoded and drawn."""


def main(report: Path, target: Path) -> None:
    """Write both pages, side by side, at ``target``."""
    track = next((report / "tracks").glob("night-tram-*.html"))
    with tempfile.TemporaryDirectory() as folder, browser(Path(folder)) as page:
        shots = []
        for number, (file, dark) in enumerate(((report / "index.html", False), (track, True))):
            page.dark(dark)
            page.open(file, width=WIDTH, height=HEIGHT)
            if file == track:
                page.run("document.getElementById('audio').currentTime = 12.4")
            time.sleep(_SETTLE_SECONDS)
            shots.append(page.picture(Path(folder) / f"{number}.png"))
        page.dark(False)
        sheet = Path(folder) / "sheet.html"
        images = "".join(f'<img src="{shot.name}" style="width: {WIDTH // 2}px; border-radius: 8px">' for shot in shots)
        sheet.write_text(f'<body style="margin: {GAP}px; display: flex; gap: {GAP}px; background: #d9d6cc">{images}')
        page.open(sheet, width=WIDTH + 3 * GAP, height=HEIGHT // 2 + 2 * GAP)
        time.sleep(_SETTLE_SECONDS)
        page.picture(target)
    print(f"{target}: {target.stat().st_size / 1000:.0f} kB")


if __name__ == "__main__":
    main(Path(sys.argv[1]), Path(sys.argv[2]))
