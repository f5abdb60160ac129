"""The pages in a real browser, without a window."""

import shutil
from pathlib import Path

import pytest

from small_dataset_audio.dataset.report.links import slug
from support.browser import Browser, browser_program
from support.report_library import HOSTILE, named

pytestmark = pytest.mark.process


def test_a_browser_that_is_promised_and_missing_is_a_failure(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(shutil, "which", lambda _: None)
    monkeypatch.setenv("CI", "true")
    with pytest.raises(pytest.fail.Exception, match="no Chromium"):
        browser_program()
    monkeypatch.delenv("CI")
    with pytest.raises(pytest.skip.Exception, match="no Chromium"):
        browser_program()


def track(made: Path, name: str) -> Path:
    return made / "tracks" / f"{slug(name)}.html"


FILES = [
    "index.html",
    "tracks.html",
    "numbers.html",
    "findings.html",
    f"tracks/{slug('Everything')}.html",
    f"tracks/{slug('Tick')}.html",
]


@pytest.mark.parametrize("file", FILES)
def test_pages_load_nothing_from_elsewhere_fit_a_phone_and_run_no_title(page: Browser, made: Path, file: str) -> None:
    page.open(made / file, width=390, height=844)
    assert page.requests
    assert all(address.startswith(("file:", "data:")) for address in page.requests), page.requests
    assert page.run("document.documentElement.scrollWidth") <= 390
    assert page.run("typeof window.owned") == "undefined"
    assert page.run("document.querySelector('h1').textContent.length") > 0
    page.key("Tab", 9)
    assert page.run("document.activeElement.className") == "skip"


def test_a_title_that_looks_like_html_is_shown_as_it_is(page: Browser, made: Path) -> None:
    page.open(track(made, named(HOSTILE)))
    assert page.run("document.querySelector('h1').textContent") == named(HOSTILE)
    assert page.run("document.images.length") == 0
    page.until("document.getElementById('audio').duration > 2")
    page.open(made / "tracks.html")
    assert page.run("[...document.querySelectorAll('#tracks th a')].map(a => a.textContent)").count(named(HOSTILE)) == 1
    page.run("[...document.querySelectorAll('#tracks th a')].find(a => a.textContent.includes('onerror')).click()")
    page.until("document.querySelector('h1').textContent.includes('onerror')")


def test_the_sound_plays_and_the_cursor_follows(page: Browser, made: Path) -> None:
    page.open(track(made, "Everything"))
    page.until("document.getElementById('audio').readyState > 2")
    assert page.run("document.querySelector('.clock').textContent") == "0:00.0 / 0:04.0"
    page.run("document.querySelector('.play').click()")
    page.until("document.getElementById('audio').currentTime > 0.3")
    page.until("document.querySelector('.stage').getAttribute('aria-valuetext') > '0:00.2'")
    assert page.run("document.querySelector('.play').textContent") == "Pause"
    page.key(" ", 32, " ")
    page.until("document.getElementById('audio').paused")


def test_a_click_seeks_to_where_it_is(page: Browser, made: Path) -> None:
    page.open(track(made, "Everything"))
    page.until("document.getElementById('audio').readyState > 2")
    box = page.run(
        "(() => { const b = document.querySelector('.stage').getBoundingClientRect(); return [b.left, b.top, b.width]; })()"
    )
    page.click(box[0] + box[2] * 0.75, box[1] + 120)
    page.until("Math.abs(document.getElementById('audio').currentTime - 3) < 0.05")
    page.run("document.querySelector('.stage').focus()")
    page.key("ArrowLeft", 37)
    page.until("Math.abs(document.getElementById('audio').currentTime - 1) < 0.05")
    page.key("Home", 36)
    page.until("document.getElementById('audio').currentTime === 0")
    page.run("document.querySelector('a.seek').click()")
    page.until("Math.abs(document.getElementById('audio').currentTime - 1) < 0.05")


def test_a_place_can_be_named_in_the_address(page: Browser, made: Path) -> None:
    page.open(track(made, "Everything"), "#t=2.5")
    page.until("Math.abs(document.getElementById('audio').currentTime - 2.5) < 0.05")


def test_stems_are_soloed_together_and_play_with_the_mix_silent(page: Browser, made: Path) -> None:
    page.open(track(made, "Everything"))
    pressed = "[...document.querySelectorAll('.tools fieldset:first-of-type button')].filter(b => b.ariaPressed === 'true').map(b => b.textContent)"
    button = "[...document.querySelectorAll('.tools button')].find(b => b.textContent === '{}').click()"
    assert page.run(pressed) == ["mix"]
    page.run(button.format("bass"))
    page.run(button.format("drums"))
    assert page.run(
        "[...document.querySelectorAll('.tools button[aria-pressed=true]')].map(b => b.textContent).join()"
    ) == ("bass,drums,beats,downbeats,onsets,strokes")
    assert page.run("document.getElementById('audio').muted")
    page.run("document.querySelector('.play').click()")
    page.until("document.getElementById('audio').currentTime > 0.2")
    page.run(button.format("mix"))
    assert not page.run("document.getElementById('audio').muted")
    assert page.run(pressed) == ["mix"]


def test_what_is_drawn_shows_beats_and_can_be_zoomed(page: Browser, made: Path) -> None:
    page.open(track(made, "Everything"))
    page.until("document.querySelector('.view canvas').width > 100")
    assert page.run("document.querySelector('.view canvas').height") > 300
    zoom = "[...document.querySelectorAll('.tools button')].find(b => b.textContent === '{}').click()"
    for text in ("+", "+", "\u2212", "all", "beats", "beats"):
        page.run(zoom.format(text))
    assert page.run("document.querySelectorAll('.view canvas').length") == 2


def test_curves_are_drawn_where_there_are_any(page: Browser, made: Path) -> None:
    page.open(track(made, "Everything"))
    assert page.run("document.querySelectorAll('.curves .uplot canvas').length") == 1
    page.open(track(made, "From Logic"))
    assert page.run("document.querySelectorAll('.curves').length") == 0
    page.until("document.getElementById('audio').duration > 2.5")


def test_the_map_names_a_track_under_the_mouse_and_by_keyboard(page: Browser, crowded: Path) -> None:
    page.open(crowded / "index.html")
    page.until("document.querySelector('#map .uplot canvas')")
    page.run("document.querySelector('#map .plot').focus()")
    page.key("ArrowRight", 39)
    page.until("document.querySelector('#map .tip b')")
    name = page.run("document.querySelector('#map .tip b').textContent")
    assert name.startswith("Piece ")
    assert name in page.run("document.querySelector('#map [aria-live]').textContent")
    assert "BPM" in page.run("document.querySelector('#map .tip').textContent")
    page.run(
        "const s = document.querySelectorAll('#map select')[1]; s.value = 'key'; s.dispatchEvent(new Event('change'))"
    )
    page.run(
        "const t = document.querySelectorAll('#map select')[3]; t.value = 'onset_density'; t.dispatchEvent(new Event('change'))"
    )
    page.key("ArrowLeft", 37)
    page.key("Enter", 13, "\r")
    page.until("document.querySelector('h1').textContent.startsWith('Piece ')")


def test_the_table_is_searched_sorted_and_turned_over(page: Browser, crowded: Path) -> None:
    page.open(crowded / "tracks.html")
    rows = "document.querySelectorAll('#tracks tbody tr').length"
    first = "document.querySelector('#tracks tbody tr').textContent"
    assert page.run(rows) == 50
    assert page.run("document.querySelector('#pager span').textContent") == "1 of 3"
    page.run("[...document.querySelectorAll('#pager button')].at(-1).click()")
    assert page.run(first).startswith("Piece 0050")
    page.run("[...document.querySelectorAll('#tracks thead button')].find(b => b.textContent === 'BPM').click()")
    assert page.run("document.querySelector('#tracks th[aria-sort]').getAttribute('aria-sort')") == "ascending"
    bpm = "[...document.querySelectorAll('#tracks tbody tr')].map(r => Number(r.cells[3].textContent))"
    found = page.run(bpm)
    assert found == sorted(found)
    page.run("[...document.querySelectorAll('#tracks thead button')].find(b => b.textContent === 'BPM').click()")
    assert page.run(bpm) == sorted(page.run(bpm), reverse=True)
    page.run(
        "const i = document.querySelector('#finder input'); i.value = 'piece 001'; i.dispatchEvent(new Event('input'))"
    )
    assert page.run(rows) == 11
    assert page.run("location.hash") == "#q=piece%20001"
    assert page.run("document.querySelector('#finder output').textContent") == "11 of 120"


def test_a_cell_of_the_grid_leads_to_its_tracks(page: Browser, crowded: Path) -> None:
    page.open(crowded / "index.html")
    count = int(page.run("document.querySelector('.grid a').textContent"))
    page.run("document.querySelector('.grid a').click()")
    page.until("document.getElementById('tracks')")
    page.until("document.querySelector('.chip')")
    assert page.run("document.querySelectorAll('#tracks tbody tr').length") == count
    page.run("document.querySelector('.chip').click()")
    page.run("document.querySelector('.chip').click()")
    assert page.run("document.querySelectorAll('#tracks tbody tr').length") == 50
    page.open(crowded / "tracks.html", "#q=%E0%A4%A&key")  # what somebody typed wrong
    assert page.run("document.querySelectorAll('#tracks tbody tr').length") == 50


def test_without_scripts_all_numbers_are_there_and_the_sound_plays(page: Browser, made: Path, crowded: Path) -> None:
    page.scripts(False)
    page.open(crowded / "tracks.html")
    assert page.run("document.querySelectorAll('#tracks tbody tr').length") == 120
    page.open(made / "index.html")
    assert page.run("document.querySelectorAll('svg.fifths').length") == 1
    assert page.run("document.querySelectorAll('.range').length") > 2
    assert "needs JavaScript" in page.run("document.querySelector('#map').textContent")
    page.open(track(made, "Everything"))
    assert page.run("document.querySelectorAll('.values tbody tr').length") > 8
    assert page.run("document.querySelector('#audio').controls && !document.querySelector('#audio').hidden")
    assert page.run("document.querySelector('.spectrogram').naturalWidth") == 100


def test_headings_and_controls_can_be_told_by_those_who_hear_the_page(page: Browser, made: Path) -> None:
    page.open(track(made, "Everything"))
    nameless = "[...document.querySelectorAll('button, a, input, select, audio, [role=slider], [role=region]')].filter(e => !(e.textContent.trim() || e.ariaLabel || e.closest('label'))).map(e => e.outerHTML)"
    assert page.run(nameless) == []
    levels = page.run("[...document.querySelectorAll('h1, h2, h3')].map(h => Number(h.tagName[1]))")
    assert levels[0] == 1
    assert levels.count(1) == 1
    page.open(made / "index.html")
    assert page.run(nameless) == []
