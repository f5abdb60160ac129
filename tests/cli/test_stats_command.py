from pathlib import Path

import numpy as np
import pytest

from small_dataset_audio.cli.main import main
from small_dataset_audio.cli.words import force_with_value
from small_dataset_audio.dataset.crops.places import crop_name, crops_folder
from support.documents import document_of, error_of
from support.statistics_library import written
from support.terminals import at_terminal


@pytest.fixture(scope="module")
def library(tmp_path_factory: pytest.TempPathFactory) -> Path:
    rng = np.random.default_rng(8)
    folder = tmp_path_factory.mktemp("statistics") / "library"
    for i in range(30):
        brightness = 100 * rng.random()
        values = {
            "bpm": 90 + 60 * rng.random(),
            "bpm_is_defined": i % 2,
            "lufs": -12 + rng.random() if i else -2.0,
            "tonic": i % 5,
            "saturation_count": i,
            "brightness": brightness,
            "sharpness": brightness + rng.random(),
            "onset_density_variance_drums": rng.random() / 1000 if i else 9.0,
            **{f"chroma_{k}": rng.random() for k in range(12)},
            "genre": {"House": 0.8, "Dub Techno": 0.2},
            "genres": ["club"],
            "tonic_scale": "minor" if i % 3 else "major",
            "caption": f"A piece number {i} for long evenings, with much more to say of it than fits on a line of this table.",
        }
        written(folder, f"Song {i:02}", values, absent={"lufs_bass": "there are no stems beside the mix"})
    return folder


def test_a_library_at_a_glance(library: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["stats", str(library)]) == 0
    out = capsys.readouterr().out
    assert out.startswith(f"30 tracks in {library}\n")
    [bpm] = [line for line in out.splitlines() if line.startswith("bpm ")]
    assert bpm.split()[1] == "30"
    assert "1 on 15" in out
    assert "Also chroma_0 to chroma_11." in out
    assert "1 number on no track (lufs_bass): there are no stems beside the mix." in out
    assert "(danceability and 3 more): the stage classify has not run." in out
    assert "Song 00: onset_density_variance_drums 9 (+" in out
    assert "lufs -2 (+" in out
    assert "genre (30): House 30 (0.80), Dub Techno 30 (0.20)" in out
    assert "genres (30): club 30" in out
    assert "tonic_scale (30): minor 20, major 10" in out
    assert "caption (30): 30 different, 22 to 22 words, median 22" in out
    assert "says nearly the same as" in out


def test_all_about_one_number(library: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["stats", "--feature", "brightness", str(library), "--top", "2"]) == 0
    out = capsys.readouterr().out
    assert out.startswith("brightness (points, 0 to 100)\n")
    assert "30 of 30 tracks have it." in out
    assert "Quantiles: 5% " in out
    assert "##" in out
    assert "sharpness: rank correlation +" in out
    assert out.count(" Song ") == 4
    assert main(["stats", "--feature", "tonic", str(library)]) == 0
    assert "goes round in a circle; concentration" in capsys.readouterr().out
    assert main(["stats", "--feature", "bpm_is_defined", str(library)]) == 0
    assert "1 on 15, 0 on 15." in capsys.readouterr().out
    assert main(["stats", "--feature", "lufs_bass", str(library)]) == 0
    assert "Absent on 30: there are no stems beside the mix." in capsys.readouterr().out


def test_a_number_that_nobody_declared_and_values_outside(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    written(tmp_path, "Song", {"release_year": 1998, "lufs": 3.0})
    assert main(["stats", "--feature", "release_year", str(tmp_path)]) == 0
    assert capsys.readouterr().out.startswith("release_year (not declared)\n\n1 of 1 track have it.")
    assert main(["stats", "--feature", "lufs", str(tmp_path)]) == 0
    assert "Outside the declared range: 0 below, 1 above." in capsys.readouterr().out


def test_all_about_labels_and_texts(library: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["stats", "--feature", "genre", str(library)]) == 0
    out = capsys.readouterr().out
    assert "30 of 30 tracks have it." in out
    assert out.splitlines()[3:] == [
        "label       tracks  probability  strongest",
        "House       30      0.80         30",
        "Dub Techno  30      0.20",
    ]
    assert main(["stats", "--feature", "genres", str(library)]) == 0
    assert "club   30" in capsys.readouterr().out
    assert main(["stats", "--feature", "tonic_scale", str(library)]) == 0
    assert "minor  20" in capsys.readouterr().out
    assert main(["stats", "--feature", "caption", str(library)]) == 0
    assert "30 different, 22 to 22 words, median 22" in capsys.readouterr().out


def test_an_unknown_number_is_a_usage_error(library: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["stats", str(library), "--feature", "brightnes", "--json"]) == 2
    assert "brightness" in error_of(capsys.readouterr().out)["fix"]
    assert main(["stats", str(library), "--feature", "xyzzy", "--json"]) == 2
    assert "sda features" in error_of(capsys.readouterr().out)["fix"]


def test_a_recommendation_with_reasons(library: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["stats", str(library), "--select"]) == 0
    out = capsys.readouterr().out
    assert "1. " in out
    assert "All 30 tracks have it" in out
    assert "Together they tell" in out
    assert "chroma_0 to chroma_11: it is one of the 12 parts of chroma" in out
    assert main(["stats", "--select", "1", str(library), "--json"]) == 0
    assert len(document_of("sda stats", capsys.readouterr().out)["selection"]["chosen"]) == 1


@pytest.mark.parametrize("wrong", ["many", "0"])
def test_a_count_that_is_none(library: Path, capsys: pytest.CaptureFixture[str], wrong: str) -> None:
    assert main(["stats", str(library), f"--select={wrong}", "--json"]) == 2
    assert "takes a number" in error_of(capsys.readouterr().out)["what"]


def test_the_value_of_select_may_be_left_out() -> None:
    assert force_with_value(["stats", "--select", "lib"]) == ["stats", "--select", "usual", "lib"]
    assert force_with_value(["stats", "lib", "--select"]) == ["stats", "lib", "--select", "usual"]
    assert force_with_value(["stats", "--select", "7"]) == ["stats", "--select", "7"]


def test_the_document(library: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["stats", str(library), "--json"]) == 0
    document = document_of("sda stats", capsys.readouterr().out)
    assert document["count"] == 30
    assert document["unit"] == "track"


def test_crops_are_rows_of_their_own(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    track = written(tmp_path, "Song", {"lufs": -10.0})
    assert main(["stats", str(tmp_path), "--crops"]) == 0
    assert "0 crops in" in capsys.readouterr().out
    for number in (1, 2):
        written(crops_folder(track), crop_name(track, number), {"position_in_file": number / 3})
    assert main(["stats", str(tmp_path), "--crops", "--json"]) == 0
    document = document_of("sda stats", capsys.readouterr().out)
    assert (document["count"], document["unit"]) == (2, "crop")


def test_a_library_of_two_says_what_cannot_be_told(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    for i, name in enumerate(("A", "B")):
        written(tmp_path, name, {"lufs": -10.0 - 10 * i, "brightness": 50.0, "tonic": i})
    assert main(["stats", str(tmp_path)]) == 0
    out = capsys.readouterr().out
    assert "how numbers go together is not defined for fewer than three" in out
    assert "nan" not in out.lower()
    assert main(["stats", str(tmp_path), "--select"]) == 0
    out = capsys.readouterr().out
    assert "Suitable by themselves\n  lufs.\n" in out
    assert "brightness: it is the same everywhere." in out


def test_an_empty_library_is_no_failure(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["stats", str(tmp_path)]) == 0
    assert "`sda run FOLDER` puts recordings into it." in capsys.readouterr().out
    assert main(["stats", str(tmp_path), "--json"]) == 0
    assert document_of("sda stats", capsys.readouterr().out)["count"] == 0


def test_no_library_is_a_failure(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["stats", str(tmp_path / "nowhere"), "--json"]) == 1
    assert "no library" in error_of(capsys.readouterr().out)["what"]


def test_a_damaged_track_is_said_and_the_rest_told(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    written(tmp_path, "Song 00", {"lufs": -10.0})
    written(tmp_path, "Song 01", {"lufs": -10.0}).info.write_text("{")
    assert main(["stats", str(tmp_path)]) == 1
    shown = capsys.readouterr()
    assert shown.out.startswith("1 track in")
    assert "Song 01 is left out." in shown.err
    assert main(["stats", str(tmp_path), "--json"]) == 1
    [problem] = document_of("sda stats", capsys.readouterr().out)["problems"]
    assert problem["track"] == "Song 01"


@pytest.mark.process
def test_the_tables_fit_a_terminal_of_eighty_columns(library: Path) -> None:
    seen = at_terminal("stats", str(library), cwd=library, columns=80, env={"NO_COLOR": "1"})
    assert seen.status == 0
    assert max(len(line) for line in seen.lines if str(library) not in line) <= 80
    assert any(line.startswith("number ") for line in seen.lines)


def test_of_many_tracks_that_stand_apart_the_first_are_named(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    names = ("depth", "booming", "hardness", "roughness")
    for i in range(12):
        apart = {name: 50 + i + (1000 if i == place or not i else 0) for place, name in enumerate(names)}
        written(tmp_path, f"Song {i:02}", {**apart, "title": f"Piece {i}", "title_2": f"Piece {i} and {'more ' * i}"})
    assert main(["stats", str(tmp_path), "--top", "1"]) == 0
    out = capsys.readouterr().out
    assert "Song 00: depth 1050 (+" in out
    assert "and 1 more\n  and 3 tracks more" in out
    assert "title_2 (12): 12 different, 3 to 14 words, median 8.5" in out


def test_numbers_that_follow_from_others_and_groups_are_named(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    rng = np.random.default_rng(3)
    for i in range(24):
        a, b, c = rng.random(3)
        same = {"depth": 50 * c, "booming": 50 * c + rng.random(), "warmth": 50 * a, "hardness": 50 * a + rng.random()}
        written(tmp_path, f"Song {i:02}", {"lufs": -20 * a, "true_peak": 6 * b, "plr": 6 * b + 20 * a, **same})
    assert main(["stats", str(tmp_path), "--top", "1"]) == 0
    out = capsys.readouterr().out
    assert "Follow exactly from others: lufs, true_peak, plr" in out
    assert "and 1 group more of numbers that say the same" in out


def test_a_library_of_which_only_vectors_are_known(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    written(tmp_path, "Song", {"chroma_0": 0.5, "chroma_1": 1.0})
    assert main(["stats", str(tmp_path)]) == 0
    assert "\nAlso chroma_0, chroma_1.\n" in capsys.readouterr().out
