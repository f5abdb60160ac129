from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from small_dataset_audio.dataset.metadata.tags import Tags, read_tags
from small_dataset_audio.errors import AudioError
from support import tag_files as made
from support.signals import tone, write_audio
from support.tag_files import LATIN, UTF8, UTF16, UTF16_BE, id3, mp3, text_frame

FULL = {
    "title": "Blue Café",
    "artists": ["The Testers", "Ann Other"],
    "album": "Songs",
    "release_date": "2003-05-17",
    "release_year": 2003,
    "label": "Test Label",
    "genres": ["Jazz", "Bossa Nova"],
    "licence": "https://creativecommons.org/licenses/by/4.0/",
    "isrc": "GBAYE0312345",
    "musicbrainz_id": "11111111-2222-4333-8444-555555555555",
}
UFID = b"http://musicbrainz.org\0" + str(FULL["musicbrainz_id"]).encode()


def values(path: Path, encoding: str = "") -> dict[str, object]:
    found = read_tags(path, encoding)
    assert found.problem is None
    return dict(found.values)


@pytest.mark.parametrize("encoding", [UTF8, UTF16, UTF16_BE, LATIN])
@pytest.mark.parametrize("version", [3, 4])
def test_everything_in_an_id3_tag(tmp_path: Path, encoding: int, version: int) -> None:
    def text(name: str, words: str) -> bytes:
        return text_frame(name, words, encoding, version)

    frames = (
        text("TIT2", "Blue Café")
        + text("TPE1", "The Testers\0Ann Other")
        + text("TALB", "Songs")
        + (text("TDRC", "2003-05-17T12:00:00") if version == 4 else text("TYER", "2003") + text("TDAT", "1705"))
        + text("TPUB", "Test Label")
        + text("TCON", "(8)\0Bossa Nova")
        + text("TSRC", "GB-AYE-03-12345")
        + made.frame("WCOP", b"https://creativecommons.org/licenses/by/4.0/", version)
        + made.frame("UFID", UFID, version)
    )
    assert values(mp3(tmp_path / "a.mp3", id3(frames, version))) == FULL


def test_everything_in_vorbis_comments(tmp_path: Path) -> None:
    comments = [
        ("TITLE", "Blue Café"),
        ("Artist", "The Testers"),
        ("artist", "Ann Other"),
        ("ALBUMARTIST", "Various Artists"),
        ("ALBUM", "Songs"),
        ("DATE", "2003-05-17"),
        ("ORGANIZATION", "Test Label"),
        ("GENRE", "Jazz; Bossa Nova;jazz"),
        ("COPYRIGHT", "2003 by us, see <https://creativecommons.org/licenses/by/4.0/>."),
        ("ISRC", "gbaye0312345"),
        ("MUSICBRAINZ_TRACKID", str(FULL["musicbrainz_id"])),
    ]
    assert values(made.flac(tmp_path / "a.flac", comments)) == FULL


def test_everything_in_an_mp4_file(tmp_path: Path) -> None:
    atoms = {
        "\xa9nam": ["Blue Café"],
        "\xa9ART": ["The Testers", "Ann Other"],
        "\xa9alb": ["Songs"],
        "\xa9day": ["2003-05-17T07:00:00Z"],
        "\xa9gen": ["Jazz", "Bossa Nova"],
        "cprt": ["https://creativecommons.org/licenses/by/4.0/"],
    }
    free = {"ISRC": ["GBAYE0312345"], "LABEL": ["Test Label"], "MusicBrainz Track Id": [str(FULL["musicbrainz_id"])]}
    assert values(made.m4a(tmp_path / "a.m4a", atoms, free)) == FULL


def test_riff_and_aiff_text_and_id3_chunks(tmp_path: Path) -> None:
    info = {
        "INAM": "Blue Café\0".encode(),
        "IART": b"The Testers",
        "ICRD": b"2003",
        "IGNR": b"Jazz",
        "ISRC": b"a friend",
    }
    assert values(made.wav(tmp_path / "a.wav", info)) == {
        "title": "Blue Café",
        "artists": ["The Testers"],
        "release_date": "2003",
        "release_year": 2003,
        "genres": ["Jazz"],
    }
    tag = id3(text_frame("TIT2", "Blue Café") + text_frame("TPE1", "The Testers"))
    both = {"title": "Blue Café", "artists": ["The Testers"]}
    assert values(made.wav(tmp_path / "b.wav", tag=tag)) == both
    assert values(made.aiff(tmp_path / "a.aiff", {"NAME": b"Blue", "AUTH": b"The Testers"})) == {
        **both,
        "title": "Blue",
    }
    assert values(made.aiff(tmp_path / "b.aiff", {"ID3 ": tag})) == both


@pytest.mark.parametrize(
    ("stored", "encoding", "expected"),
    [
        (b"Caf\xe9 \x96 live\0", "", "Café \u2013 live"),
        ("Café".encode(), "", "Café"),
        ("Песня".encode("cp1251"), "cp1251", "Песня"),
        (b"\x81", "", None),
    ],
    ids=["windows", "utf-8", "named", "neither"],
)
def test_text_in_wav_files(tmp_path: Path, stored: bytes, encoding: str, expected: str | None) -> None:
    file = made.wav(tmp_path / "a.wav", {"INAM": stored}, id3(text_frame("TPE1", "The Testers")))
    found = read_tags(file, encoding)
    assert found.values.get("title") == expected
    assert found.values["artists"] == ["The Testers"]
    assert found.damaged == (() if expected else ("title",))


def test_text_in_aiff_files_that_is_not_ascii(tmp_path: Path) -> None:
    file = made.aiff(tmp_path / "a.aiff", {"NAME": "Café".encode("mac-roman")})
    assert read_tags(file) == Tags(damaged=("title",))
    assert values(file, "mac-roman") == {"title": "Café"}
    assert values(made.aiff(tmp_path / "b.aiff", {"NAME": "Café".encode()})) == {"title": "Café"}


def test_id3v1_alone_and_behind_id3v2(tmp_path: Path) -> None:
    old = made.id3v1(b"Blue Caf\xe9", b"The Testers", b"Songs", b"2003", genre=8)
    expected = {
        "title": "Blue Café",
        "artists": ["The Testers"],
        "album": "Songs",
        "release_date": "2003",
        "release_year": 2003,
        "genres": ["Jazz"],
    }
    assert values(mp3(tmp_path / "a.mp3", end=old)) == expected
    new = id3(text_frame("TIT2", "Blue Café, the longer title of the two"))
    assert values(mp3(tmp_path / "b.mp3", new, old)) == {**expected, "title": "Blue Café, the longer title of the two"}


@pytest.mark.parametrize(
    ("stored", "encoding", "expected"),
    [
        ("Café Größe".encode(), "", "Café Größe"),
        ("Песня".encode(), "", "Песня"),
        (b"\x93Blue\x94 \x96 it\x92s", "", "\u201cBlue\u201d \u2013 it\u2019s"),
        ("Песня".encode("cp1251"), "cp1251", "Песня"),
        ("夜の歌".encode("shift_jis"), "shift_jis", "夜の歌"),
        ("Größe".encode("latin-1"), "", "Größe"),
        (b"\x81\x8d", "", None),
    ],
    ids=["utf-8", "cyrillic utf-8", "windows quotes", "cp1251 named", "shift_jis named", "latin-1", "controls"],
)
def test_text_whose_encoding_is_not_what_the_tag_claims(
    tmp_path: Path, stored: bytes, encoding: str, expected: str | None
) -> None:
    file = mp3(tmp_path / "a.mp3", id3(text_frame("TIT2", stored, LATIN)))
    assert read_tags(file, encoding).values.get("title") == expected


def test_text_that_cannot_be_decoded_is_left_out_and_named(tmp_path: Path) -> None:
    file = made.flac(tmp_path / "a.flac", [("TITLE", b"Caf\xe9"), ("ARTIST", "The Testers")])
    found = read_tags(file)
    assert found == Tags({"artists": ["The Testers"]}, damaged=("title",))


def test_vorbis_text_that_was_decoded_twice(tmp_path: Path) -> None:
    twice = "it\u2019s".encode().decode("cp1252")
    assert values(made.flac(tmp_path / "a.flac", [("TITLE", twice)])) == {"title": "it\u2019s"}


@pytest.mark.parametrize("version", [2, 3, 4])
def test_unsynchronised_tags(tmp_path: Path, version: int) -> None:
    """UTF-16 begins with a byte 255, behind which such tags put a zero byte."""
    name = "TT2" if version == 2 else "TIT2"
    content = bytes([UTF16]) + "Blue Café".encode("utf-16")
    if version == 4:
        body = made.frame(name, made.unsynchronised(content), flags=0x02)
    else:
        body = made.unsynchronised(made.frame(name, content, version))
    file = mp3(tmp_path / "a.mp3", id3(body, version, flags=0x80))
    assert values(file) == {"title": "Blue Café"}


def test_frames_with_lengths_compression_and_encryption(tmp_path: Path) -> None:
    content = bytes([UTF8]) + b"Blue"
    told = made.frame("TIT2", made.synchsafe(len(content)) + content, flags=0x01)
    packed = made.frame("TPE1", made.compressed(bytes([UTF8]) + b"The Testers"), flags=0x09)
    broken = made.frame("TPE2", made.synchsafe(5) + b"junk", flags=0x09)
    secret = made.frame("TALB", b"\x00????", flags=0x04)
    padding = bytes(64)
    assert values(mp3(tmp_path / "a.mp3", id3(told + packed + broken + secret + padding))) == {
        "title": "Blue",
        "artists": ["The Testers"],
    }


def test_a_tag_in_front_of_flac(tmp_path: Path) -> None:
    file = made.flac(tmp_path / "a.flac", [("TITLE", "Blue")])
    sound = file.read_bytes()
    file.write_bytes(id3(text_frame("TPE1", "The Testers")) + sound)
    assert values(file) == {"title": "Blue", "artists": ["The Testers"]}
    file.write_bytes(id3(made.frame("TPE1", made.synchsafe(3) + b"\x03XY", flags=0x01)) + sound)
    assert values(file)["title"] == "Blue"


@pytest.mark.parametrize(
    ("comments", "artists", "repaired"),
    [
        ([("ARTIST", "Various Artists"), ("ALBUMARTIST", "The Testers")], ["The Testers"], True),
        ([("ARTIST", "VA"), ("ARTIST", "The Testers")], ["The Testers"], True),
        ([("ARTIST", "Various"), ("TITLE", "The Testers - Blue")], ["The Testers"], True),
        ([("ARTIST", "Verschiedene Interpreten"), ("TITLE", "Blue")], None, False),
        ([("ALBUMARTIST", "Various Artists"), ("TITLE", "The Testers - Blue")], None, False),
        ([("ALBUMARTIST", "The Testers")], ["The Testers"], False),
        ([("ARTIST", "AC/DC")], ["AC/DC"], False),
        ([("ARTIST", "Simon & Garfunkel")], ["Simon & Garfunkel"], False),
        ([("ARTIST", "Unknown Artist")], None, False),
    ],
)
def test_the_artists_of_the_track_itself(
    tmp_path: Path, comments: list[tuple[str, str | bytes]], artists: list[str] | None, *, repaired: bool
) -> None:
    found = read_tags(made.flac(tmp_path / "a.flac", comments))
    assert found.values.get("artists") == artists
    assert found.repaired is repaired


def test_formats_whose_tags_ffmpeg_reads(tmp_path: Path) -> None:
    av = pytest.importorskip("av")
    source = write_audio(tmp_path / "a.wav", tone(0.5))
    target = tmp_path / "a.wv"
    with av.open(str(source)) as sound, av.open(str(target), "w", format="wv") as out:
        out.metadata.update({"title": "Blue", "artist": "The Testers", "date": "2003"})
        stream = out.add_stream("wavpack", rate=44100)
        for frame in sound.decode(audio=0):
            frame.pts = None
            out.mux(stream.encode(frame))
        out.mux(stream.encode(None))
    assert values(target)["artists"] == ["The Testers"]
    target.write_bytes(target.read_bytes()[:20])
    assert read_tags(target).values == {}
    (tmp_path / "text.mp3").write_bytes(b"no sound at all")
    assert read_tags(tmp_path / "text.mp3").problem == "it is no audio that sda knows"


def test_files_without_tags_and_without_anything(tmp_path: Path) -> None:
    assert read_tags(write_audio(tmp_path / "a.wav", tone(0.1))) == Tags()
    with pytest.raises(AudioError):
        read_tags(tmp_path / "gone.wav")


def test_damaged_tags_are_a_problem_and_no_crash(tmp_path: Path) -> None:
    file = made.flac(tmp_path / "a.flac", [("TITLE", "Blue")])
    whole = file.read_bytes()
    at = whole.index(b"none") + 4
    file.write_bytes(whole[:at] + b"\xff\xff\xff\x7f" + whole[at + 4 :])
    found = read_tags(file)
    assert found.problem is not None
    assert "damaged" in found.problem


@given(
    st.binary(max_size=400),
    st.sampled_from([b"", b"ID3\x04\x00\x00", b"ID3\x03\x00\x80", b"fLaC", b"OggS", b"RIFF", b"FORM"]),
)
@settings(max_examples=150, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_any_bytes_are_tags_or_none(tmp_path: Path, content: bytes, start: bytes) -> None:
    file = tmp_path / "a.bin"
    file.write_bytes(start + content)
    found = read_tags(file)
    assert all(isinstance(value, str | list | int) for value in found.values.values())


@given(st.text(min_size=1, max_size=40), st.sampled_from([UTF8, UTF16, UTF16_BE]))
@settings(max_examples=150, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_any_title_comes_back_clean(tmp_path: Path, title: str, encoding: int) -> None:
    try:
        tag = id3(text_frame("TIT2", title, encoding))
    except UnicodeEncodeError:
        return
    found = read_tags(mp3(tmp_path / "a.mp3", tag)).values.get("title")
    assert found is None or (isinstance(found, str) and found == " ".join(found.split()) and "\0" not in found)
