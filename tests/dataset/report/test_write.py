import json
import re
import shutil
from html.parser import HTMLParser
from pathlib import Path
from urllib.parse import unquote_to_bytes, urlsplit

import pytest

from small_dataset_audio.dataset.entries import entries
from small_dataset_audio.dataset.info import safe_update
from small_dataset_audio.dataset.layout import Track
from small_dataset_audio.dataset.lint.finding import Finding, Findings
from small_dataset_audio.dataset.report import write
from small_dataset_audio.dataset.report.folder import MARK
from small_dataset_audio.dataset.report.links import slug
from small_dataset_audio.dataset.report.write import Report, write_report
from small_dataset_audio.errors import StoreError
from small_dataset_audio.features.catalog import BY_NAME
from support.dataset_library import temporaries, tree
from support.report_library import HOSTILE, crowd, named, odd, piece, rich

VOID = {"meta", "link", "img", "input", "br", "hr", "wbr"}


class Page(HTMLParser):
    """A page: its addresses, its text, and whether every element that is opened is closed."""

    def __init__(self, path: Path) -> None:
        super().__init__()
        self.path = path
        self.open: list[str] = []
        self.addresses: list[str] = []
        self.ids: list[str] = []
        self.text = ""
        self.feed(path.read_text(encoding="utf-8"))
        self.close()
        assert self.open == []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        if tag not in VOID:
            self.open.append(tag)
        for name, value in attrs:
            assert not name.startswith("on"), (tag, name)
            if name in {"src", "href"}:
                assert value
                self.addresses.append(value)
            if name == "id":
                self.ids.append(value or "")

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        assert tag in {"path", "rect", "line", "circle"}

    def handle_endtag(self, tag: str) -> None:
        assert self.open.pop() == tag

    def handle_data(self, data: str) -> None:
        self.text += " " + data

    def said(self) -> str:
        return re.sub(r"\s+", " ", self.text)


def report(tmp_path: Path, **options: object) -> Report:
    return write_report(tmp_path / "library", tmp_path / "report", BY_NAME, **options)  # type: ignore[arg-type]


def pages(made: Report) -> list[Page]:
    return [Page(path) for path in sorted(made.folder.rglob("*.html"))]


def page_of(made: Report, name: str) -> Page:
    return Page(made.folder / "tracks" / f"{slug(name)}.html")


@pytest.fixture
def everything(tmp_path: Path) -> Report:
    library = tmp_path / "library"
    rich(library)
    odd(library)
    return report(tmp_path)


def test_every_page_is_whole_and_every_link_leads_somewhere(everything: Report) -> None:
    found = pages(everything)
    assert len(found) == 4 + everything.tracks
    for page in found:
        assert len(page.ids) == len(set(page.ids))
        for address in page.addresses:
            parts = urlsplit(address)
            assert not parts.scheme, address
            assert not parts.netloc, address
            if parts.path:
                target = page.path.parent / unquote_to_bytes(parts.path).decode("utf-8", "surrogateescape")
                assert target.exists(), (page.path.name, address)


def test_nothing_is_fetched_from_elsewhere(everything: Report) -> None:
    for path in everything.folder.rglob("*"):
        if path.suffix in {".html", ".js", ".css"}:
            text = path.read_text(encoding="utf-8").replace("/*! https://github.com/leeoniya/uPlot (v1.6.32) */", "")
            text = text.replace("http://www.w3.org/2000/svg", "")
            assert not re.search(r"(https?:)?//[a-z0-9-]+\.[a-z]", text), path.name
            assert "fetch(" not in text
            assert "XMLHttpRequest" not in text
            assert "@import" not in text


def test_titles_that_look_like_html_stay_text(everything: Report) -> None:
    name = named(HOSTILE)
    for file in ("tracks.html", "index.html", f"tracks/{slug(name)}.html"):
        text = (everything.folder / file).read_text(encoding="utf-8")
        assert "<img src=x" not in text
        assert "<script>window" not in text
    assert name in Page(everything.folder / "tracks.html").text
    script = (everything.folder / "assets" / "library.js").read_text(encoding="utf-8")
    assert "<" not in script


def test_a_track_shows_everything_with_unit_range_and_maker(everything: Report) -> None:
    said = page_of(everything, "Everything").said()
    for text in (
        "0:04.0 \u00b7 120.0 BPM \u00b7 D minor \u00b7 \u221214.0 LUFS \u00b7 WAV, 22.1 kHz, 16 bits, stereo",
        "8 beats, 2 downbeats, 8 onsets, 2 kick strokes, 1 snare stroke, 2 hat strokes.",
        "bpm 120.0 BPM 40 300 analyze, version 2",
        "spectral_ kurtosis 14.2 0 10 outside analyze, version 2",
        "my_ rating 4 not by sda",
        "Chroma (12 values)",
        "A house track <b>with</b> a tape hiss.",
        "house, dub & bass",
        "<i>Odd</i> 0.20",
        "there is no stem vocals",
        "the stage classify has not run on this track",
        "Everything_1 0:01.0 0:02.0 1 120.00",
        "/somewhere/Everything.wav",
        "beats: dsp",
    ):
        assert text in said, text


def test_what_is_wrong_with_a_track_is_said_on_its_page_and_in_the_answer(everything: Report) -> None:
    assert set(everything.problems) == {"Broken Info", "Not Audio", "Drone"}
    assert "is not the JSON that an .INFO file must be" in page_of(everything, "Broken Info").said()
    assert "not an audio file" in page_of(everything, "Not Audio").said()
    assert "is not a list of times" in page_of(everything, "Drone").said()
    assert "there are no beats" in page_of(everything, "Drone").said()
    assert "There is no recording in this track's folder." in page_of(everything, "Only Info").said()


def test_formats_that_browsers_do_not_play_are_copied_small(everything: Report) -> None:
    copies = sorted(path.name for path in everything.folder.rglob("*.mp3"))
    assert copies == [f"{slug('From Logic')}.full_mix.mp3"]
    assert copies[0] in page_of(everything, "From Logic").addresses


def test_a_second_report_makes_only_what_has_changed(everything: Report, tmp_path: Path) -> None:
    assert everything.drawn == 7
    again = report(tmp_path)
    assert again.drawn == 0
    assert again.changed <= 1  # the first page says when it was made
    safe_update(Track(tmp_path / "library" / "Everything").info, {"my_rating": 5})
    more = report(tmp_path)
    assert (more.drawn, more.changed) in {(0, 1), (0, 2)}
    assert "my_ rating 5" in page_of(more, "Everything").said()


def test_a_report_can_be_taken_elsewhere_with_small_copies(tmp_path: Path) -> None:
    track = piece(tmp_path / "library", "Song", stems=("bass",))
    made = report(tmp_path, copy_audio=True)
    addresses = page_of(made, "Song").addresses
    assert f"{slug('Song')}.full_mix.mp3" in addresses
    assert len(list(made.folder.rglob("*.mp3"))) == 2
    assert str(track.mix) not in page_of(made, "Song").text
    without = report(tmp_path)
    assert not list(without.folder.rglob("*.mp3"))


def test_a_track_that_is_gone_leaves_nothing(everything: Report, tmp_path: Path) -> None:
    (everything.folder / "mine.txt").write_text("mine")
    track = tmp_path / "library" / "From Logic"
    for path in track.iterdir():
        path.unlink()
    track.rmdir()
    made = report(tmp_path)
    assert made.tracks == everything.tracks - 1
    assert not [path for path in made.folder.rglob("*") if path.name.startswith(slug("From Logic"))]
    assert (made.folder / "mine.txt").exists()


def test_an_empty_library_has_pages_that_say_so(tmp_path: Path) -> None:
    (tmp_path / "library").mkdir()
    made = report(tmp_path)
    assert made.tracks == 0
    assert len(pages(made)) == 4
    assert "There are no tracks in this library yet." in Page(made.index).said()


def test_tracks_that_were_only_brought_in_have_pages(tmp_path: Path) -> None:
    track = piece(tmp_path / "library", "New", bpm=None)
    track.info.unlink()
    made = report(tmp_path)
    assert "Nothing has been measured yet." in Page(made.index).said()
    assert "No stage has run on this track." in page_of(made, "New").said()


def test_a_library_that_is_not_there(tmp_path: Path) -> None:
    with pytest.raises(StoreError, match="no library"):
        report(tmp_path)
    assert not (tmp_path / "report").exists()


def test_the_library_is_only_read(tmp_path: Path) -> None:
    rich(tmp_path / "library")
    before = tree(tmp_path / "library")
    report(tmp_path, copy_audio=True)
    assert tree(tmp_path / "library") == before


def test_an_interruption_leaves_nothing_that_looks_finished(tmp_path: Path) -> None:
    odd(tmp_path / "library")

    def stop(done: int, _total: int, _track: str) -> None:
        if done == 3:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        report(tmp_path, progress=stop)
    folder = tmp_path / "report"
    assert not (folder / "index.html").exists()
    assert temporaries(folder) == []
    finished = report(tmp_path)
    assert finished.drawn == 3
    assert finished.index.exists()


def test_a_report_that_cannot_be_written_is_an_error(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    piece(tmp_path / "library", "Song")

    def full(*_args: object) -> None:
        raise OSError(30, "Read-only file system")

    monkeypatch.setattr(Path, "replace", full)
    with pytest.raises(StoreError, match="Could not write"):
        report(tmp_path)


def test_a_track_folder_that_cannot_be_read_is_named(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    piece(tmp_path / "library", "Song")

    def refuse(_track: Track) -> Path:
        raise StoreError(
            "Could not read Song.", "The operating system answered: Permission denied.", "Give yourself permission."
        )

    monkeypatch.setattr(write, "_sheet", lambda _draft, track: refuse(track))
    made = report(tmp_path)
    assert made.problems == {"Song": "Could not read Song. The operating system answered: Permission denied."}


def test_findings_stand_on_their_page_on_the_first_and_on_the_tracks(tmp_path: Path) -> None:
    piece(tmp_path / "library", "Song")
    found = (
        Finding("silent", "note", "", None, "The library is <small>.", {}, "Add to it."),
        Finding("clipped", "fail", "Song", None, "312 samples are clipped.", {"samples": 312}, "Export it again."),
        Finding("clipped", "warn", "Gone", None, "2 samples are clipped.", {}, "Export it again."),
    )
    made = report(
        tmp_path, findings=Findings(tmp_path / "library", 1, ("clipped",), found), sentences=["A & B rise together."]
    )
    first = Page(made.index).said()
    assert first.index("312 samples are clipped.") < first.index("The library is <small>.")
    assert "A & B rise together." in first
    assert "2 to fix" in first or "to fix 2" in first
    findings = Page(made.folder / "findings.html").said()
    assert "1 harmful, 1 to check, 1 to know." in findings
    assert f"tracks/{slug('Song')}.html" in Page(made.folder / "findings.html").addresses
    assert "Export it again." in page_of(made, "Song").said()
    nothing = report(tmp_path, findings=Findings(tmp_path / "library", 1, ("clipped",), ()))
    assert "The checks found nothing that hurts." in Page(nothing.index).said()


def test_many_tracks_have_one_table_and_few_small_pictures(tmp_path: Path) -> None:
    crowd(tmp_path / "library", 60)
    made = report(tmp_path, known=list(entries(tmp_path / "library")))
    page = Page(made.folder / "tracks.html")
    assert "Piece 0059" in page.text
    assert made.as_dict()["tracks"] == 60
    assert "in 60" not in page.text


def test_the_mark_lists_what_was_made(everything: Report) -> None:
    listed = set(json.loads((everything.folder / MARK).read_text())["files"])
    there = {path.relative_to(everything.folder).as_posix() for path in everything.folder.rglob("*") if path.is_file()}
    assert there == listed | {MARK}


def test_a_name_that_is_no_text_has_a_page(tmp_path: Path) -> None:
    folder = tmp_path / "library" / "caf\udce9 #1"
    try:
        folder.mkdir(parents=True)
    except (OSError, UnicodeError):
        pytest.skip("this disk takes no such names")
    shutil.copy(piece(tmp_path / "other", "Song").folder / "full_mix.wav", folder)
    made = report(tmp_path)
    page = page_of(made, "caf\udce9 #1")
    assert "caf\ufffd #1" in page.text
    audio = next(address for address in page.addresses if "full_mix" in address)
    assert "caf%E9%20%231" in audio


def test_the_plotting_library_is_the_one_that_was_published() -> None:
    import hashlib
    from importlib.resources import files

    assets = files("small_dataset_audio.dataset.report") / "assets"
    said = (assets / "README.md").read_text(encoding="utf-8")
    for name in ("uPlot.iife.min.js", "uPlot.min.css", "LICENSE"):
        digest = hashlib.sha256((assets / "vendor" / "uplot" / name).read_bytes()).hexdigest()
        assert f"| `{name}` | `{digest}` |" in said
