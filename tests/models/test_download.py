"""One file over HTTP, from servers that behave badly."""

import hashlib
import ssl
import threading
import time
from collections.abc import Iterator
from pathlib import Path

import httpx2
import pytest

from small_dataset_audio.errors import ModelError, StoreError
from small_dataset_audio.models import download
from small_dataset_audio.models.answers import trouble_words
from small_dataset_audio.models.download import Download, Patience, client
from small_dataset_audio.models.hub import Hub
from small_dataset_audio.models.part import Origin, Part
from small_dataset_audio.models.record import Verified
from small_dataset_audio.models.registry import ModelFile
from support.http_server import (
    Behaviour,
    Handler,
    Site,
    breaks_off,
    file,
    hangs_up,
    ignores_ranges,
    leads_to,
    plain,
    says_nonsense,
    serving,
    status,
)

CONTENT = bytes(range(256)) * 4000
SHA256 = hashlib.sha256(CONTENT).hexdigest()
PINNED = ModelFile("weights.bin", sha256=SHA256, bytes=len(CONTENT))
UNKNOWN = ModelFile("weights.bin")
QUICK = Patience(connect=5, read=5, attempts=3, pause=0.01, longest_pause=0.5)


class Told:
    """A progress that remembers."""

    def __init__(self) -> None:
        self.starts: list[tuple[str, int | None, int]] = []
        self.sentences: list[str] = []
        self.bytes = 0

    def start(self, name: str, total: int | None, done: int) -> None:
        self.starts.append((name, total, done))

    def advance(self, count: int) -> None:
        self.bytes += count

    def say(self, sentence: str) -> None:
        self.sentences.append(sentence)


@pytest.fixture
def part(tmp_path: Path) -> Part:
    return Part(tmp_path / "weights.bin")


_WEB: dict[Patience, httpx2.Client] = {}
"""One client for all tests: reading the certificates takes longer than most of them."""


@pytest.fixture(scope="module", autouse=True)
def _closing() -> Iterator[None]:
    yield
    for one in _WEB.values():
        one.close()
    _WEB.clear()


def fetch(
    part: Part, *urls: str, wanted: ModelFile = PINNED, told: Told | None = None, patience: Patience = QUICK
) -> Verified:
    if patience not in _WEB:
        _WEB[patience] = client(patience)
    return Download(_WEB[patience], wanted, part, Hub("http://127.0.0.1:1"), told or Told(), patience).run(urls)


def left(part: Part) -> list[str]:
    return sorted(path.name for path in part.target.parent.iterdir())


@pytest.mark.parametrize("wanted", [PINNED, UNKNOWN], ids=["pinned", "unknown"])
def test_a_file_appears_whole(site: Site, part: Part, wanted: ModelFile) -> None:
    told = Told()
    found = fetch(part, site.put("/w", file(CONTENT)), wanted=wanted, told=told)
    assert part.target.read_bytes() == CONTENT
    assert (found.sha256, found.bytes) == (SHA256, len(CONTENT))
    assert found.holds_for(part.target)
    assert left(part) == ["weights.bin"]
    assert (told.starts, told.bytes) == ([("weights.bin", len(CONTENT), 0)], len(CONTENT))


def test_the_client_says_who_asks_and_wants_it_uncompressed(site: Site, part: Part) -> None:
    fetch(part, site.put("/w", file(CONTENT)))
    headers = site.asked[0][1]
    assert headers["User-Agent"].startswith("small-dataset-audio/")
    assert headers["Accept-Encoding"] == "identity"
    assert "Authorization" not in headers


@pytest.mark.parametrize("wanted", [PINNED, UNKNOWN], ids=["pinned", "unknown"])
def test_a_broken_connection_goes_on_where_it_stopped(site: Site, part: Part, wanted: ModelFile) -> None:
    told = Told()
    fetch(
        part,
        site.put("/w", breaks_off(CONTENT, 1000), breaks_off(CONTENT, 5000), file(CONTENT)),
        wanted=wanted,
        told=told,
    )
    assert part.target.read_bytes() == CONTENT
    assert site.ranges("/w") == ["", "bytes=1000-", "bytes=6000-"]
    assert [headers.get("If-Range") for _, headers in site.asked] == [None, '"1"', '"1"']
    assert told.bytes == len(CONTENT)
    assert "trying again" in told.sentences[0]


def test_a_second_run_goes_on_where_the_first_stopped(site: Site, part: Part) -> None:
    url = site.put("/w", breaks_off(CONTENT, 300_000), hangs_up)
    with pytest.raises(ModelError, match=r"weights\.bin could not be fetched"):
        fetch(part, url)
    assert left(part) == [".weights.bin.part", ".weights.bin.part.json"]
    assert part.size == 300_000
    site.put("/w", file(CONTENT))
    site.asked.clear()
    told = Told()
    fetch(part, url, told=told)
    assert part.target.read_bytes() == CONTENT
    assert told.starts == [("weights.bin", len(CONTENT), 300_000)]
    assert site.ranges("/w") == ["bytes=300000-"]


def test_silence_counts_as_a_broken_connection(site: Site, part: Part) -> None:
    url = site.put("/w", breaks_off(CONTENT, 1000, seconds=2), file(CONTENT))
    told = Told()
    fetch(part, url, told=told, patience=Patience(read=0.2, attempts=3, pause=0.01))
    assert part.target.read_bytes() == CONTENT
    assert "sends nothing any more" in told.sentences[0]


def test_a_file_that_changed_meanwhile_starts_again(site: Site, part: Part) -> None:
    other = CONTENT[::-1]
    fetch(part, site.put("/w", breaks_off(CONTENT, 1000), file(other, etag='"2"')), wanted=UNKNOWN)
    assert part.target.read_bytes() == other


@pytest.mark.parametrize("wanted", [PINNED, UNKNOWN], ids=["pinned", "unknown"])
def test_a_server_that_ignores_ranges_starts_again(site: Site, part: Part, wanted: ModelFile) -> None:
    fetch(part, site.put("/w", breaks_off(CONTENT, 1000), ignores_ranges(CONTENT)), wanted=wanted)
    assert part.target.read_bytes() == CONTENT


def test_without_a_validator_a_pinned_file_goes_on_and_an_unknown_one_starts_again(site: Site, part: Part) -> None:
    weak = 'W/"1"'
    for wanted, ranges in ((PINNED, ["", "bytes=1000-"]), (UNKNOWN, ["", ""])):
        fetch(part, site.put("/w", breaks_off(CONTENT, 1000, etag=weak), file(CONTENT, etag=weak)), wanted=wanted)
        assert part.target.read_bytes() == CONTENT
        assert site.ranges("/w") == ranges
        assert all("If-Range" not in headers for _, headers in site.asked)
        site.asked.clear()


def test_the_time_of_the_last_change_serves_as_a_validator(site: Site, part: Part) -> None:
    date = "Wed, 01 Jan 2025 00:00:00 GMT"
    begun = plain(CONTENT[:1000], "Content-Length", str(len(CONTENT)), "Last-Modified", date)
    fetch(part, site.put("/w", begun, file(CONTENT, etag=date)), wanted=UNKNOWN)
    assert part.target.read_bytes() == CONTENT
    assert site.asked[1][1]["If-Range"] == date


def test_another_address_goes_on_with_a_pinned_file(site: Site, part: Part) -> None:
    first = site.put("/a", breaks_off(CONTENT, 1000), status(404))
    fetch(part, first, site.put("/b", file(CONTENT)))
    assert site.ranges("/b") == ["bytes=1000-"]
    assert part.target.read_bytes() == CONTENT


def test_a_wrong_part_is_not_believed(site: Site, part: Part) -> None:
    wrong = plain(CONTENT[:500], "Content-Range", f"bytes 0-499/{len(CONTENT)}", "Content-Length", "500", code=206)
    fetch(part, site.put("/w", breaks_off(CONTENT, 1000), wrong, file(CONTENT)))
    assert site.ranges("/w") == ["", "bytes=1000-", ""]
    assert part.target.read_bytes() == CONTENT


def test_a_part_of_unknown_total(site: Site, part: Part) -> None:
    rest = plain(CONTENT[1000:], "Content-Range", f"bytes 1000-{len(CONTENT) - 1}/*", code=206)
    fetch(part, site.put("/w", breaks_off(CONTENT, 1000), rest))
    assert part.target.read_bytes() == CONTENT


def test_a_range_that_the_server_does_not_have(site: Site, part: Part) -> None:
    short = ModelFile("weights.bin", sha256=hashlib.sha256(b"short").hexdigest())
    part.begin(Origin(f"{site.address}/w", '"1"'))
    part.path.write_bytes(b"x" * 10)
    fetch(part, site.put("/w", file(b"short")), wanted=short)
    assert part.target.read_bytes() == b"short"
    assert site.ranges("/w") == ["bytes=10-", ""]


def test_a_part_that_was_already_all_of_it(site: Site, part: Part) -> None:
    part.begin(Origin(f"{site.address}/w", '"1"'))
    part.path.write_bytes(CONTENT)
    fetch(part, site.put("/w", file(CONTENT)), wanted=UNKNOWN)
    assert site.ranges("/w") == [f"bytes={len(CONTENT)}-"]
    site.asked.clear()
    part.begin(Origin("http://127.0.0.1:1/gone"))
    part.path.write_bytes(CONTENT)
    fetch(part, site.address)
    assert site.asked == []  # its size says that it is whole, its hash that it is right


def test_a_part_that_is_too_long_or_of_unknown_origin_starts_again(site: Site, part: Part) -> None:
    url = site.put("/w", file(CONTENT))
    part.begin(Origin(url, '"1"'))
    part.path.write_bytes(CONTENT + b"more")
    fetch(part, url)
    part.path.write_bytes(b"nobody knows")
    fetch(part, url)
    assert site.ranges("/w") == ["", ""]
    assert part.target.read_bytes() == CONTENT


def test_what_is_not_the_file_is_dropped_and_the_next_address_tried(site: Site, part: Part) -> None:
    lies = site.put("/lies", file(CONTENT[:-1] + b"!"))
    told = Told()
    fetch(part, lies, site.put("/true", file(CONTENT)), told=told)
    assert part.target.read_bytes() == CONTENT
    assert "what it sent is not the file" in told.sentences[0]


def test_a_lie_about_the_content_never_appears(site: Site, part: Part) -> None:
    with pytest.raises(ModelError) as caught:
        fetch(part, site.put("/lies", file(CONTENT[:-1] + b"!")))
    assert SHA256 in caught.value.why
    assert left(part) == []


@pytest.mark.parametrize(
    ("content", "says"),
    [
        (b"<html>", "has 6 bytes; it must have"),
        (CONTENT + b"x", f"has {len(CONTENT) + 1} bytes; it must have"),
    ],
)
def test_a_wrong_size_is_refused_before_anything_comes(site: Site, part: Part, content: bytes, says: str) -> None:
    with pytest.raises(ModelError, match=says):
        fetch(part, site.put("/w", file(content)))
    assert left(part) == []


def test_more_than_was_announced_is_refused(site: Site, part: Part) -> None:
    def chunked(handler: Handler) -> None:
        handler.start(200, {"Transfer-Encoding": "chunked"})
        for _ in range(3):
            handler.wfile.write(b"%x\r\n%b\r\n" % (len(CONTENT), CONTENT))
        handler.wfile.write(b"0\r\n\r\n")

    with pytest.raises(ModelError, match=f"sends more than the {len(CONTENT)} bytes"):
        fetch(part, site.put("/w", chunked))
    assert left(part) == []


def test_a_connection_that_ends_early_without_a_length(site: Site, part: Part) -> None:
    fetch(part, site.put("/w", plain(CONTENT[:1000]), file(CONTENT)))
    assert site.ranges("/w") == ["", "bytes=1000-"]
    assert part.target.read_bytes() == CONTENT


def test_an_unknown_file_of_unknown_size_is_refused(site: Site, part: Part) -> None:
    with pytest.raises(ModelError, match="says how large the file is"):
        fetch(part, site.put("/w", plain(CONTENT)), wanted=UNKNOWN)


def test_an_empty_file(site: Site, part: Part) -> None:
    fetch(part, site.put("/w", file(b"")), wanted=UNKNOWN)
    assert part.target.read_bytes() == b""


def test_a_web_page_in_place_of_an_unknown_file_is_refused(site: Site, part: Part) -> None:
    page = plain(b"<html>", "Content-Type", "text/html; charset=utf-8", "Content-Length", "6")
    with pytest.raises(ModelError, match="a web page instead of a file"):
        fetch(part, site.put("/w", page), wanted=UNKNOWN)


def test_compression_that_was_not_asked_for_is_refused(site: Site, part: Part) -> None:
    with pytest.raises(ModelError, match="compressed"):
        fetch(part, site.put("/w", file(CONTENT, Content_Encoding="gzip")))


@pytest.mark.parametrize("code", [401, 403, 404, 410, 418])
def test_a_refusal_is_told_with_its_address_and_not_repeated(site: Site, part: Part, code: int) -> None:
    url = site.put("/w", status(code))
    with pytest.raises(ModelError) as caught:
        fetch(part, url)
    assert f"{url}: the server answers HTTP {code}" in caught.value.why
    assert len(site.asked) == 1


@pytest.mark.parametrize("code", [429, 500, 502, 503, 504])
def test_trouble_that_passes_is_waited_for(site: Site, part: Part, code: int) -> None:
    fetch(part, site.put("/w", status(code), status(code), file(CONTENT)))
    assert part.target.read_bytes() == CONTENT
    assert len(site.asked) == 3


def test_trouble_that_does_not_pass_is_the_end(site: Site, part: Part) -> None:
    with pytest.raises(ModelError, match="HTTP 503"):
        fetch(part, site.put("/w", status(503)))
    assert len(site.asked) == QUICK.attempts


def test_the_pause_that_a_server_asks_for(site: Site, part: Part, monkeypatch: pytest.MonkeyPatch) -> None:
    slept: list[float] = []
    monkeypatch.setattr(time, "sleep", slept.append)
    patience = Patience(read=5, pause=0.5, longest_pause=60)
    fetch(part, site.put("/w", status(429, Retry_After="7"), status(503), file(CONTENT)), patience=patience)
    assert slept == [7.0, 1.0]
    with pytest.raises(ModelError, match="asks to wait 3600 seconds"):
        fetch(part, site.put("/w", status(429, Retry_After="3600")), patience=patience)
    assert slept == [7.0, 1.0]


def test_bytes_without_end_but_never_all_of_them(site: Site, part: Part, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(download, "_MOST_CONNECTIONS", 5)
    with pytest.raises(ModelError, match="broke off 5 times"):
        fetch(part, site.put("/w", breaks_off(CONTENT, 1)))
    assert part.size == 5


@pytest.mark.parametrize("behaviour", [hangs_up, says_nonsense])
def test_what_is_no_answer(site: Site, part: Part, behaviour: Behaviour) -> None:
    with pytest.raises(ModelError, match="broke off"):
        fetch(part, site.put("/w", behaviour))
    assert len(site.asked) == QUICK.attempts


def test_redirects_are_followed(site: Site, part: Part) -> None:
    end = site.put("/end", breaks_off(CONTENT, 1000), file(CONTENT))
    middle = site.put("/middle", leads_to(end, 307))
    fetch(part, site.put("/start", leads_to(middle)))
    assert part.target.read_bytes() == CONTENT
    assert site.ranges("/end") == ["", "bytes=1000-"]


def test_redirects_that_lead_nowhere(site: Site, part: Part) -> None:
    with pytest.raises(ModelError, match="without end"):
        fetch(part, site.put("/circle", leads_to("/circle")))
    with pytest.raises(ModelError, match=r"broke off|no address"):
        fetch(part, site.put("/w", leads_to("http://[::1")))
    with pytest.raises(ModelError, match="broke off"):
        fetch(part, site.put("/w", leads_to("ftp://127.0.0.1/file")))


def test_an_unknown_file_must_not_come_over_an_open_connection(
    site: Site, part: Part, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(download, "is_private", lambda url: "/end" not in url)
    start = site.put("/start", leads_to(site.put("/end", file(CONTENT))))
    with pytest.raises(ModelError, match="unprotected connection"):
        fetch(part, start, wanted=UNKNOWN)
    fetch(part, start)  # its hash tells
    assert part.target.read_bytes() == CONTENT


def test_nobody_listens(part: Part) -> None:
    with serving() as gone:
        url = f"{gone.address}/w"
    with pytest.raises(ModelError, match="cannot be reached"):
        fetch(part, url)


def test_a_server_that_does_not_answer_in_time(site: Site, part: Part) -> None:
    waiting = threading.Event()

    def wait(_: Handler) -> None:
        waiting.wait(10)

    url = site.put("/w", wait)
    with pytest.raises(ModelError, match="sends nothing any more"):
        fetch(part, url, patience=Patience(read=0.1, attempts=2, pause=0.01))
    waiting.set()


def test_trouble_in_words() -> None:
    assert trouble_words(httpx2.ConnectTimeout("")) == "the server cannot be reached in time"
    assert trouble_words(httpx2.ReadError("")) == "the connection broke off"
    assert trouble_words(httpx2.ReadError("reset")) == "the connection broke off (reset)"


def test_an_address_that_is_none(part: Part) -> None:
    with pytest.raises(ModelError, match="no address"):
        fetch(part, "http://a..b/file")


def test_the_beginning_of_another_file_is_found_out_in_the_end(site: Site, part: Part) -> None:
    part.begin(Origin("http://127.0.0.1:1/older"))
    part.path.write_bytes(b"an older version")
    fetch(part, site.put("/w", file(CONTENT)))
    assert site.ranges("/w") == ["bytes=16-", ""]
    assert part.target.read_bytes() == CONTENT


def test_a_token_does_not_follow_a_redirect_to_another_place(site: Site, part: Part) -> None:
    with serving() as elsewhere:
        start = site.put("/w", leads_to(elsewhere.put("/w", file(CONTENT))))
        with client(QUICK) as web:
            Download(web, PINNED, part, Hub(site.address, "secret"), Told(), QUICK).run([start])
        assert site.asked[0][1]["Authorization"] == "Bearer secret"
        assert "Authorization" not in elsewhere.asked[0][1]
        with client(QUICK) as web:  # nor is another place told it that a list of models names
            begun = Part(part.target.with_name("other"))
            Download(web, PINNED, begun, Hub(site.address, "secret"), Told(), QUICK).run([f"{elsewhere.address}/w"])
        assert "Authorization" not in elsewhere.asked[1][1]


def test_a_file_without_an_address(part: Part) -> None:
    with pytest.raises(ModelError, match="knows no address"):
        fetch(part)


def test_the_hash_that_the_hub_tells_is_believed(site: Site, part: Part) -> None:
    right = leads_to(site.put("/cdn", breaks_off(CONTENT, 1000), file(CONTENT)), X_Linked_Etag=f'"{SHA256}"')
    fetch(part, site.put("/hub", right), wanted=UNKNOWN)
    assert part.target.read_bytes() == CONTENT
    part.target.unlink()
    wrong = leads_to(site.put("/cdn", file(CONTENT)), X_Linked_Etag=f'"{"0" * 64}"')
    with pytest.raises(ModelError, match="what it sent is not the file"):
        fetch(part, site.put("/hub", wrong), wanted=UNKNOWN)
    assert left(part) == []


def test_a_full_disk_keeps_what_came(site: Site, part: Part, monkeypatch: pytest.MonkeyPatch) -> None:
    import resource

    url = site.put("/w", file(CONTENT))
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    try:
        resource.setrlimit(resource.RLIMIT_FSIZE, (500_000, hard))
        with pytest.raises(StoreError, match="Could not write"):
            fetch(part, url)
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))
    assert 0 < part.size <= 500_000
    fetch(part, url)
    assert part.target.read_bytes() == CONTENT


def test_ctrl_c_keeps_what_came(site: Site, part: Part) -> None:
    class Impatient(Told):
        def advance(self, count: int) -> None:
            raise KeyboardInterrupt

    url = site.put("/w", file(CONTENT))
    with pytest.raises(KeyboardInterrupt):
        fetch(part, url, told=Impatient())
    assert part.size > 0
    fetch(part, url)
    assert site.ranges("/w")[1].startswith("bytes=")
    assert part.target.read_bytes() == CONTENT


@pytest.mark.parametrize("variable", ["HTTPS_PROXY", "ALL_PROXY"])
def test_a_proxy_that_is_none(monkeypatch: pytest.MonkeyPatch, variable: str) -> None:
    monkeypatch.setenv(variable, "gopher://[nowhere")
    with pytest.raises(ModelError, match="proxy"):
        client(QUICK)


def test_certificates_that_cannot_be_read(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    def refuse(**_: object) -> None:
        raise ssl.SSLError("no certificates")

    monkeypatch.setattr(httpx2, "Client", refuse)
    with pytest.raises(ModelError, match="no certificates"):
        client(QUICK)
