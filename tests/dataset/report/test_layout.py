"""Pages at every width, in both modes and on paper: nothing is cut off, and everything can be read and reached."""

import json
from pathlib import Path

import pytest

from small_dataset_audio.dataset.info import safe_update
from small_dataset_audio.dataset.layout import Track
from small_dataset_audio.dataset.report.links import slug
from small_dataset_audio.dataset.report.write import write_report
from small_dataset_audio.features.catalog import BY_NAME
from support.browser import Browser
from support.report_library import HOSTILE, named, piece

pytestmark = pytest.mark.process

TRACKS = tuple(f"tracks/{slug(name)}.html" for name in ("Everything", "Tick", "Not Audio", named(HOSTILE)))
FILES = ("index.html", "tracks.html", "numbers.html", "findings.html", *TRACKS)
SIZES = ((412, 915), (915, 412), (360, 740), (1024, 768), (320, 640), (1440, 900))
DRAWN = "new Promise(done => requestAnimationFrame(() => requestAnimationFrame(done)))"
"""Two frames later: what is drawn after a change of size is there."""
CUT_OFF = """[...document.querySelectorAll('body *')].filter(e => {
  const box = e.getBoundingClientRect();
  if (!box.width || !box.height || e.closest('.hidden, .skip')) return false;
  for (let up = e.parentElement; up; up = up.parentElement) if (getComputedStyle(up).overflowX === 'auto') return false;
  return box.right > innerWidth + 0.5 || box.left < -0.5;
}).map(e => e.outerHTML.slice(0, 90))"""
OUTSIDE = """[...document.querySelectorAll('canvas, svg, img')].filter(e => {
  const box = e.getBoundingClientRect(), frame = e.closest('.card, .view, td, li, p, main').getBoundingClientRect();
  return box.width && (box.left < frame.left - 1 || box.right > frame.right + 1 || box.top < frame.top - 1 || box.bottom > frame.bottom + 1);
}).map(e => e.outerHTML.slice(0, 90))"""
CONTRAST = """(() => {
  const parts = (colour) => { const found = colour.match(/[\\d.]+/g).map(Number), unit = colour.startsWith('color(') ? 1 : 255;
    return [...found.slice(0, 3).map(v => v / unit), found[3] ?? 1]; };
  const light = (c) => { const [r, g, b] = c.map(v => (v <= 0.03928 ? v / 12.92 : ((v + 0.055) / 1.055) ** 2.4)); return 0.2126 * r + 0.7152 * g + 0.0722 * b; };
  const over = ([r, g, b, a], under) => [r, g, b].map((v, i) => v * a + under[i] * (1 - a));
  const ground = (e) => (e ? over(parts(getComputedStyle(e).backgroundColor), ground(e.parentElement)) : [1, 1, 1]);
  const shade = (e) => { const full = e.parentElement.querySelector(':scope > .full'), cell = e.parentElement.querySelector(':scope > .cell');
    if (!cell) return ground(e.closest('.card'));
    const under = parts(getComputedStyle(cell).fill).slice(0, 3);
    return full ? over([...parts(getComputedStyle(full).fill).slice(0, 3), Number(full.getAttribute('fill-opacity'))], under) : under; };
  const written = (e) => [...e.childNodes].some(n => n.nodeType === 3 && n.textContent.trim());
  return [...document.querySelectorAll('body *')].filter(e => written(e) && e.getClientRects().length && !e.closest('.hidden, .skip, script, title, option')).map(e => {
    const drawn = e instanceof SVGElement, style = getComputedStyle(e), back = drawn ? shade(e) : ground(e);
    const own = light(over(parts(drawn ? style.fill : style.color), back)), its = light(back);
    return [(Math.max(own, its) + 0.05) / (Math.min(own, its) + 0.05), e.outerHTML.slice(0, 90)];
  }).filter(([contrast]) => contrast < 4.5);
})()"""
"""Text under 4.5 to 1, which is what WCAG 2.2 asks for at level AA (1.4.3)."""


@pytest.mark.parametrize("file", FILES)
def test_nothing_is_wider_than_the_window_however_often_it_changes(page: Browser, made: Path, file: str) -> None:
    page.open(made / file)
    page.run("document.querySelectorAll('details').forEach(one => { one.open = true; })")
    for width, height in SIZES:
        page.size(width, height, 2)
        assert page.run("document.documentElement.scrollWidth <= innerWidth"), width  # before anything is drawn again
        page.run(DRAWN)
        assert page.run("[innerWidth, document.documentElement.scrollWidth]") == [width, width]
        assert page.run(CUT_OFF) == []
        assert page.run(OUTSIDE) == []


@pytest.mark.parametrize("file", ["index.html", TRACKS[0]])
def test_what_is_drawn_grows_and_shrinks_with_the_window_in_the_same_frame(
    page: Browser, made: Path, file: str
) -> None:
    page.open(made / file)
    page.until("document.querySelector('.plot canvas')")
    for width in (412, 1280, 700):
        page.size(width, 900, 2)
        page.run(DRAWN)
        assert page.run(
            "[...document.querySelectorAll('.plot')].every(p => p.clientWidth === p.querySelector('.uplot').offsetWidth)"
        )
        assert page.run("[...document.querySelectorAll('.stage canvas')].every(c => c.width === 2 * c.clientWidth)")


@pytest.mark.parametrize("dark", [False, True])
@pytest.mark.parametrize("file", FILES[:5])
def test_all_text_stands_out_from_what_is_behind_it(page: Browser, made: Path, file: str, dark: bool) -> None:  # noqa: FBT001
    page.dark(dark)
    page.open(made / file)
    assert page.run(CONTRAST) == []


@pytest.mark.parametrize("dark", [False, True])
def test_keys_stand_out_from_every_shade(page: Browser, tmp_path: Path, dark: bool) -> None:  # noqa: FBT001
    for number in range(21):
        tonic = next(one for one in range(6) if number < (one + 1) * (one + 2) / 2)  # 1, 2, ... 6 tracks in a key
        info = Track(tmp_path / "library" / str(number)).info
        info.parent.mkdir(parents=True)
        safe_update(info, {"bpm": 100.0, "bpm_is_defined": 1, "tonic": tonic, "tonic_scale": "minor"})
    page.dark(dark)
    page.open(write_report(tmp_path / "library", tmp_path / "out", BY_NAME).index)
    assert (
        page.run(
            "new Set([...document.querySelectorAll('.fifths .full')].map(e => e.getAttribute('fill-opacity'))).size"
        )
        == 6
    )
    assert page.run(CONTRAST) == []


@pytest.mark.parametrize("file", ["index.html", "tracks.html", TRACKS[0]])
def test_the_keyboard_reaches_all_that_the_mouse_does(page: Browser, made: Path, file: str) -> None:
    page.open(made / file)
    page.run(
        "document.querySelectorAll('a, button, select, input, summary, [tabindex=\"0\"]').forEach((one, i) => { one.dataset.place = i; })"
    )
    wanted = page.run(
        "[...document.querySelectorAll('[data-place]')].filter(one => one.checkVisibility({ contentVisibilityAuto: true }) && !one.disabled).length"
    )
    reached = set()
    for _ in range(wanted + 5):
        page.key("Tab", 9)
        reached.add(page.run("document.activeElement.dataset.place"))
        assert page.run(
            "document.activeElement === document.body || getComputedStyle(document.activeElement).outlineStyle !== 'none'"
        )
    assert len(reached - {None}) >= wanted


def test_on_paper_the_page_is_light_whole_and_without_buttons(page: Browser, made: Path) -> None:
    page.dark(True)
    page.open(made / TRACKS[0], width=718)
    page.do("Emulation.setEmulatedMedia", media="print")
    page.run(DRAWN)
    try:
        assert page.run("getComputedStyle(document.body).backgroundColor") == "rgb(255, 255, 255)"
        assert page.run("getComputedStyle(document.body).color") == "rgb(29, 34, 38)"
        assert page.run(
            "[...document.querySelectorAll('button, audio, select, .bar')].every(one => !one.getClientRects().length)"
        )
        assert page.run("document.documentElement.scrollWidth") == 718
        assert page.run("document.querySelector('.view canvas').getBoundingClientRect().width") > 600
    finally:
        page.do("Emulation.setEmulatedMedia", media="")


def written(page: Browser, report: Path) -> list[str]:
    """Return what a page writes on its canvases."""
    source = "window.texts = []; const draw = CanvasRenderingContext2D.prototype.fillText; CanvasRenderingContext2D.prototype.fillText = function (text, ...rest) { texts.push(text); draw.call(this, text, ...rest); };"
    spy = page.do("Page.addScriptToEvaluateOnNewDocument", source=source)["identifier"]
    try:
        page.open(report)
        page.run(DRAWN)
        return list(json.loads(page.run("JSON.stringify([...new Set(texts)])")))
    finally:
        page.do("Page.removeScriptToEvaluateOnNewDocument", identifier=spy)


def test_few_tracks_have_their_names_on_the_map_and_many_do_not(page: Browser, made: Path, crowded: Path) -> None:
    texts = written(page, made / "index.html")
    assert {"Everything", "tempo (BPM)", "brightness (points)"} <= set(texts)
    assert any(text.startswith("<img src=x") and text.endswith("\u2026") for text in texts)
    assert not any(text.startswith("Piece") for text in written(page, crowded / "index.html"))


def test_pitches_strokes_and_units_are_written_on_the_picture(page: Browser, made: Path) -> None:
    texts = written(page, made / TRACKS[0])
    assert {"C", "G", "kick", "snare", "1 kHz", "lufs (LUFS)"} <= set(texts)


def test_a_touch_names_a_track_and_another_opens_it(page: Browser, crowded: Path) -> None:
    page.open(crowded / "index.html", width=412, height=915)
    page.do("Emulation.setTouchEmulationEnabled", enabled=True)
    try:
        page.run("document.querySelector('#map .plot').focus()")
        page.key("ArrowRight", 39)
        page.run("document.querySelector('#map .plot').scrollIntoView({ behavior: 'instant', block: 'center' })")
        box = page.run(
            "(() => { const b = document.querySelector('.u-over').getBoundingClientRect(); return [b.left, b.top, b.width, b.height]; })()"
        )
        touches = [(box[0] + box[2] * x / 12, box[1] + box[3] * y / 12) for x in range(1, 12) for y in range(1, 12)]
        for x, y in touches:
            page.do("Input.dispatchTouchEvent", type="touchStart", touchPoints=[{"x": x, "y": y}])
            page.do("Input.dispatchTouchEvent", type="touchEnd", touchPoints=[])
            page.run(DRAWN)
            if page.run("Boolean(document.querySelector('.tip'))"):
                break
        name = page.run("document.querySelector('.tip b').textContent")
        page.do("Input.dispatchTouchEvent", type="touchStart", touchPoints=[{"x": x, "y": y}])
        page.do("Input.dispatchTouchEvent", type="touchEnd", touchPoints=[])
        page.until(f"document.querySelector('h1').textContent === {json.dumps(name)}")
    finally:
        page.do("Emulation.setTouchEmulationEnabled", enabled=False)


def test_what_there_is_not_is_said(page: Browser, tmp_path: Path) -> None:
    library = tmp_path / "Nothing"
    library.mkdir()
    report = write_report(library, tmp_path / "out", BY_NAME).folder
    for file in ("index.html", "tracks.html", "numbers.html"):
        page.open(report / file)
        assert "There are no tracks in this library yet. sda run FOLDER brings" in page.run("document.body.textContent")
        assert page.run("document.querySelectorAll('section').length") == 0
    track = piece(library, "Alone", bpm=None)
    track.info.unlink()
    page.open(write_report(library, report, BY_NAME).index)
    assert "Nothing has been measured yet. sda run does." in page.run("document.body.textContent")
    assert page.run("document.querySelectorAll('#map, .range').length") == 0
    safe_update(track.info, {"my_rating": 4})
    page.open(write_report(library, report, BY_NAME).index)
    page.until("document.querySelector('#map canvas')")
    assert page.run("document.querySelector('#map select').value") == "my_rating"
    assert "my rating: 4.00" in page.run("document.querySelector('.legend').textContent")


def test_names_are_sorted_as_people_sort_them(page: Browser, tmp_path: Path) -> None:
    for name in ("Sketch 10", "Sketch 2", "zoo", "\u00c4rger", "abc"):
        (tmp_path / "library" / name).mkdir(parents=True)
        safe_update(Track(tmp_path / "library" / name).info, {"lufs": -9.0})
    page.open(write_report(tmp_path / "library", tmp_path / "out", BY_NAME).folder / "tracks.html")
    names = page.run("[...document.querySelectorAll('#tracks tbody a')].map(a => a.textContent)")
    assert names == ["abc", "\u00c4rger", "Sketch 2", "Sketch 10", "zoo"]
