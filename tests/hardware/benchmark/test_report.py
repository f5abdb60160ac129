"""A profile as people read it."""

import html.parser
import re
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from small_dataset_audio.errors import StoreError
from small_dataset_audio.hardware.benchmark.profile import UNITS, Point
from small_dataset_audio.hardware.benchmark.report import words
from small_dataset_audio.hardware.benchmark.report.chart import HEIGHT, WIDTH, Chart, Mark
from small_dataset_audio.hardware.benchmark.report.page import FILE, page, write_page
from small_dataset_audio.hardware.benchmark.report.plot import plot
from small_dataset_audio.hardware.benchmark.setup import Setup
from small_dataset_audio.hardware.benchmark.spread import Spread
from support.benchmark_profiles import probe, profile


class Parser(html.parser.HTMLParser):
    """Collects tags, text and whatever would be loaded from elsewhere."""

    VOID = frozenset({"meta"})

    def __init__(self) -> None:
        super().__init__()
        self.open: list[str] = []
        self.tags: list[str] = []
        self.loaded: list[str] = []
        self.text = ""

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append(tag)
        if tag not in self.VOID:
            self.open.append(tag)
        self.loaded += [value or "" for name, value in attrs if name in {"src", "href", "srcset", "action"}]

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append(tag)

    def handle_endtag(self, tag: str) -> None:
        assert self.open.pop() == tag

    def handle_data(self, data: str) -> None:
        self.text += data


def parsed(text: str) -> Parser:
    parser = Parser()
    parser.feed(text)
    parser.close()
    assert parser.open == []
    return parser


def test_the_page_is_whole_and_loads_nothing() -> None:
    text = page(profile())
    found = parsed(text)
    assert found.tags.count("svg") == 2
    assert found.loaded == []
    assert not re.search(r"https?:|@import|url\(|<script", text)
    for piece in ("What A <processor> & more can train", "Largest batch: 24", "Best batch: 4", "out of memory"):
        assert piece in found.text
    assert "250 GB/s (240 to 260)" in found.text
    assert "not measured: the CPU works in the host's own memory" in found.text
    assert "matmul_tf32" not in found.text
    assert "prefers-color-scheme: dark" in text
    assert 'name="viewport"' in text


def test_a_verification_and_commands_are_shown() -> None:
    text = page(profile(verified={"sentence": "It is slower now. `sda benchmark --force` measures <again>."}))
    assert "<code>sda benchmark --force</code> measures &lt;again&gt;." in text


def test_a_page_without_a_result_has_no_curves_but_the_reason() -> None:
    found = parsed(page(profile([probe(1, ended="oom", fresh=True, reason="it is <full>")])))
    assert "svg" not in found.tags
    assert "Not even one example fits" in found.text
    assert "it is <full>" in found.text
    assert "none" in found.text


def test_a_page_with_a_single_point_has_no_curve() -> None:
    assert "svg" not in parsed(page(profile([probe(1, 0.1, fresh=True)]))).tags


def test_a_probe_in_the_headroom_is_named_so() -> None:
    text = page(profile([probe(1, 0.1, fresh=True), probe(2, 0.2, spare=-5), probe(3, None)]))
    assert "goes into the headroom" in text


def test_the_page_is_written_whole(tmp_path: Path) -> None:
    assert write_page(profile(), tmp_path).read_text(encoding="utf-8") == page(profile())
    assert [file.name for file in tmp_path.iterdir()] == [FILE]
    with pytest.raises(StoreError):
        write_page(profile(), tmp_path / "nowhere")


numbers = st.floats(1e-3, 1e6)


@given(
    st.lists(st.tuples(st.integers(1, 5000), numbers), min_size=1, max_size=20, unique_by=lambda one: one[0]),
    st.booleans(),
    st.one_of(st.none(), numbers),
)
def test_every_point_of_every_chart_lies_in_its_frame(
    points: list[tuple[int, float]], doubling: bool, limit: float | None  # noqa: FBT001 - a parameter
) -> None:  # fmt: skip
    marks = [
        Mark(x, y, f"{x}", y * 0.9, y * 1.1, "best" if i == 0 else None) for i, (x, y) in enumerate(sorted(points))
    ]
    told = (limit, "budget") if limit is not None else None
    svg = Chart("a < b", "batch", "GiB", marks, doubling=doubling, limit=told).svg()
    parsed(svg)
    for x, y in re.findall(r'c?x="([-\d.]+)" c?y="([-\d.]+)"', svg):
        assert 0 <= float(x) <= WIDTH
        assert -12 <= float(y) <= HEIGHT
    assert len(re.findall("<circle", svg)) == len(points)
    assert "a &lt; b" in svg


def test_a_chart_may_be_points_alone() -> None:
    assert "polyline" not in Chart("t", "x", "y", [Mark(0, 0, "0"), Mark(1, 0, "1")], line=False).svg()


def points(*speeds: float) -> list[Point]:
    return [Point.of(2**power, 1.0, [2**power / speed]) for power, speed in enumerate(speeds)]


def test_the_plot_shows_heights_and_marks_the_best() -> None:
    lines = plot(points(10, 20, 40, 80), 8, width=80)
    assert lines[0] == "s of audio per second, by batch"
    assert [line.count("█") > 0 for line in lines[1:9]] == [True] * 8
    assert lines[1].count("█") == lines[8].count("█") // 4
    assert lines[1].lstrip().startswith("80.0 │")
    assert "8*" in lines[9]
    assert lines[10].strip() == "* the best batch"


def test_a_single_point_is_not_plotted() -> None:
    assert plot(points(10), 1, width=80) == []
    assert plot([], None, width=80) == []


@given(
    st.lists(numbers, min_size=2, max_size=13), st.integers(20, 200), st.sampled_from(["utf-8", "ascii", "nonsense"])
)
def test_the_plot_fits_the_terminal(speeds: list[float], width: int, encoding: str) -> None:
    lines = plot(points(*speeds), None, width=width, encoding=encoding)
    assert len(lines) == 10
    assert max(len(line) for line in lines) <= max(width, 40)
    if encoding != "utf-8":
        "".join(lines).encode("ascii")


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        (0, "0"),
        (0.00312, "0.0031"),
        (0.25, "0.250"),
        (1.234, "1.23"),
        (12.34, "12.3"),
        (123.4, "123"),
        (12345.6, "12,346"),
    ],
)
def test_numbers_have_three_digits(value: float, expected: str) -> None:
    assert words.number(value) == expected


@pytest.mark.parametrize(
    ("value", "unit", "expected"),
    [
        (2.5e12, "FLOP/s", "2.50 TFLOP/s (2.25 to 2.75)"),
        (2.5e9, "FLOP/s", "2.50 GFLOP/s (2.25 to 2.75)"),
        (2.5, "FLOP/s", "0.0000 MFLOP/s (0.0000 to 0.0000)"),
        (2.5e6, "B/s", "2.50 MB/s (2.25 to 2.75)"),
        (600.0, "s/s", "600 s of audio per second (540 to 660)"),
        (0.5, "s/s", "0.500 s of audio per second (0.450 to 0.550)"),
    ],
)
def test_rates_come_in_the_unit_that_suits_them(value: float, unit: str, expected: str) -> None:
    assert words.rate(Spread(value, value * 0.9, value * 1.1, 3), unit) == expected


def test_every_rate_has_words() -> None:
    assert set(words.RATES) == set(UNITS)


def test_what_is_not_known_is_said() -> None:
    assert words.gib(None) == "not known"
    assert words.seconds(0.0123) == "12.3 ms"
    assert words.seconds(1.5) == "1.50 s"


def test_the_answer_in_sentences() -> None:
    told = words.answer(profile(limited_by="time", projected_batch_size=900))
    assert told[0].startswith("Largest batch: 24 examples of 1 s (the time for the benchmark ended the search")
    assert told[1].startswith("Memory alone would allow about 900")
    assert told[2].startswith("Best batch: 4, the smallest")
    assert told[3].endswith("(10% headroom).")
    assert len(words.answer(profile())) == 3, "a line that memory ended is not prolonged"
    limited = {**profile().document["memory"], "limited_by": "memory.max of control group /box"}
    assert "10% headroom; memory.max of control group /box" in words.answer(profile(memory=limited))[-1]
    assert len(words.answer(profile(best_batch_size=None))) == 2
    nothing = words.answer(profile([probe(1, ended="oom", fresh=True)], Setup()))
    assert nothing == ["Not even one example fits: out of memory.", "Close other programs."]
