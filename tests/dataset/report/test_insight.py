from pathlib import Path

from small_dataset_audio.dataset.lint.finding import Finding, Findings
from small_dataset_audio.dataset.report.groups import apart, grouped, series_of
from small_dataset_audio.dataset.report.insight import insight_of
from small_dataset_audio.features.catalog import BY_NAME


def finding(track: str, what: str = "It is silent.", severity: str = "note") -> Finding:
    return Finding("silent", severity, track, None, what, {}, "Leave it out, or `sda <x>`.")  # type: ignore[arg-type]


def test_findings_that_say_the_same_are_one_entry_with_all_names() -> None:
    found = (finding("A"), finding("B & C"), finding("D", severity="fail"), finding("E", "It is <loud>."))
    insight = insight_of(Findings(Path("/l"), 4, ("silent",), found), (), {"A": "tracks/a.html"})
    first, second, third = insight.items(insight.findings)
    assert "D" in first
    assert "Harmful" in first
    assert '<a href="tracks/a.html" class="name">A</a>, <span class="name">B &amp; C</span>' in second
    assert "It is &lt;loud&gt;." in third
    assert "<code>sda &lt;x&gt;</code>" in third
    assert [one.track for one in insight.of("E")] == ["E"]


def test_of_many_names_some_are_counted() -> None:
    found = tuple(finding(f"Song {number}") for number in range(15))
    [entry] = insight_of(Findings(Path("/l"), 15, ("silent",), found), (), {}).items(found)
    assert ", 3 more" in entry
    assert "Song 12" not in entry


def test_without_checks_there_are_no_counts() -> None:
    insight = insight_of(None, ("A sentence.",), {})
    assert insight.counts is None
    assert insight.sentences == ("A sentence.",)


def test_a_finding_about_the_library_has_no_name() -> None:
    [entry] = insight_of(None, (), {}).items([finding("")])
    assert "name" not in entry


def test_a_finding_about_a_crop_leads_to_its_track() -> None:
    [entry] = insight_of(None, (), {"A": "tracks/a.html"}).items([finding("A_2")])
    assert '<a href="tracks/a.html" class="name">A_2</a>' in entry


def test_numbers_are_put_together_by_their_group() -> None:
    found = grouped(["mine", "bpm", "chroma_0", "tonic", "lufs"], BY_NAME)
    assert list(found) == ["Rhythm", "Loudness", "Pitch and harmony", "Other numbers"]
    assert apart(found["Pitch and harmony"]) == (["tonic"], {"chroma": ["chroma_0"]})
    assert series_of("chroma_x") is None
    assert series_of("lufs_bass") is None
