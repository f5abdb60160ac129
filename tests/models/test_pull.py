"""Bringing weights here: sources, licences, locks, room, and what stays when it goes wrong."""

import hashlib
import json
import os
import resource
import shutil
import signal as signals
import subprocess
import sys
import threading
import time
from collections.abc import Mapping
from pathlib import Path

import pytest

from small_dataset_audio.errors import MissingWeights, ModelError, StoreError, UsageError
from small_dataset_audio.locks import folder_lock
from small_dataset_audio.models import importing, record
from small_dataset_audio.models import pull as pulling
from small_dataset_audio.models.download import Patience
from small_dataset_audio.models.hub import Hub
from small_dataset_audio.models.pull import Pulled, Silent, Sources, must_accept, pull, terms
from small_dataset_audio.models.registry import CommercialUse, Model, ModelFile
from small_dataset_audio.models.store import Store
from support.http_server import Behaviour, Site, breaks_off, file, hangs_up, plain, serving, status

ONE = b"one" * 100_000
TWO = b"two" * 50_000
QUICK = Patience(connect=5, read=5, attempts=2, pause=0.01)
COMMIT = "c" * 40


class Told(Silent):
    def __init__(self) -> None:
        self.sentences: list[str] = []

    def say(self, sentence: str) -> None:
        self.sentences.append(sentence)


def sha256(content: bytes) -> str:
    return hashlib.sha256(content).hexdigest()


def made(*files: ModelFile, use: CommercialUse = "yes", hub: str | None = None) -> Model:
    return Model("net", "test", "A test.", files, "CC BY-NC 4.0", use, "Not for sale.", hub=hub)


def pinned(site: Site, name: str, content: bytes) -> ModelFile:
    return ModelFile(name, (f"{site.address}/{name}",), sha256(content), len(content))


@pytest.fixture
def store(tmp_path: Path) -> Store:
    return Store(tmp_path / "models")


@pytest.fixture
def model(site: Site) -> Model:
    site.put("/one.bin", file(ONE))
    site.put("/two.bin", file(TWO))
    return made(pinned(site, "one.bin", ONE), pinned(site, "two.bin", TWO))


def get(model: Model, store: Store, told: Told | None = None, *, yes: bool = False, **sources: object) -> Pulled:
    chosen = Sources(**sources)  # type: ignore[arg-type]
    return pull(model, store, accept_licence=yes, sources=chosen, progress=told, patience=QUICK)


def names(folder: Path) -> list[str]:
    return sorted(path.name for path in folder.iterdir())


def test_all_files_come_and_are_noted(model: Model, store: Store) -> None:
    pulled = get(model, store)
    assert (pulled.fetched, pulled.unpinned) == (("one.bin", "two.bin"), {})
    assert names(pulled.folder) == [record.RECORD_NAME, "one.bin", "two.bin"]
    assert store.require(model) == pulled.folder
    known = store.record(model)
    assert known.complete
    assert known.licence == "CC BY-NC 4.0"


def test_a_second_pull_does_nothing(site: Site, model: Model, store: Store) -> None:
    get(model, store)
    before = {path: path.stat().st_mtime_ns for path in store.home(model).iterdir()}
    site.asked.clear()
    assert get(model, store).fetched == ()
    assert site.asked == []
    assert {path: path.stat().st_mtime_ns for path in store.home(model).iterdir()} == before


def test_only_what_is_missing_or_damaged_comes(site: Site, model: Model, store: Store) -> None:
    get(model, store)
    store.path(model, "two.bin").write_bytes(TWO[:-1] + b"!")
    site.asked.clear()
    assert get(model, store).fetched == ("two.bin",)
    store.path(model, "one.bin").unlink()
    assert get(model, store).fetched == ("one.bin",)
    assert [path for path, _ in site.asked] == ["/two.bin", "/one.bin"]
    assert store.path(model, "two.bin").read_bytes() == TWO


def test_files_laid_there_by_hand_are_used_if_they_are_right(site: Site, model: Model, store: Store) -> None:
    store.home(model).mkdir(parents=True)
    store.path(model, "one.bin").write_bytes(ONE)
    assert get(model, store).fetched == ("two.bin",)
    assert store.require(model) == store.home(model)


def test_a_pull_that_failed_goes_on_where_it_stopped(site: Site, model: Model, store: Store) -> None:
    site.put("/two.bin", breaks_off(TWO, 1000), hangs_up)
    with pytest.raises(ModelError, match=r"two\.bin could not be fetched"):
        get(model, store)
    assert not store.record(model).complete
    assert [one.name for one in store.missing(model)] == ["two.bin"]
    with pytest.raises(MissingWeights, match="not installed"):
        store.require(model)
    site.put("/two.bin", file(TWO))
    site.asked.clear()
    assert get(model, store).fetched == ("two.bin",)
    assert site.ranges("/two.bin") == ["bytes=1000-"]


def test_a_licence_that_restricts_must_be_accepted_once(site: Site, store: Store) -> None:
    site.put("/one.bin", file(ONE))
    model = made(pinned(site, "one.bin", ONE), use="no")
    assert must_accept(model, store)
    with pytest.raises(UsageError) as caught:
        get(model, store)
    assert caught.value.why == terms(model) == "net: licence CC BY-NC 4.0. Not for sale."
    assert "--accept-licence" in caught.value.fix
    assert site.asked == []
    assert not store.home(model).exists()
    get(model, store, yes=True)
    store.path(model, "one.bin").unlink()
    assert not must_accept(model, store)
    assert get(model, store).fetched == ("one.bin",)
    store.path(model, "one.bin").unlink()
    changed = Model("net", "test", "A test.", model.files, "worse", "no", "Not at all.")
    with pytest.raises(UsageError, match="not accepted"):
        get(changed, store)


def test_offline_nothing_is_fetched_but_what_is_there_counts(site: Site, model: Model, store: Store) -> None:
    with pytest.raises(ModelError, match="cannot be fetched") as caught:
        get(model, store, offline=True)
    assert "--from DIR" in caught.value.fix
    assert site.asked == []
    get(model, store)
    assert get(model, store, offline=True).fetched == ()


def test_mirrors_are_tried_first_and_the_authors_last(site: Site, model: Model, store: Store) -> None:
    site.put("/mirror/net/one.bin", file(ONE))
    site.put("/mirror/net/two.bin", status(404))
    told = Told()
    get(model, store, told, mirrors=(f"{site.address}/mirror/",))
    assert [path for path, _ in site.asked] == ["/mirror/net/one.bin", "/mirror/net/two.bin", "/two.bin"]
    assert "trying the next address" in told.sentences[0]


def test_a_lying_mirror_does_no_harm(site: Site, model: Model, store: Store) -> None:
    site.put("/mirror/net/one.bin", file(ONE[::-1]))
    site.put("/mirror/net/two.bin", file(TWO))
    get(model, store, mirrors=(f"{site.address}/mirror",))
    assert store.path(model, "one.bin").read_bytes() == ONE


def test_what_nobody_knows_beforehand_is_noted_and_held_to(site: Site, store: Store) -> None:
    site.put("/one.bin", file(ONE))
    model = made(ModelFile("one.bin", (f"{site.address}/one.bin",)))
    assert get(model, store).unpinned == {"one.bin": sha256(ONE)}
    assert store.digest(model) == sha256(ONE)
    store.path(model, "one.bin").write_bytes(ONE[::-1])
    with pytest.raises(ModelError, match="when it came here"):
        store.require(model)
    site.put("/one.bin", file(TWO))
    assert get(model, store).unpinned == {"one.bin": sha256(TWO)}


@pytest.mark.parametrize("nested", [True, False])
def test_files_from_a_folder(
    site: Site, model: Model, store: Store, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, *, nested: bool
) -> None:
    monkeypatch.setattr(pulling, "client", None)  # a proxy that is wrong does no harm where there is no network
    source = tmp_path / "stick"
    folder = source / "net" if nested else source
    folder.mkdir(parents=True)
    (folder / "one.bin").write_bytes(ONE)
    (folder / "two.bin").write_bytes(TWO)
    assert get(model, store, folder=source, offline=True).fetched == ("one.bin", "two.bin")
    assert site.asked == []
    assert store.require(model) == store.home(model)
    assert (folder / "one.bin").read_bytes() == ONE


def test_a_folder_that_lacks_a_file_or_holds_another(model: Model, store: Store, tmp_path: Path) -> None:
    (tmp_path / "one.bin").write_bytes(ONE)
    with pytest.raises(MissingWeights, match=r"does not hold two\.bin"):
        get(model, store, folder=tmp_path)
    (tmp_path / "two.bin").write_bytes(TWO[::-1])
    with pytest.raises(ModelError, match="as it must be"):
        get(model, store, folder=tmp_path)
    assert names(store.home(model)) == [record.RECORD_NAME, "one.bin"]
    (tmp_path / "two.bin").write_bytes(TWO)
    assert get(model, store, folder=tmp_path).fetched == ("two.bin",)


def test_a_folder_that_cannot_be_read(
    model: Model, store: Store, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "one.bin").write_bytes(ONE)

    def refuse(_: Path) -> object:
        raise PermissionError(13, "Permission denied")

    monkeypatch.setattr(importing, "open_file", refuse)
    with pytest.raises(StoreError, match="Permission denied"):
        get(model, store, folder=tmp_path)


def test_too_little_room_is_told_before_anything_comes(
    site: Site, model: Model, store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    def usage(_: Path) -> object:
        return type("Usage", (), {"free": 400_000})

    monkeypatch.setattr(shutil, "disk_usage", usage)
    with pytest.raises(StoreError, match="no room") as caught:
        get(model, store)
    assert "0.5 MB must still come" in caught.value.why or "0 MB must still come" in caught.value.why
    assert site.asked == []


def test_room_that_cannot_be_asked_for(model: Model, store: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(_: Path) -> None:
        raise OSError(5, "Input/output error")

    monkeypatch.setattr(shutil, "disk_usage", refuse)
    with pytest.raises(StoreError, match="Input/output error"):
        get(model, store)


def test_what_is_there_of_a_file_needs_no_room(
    site: Site, model: Model, store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    site.put("/one.bin", breaks_off(ONE, 290_000), hangs_up)
    with pytest.raises(ModelError):
        get(model, store)
    site.put("/one.bin", file(ONE))
    monkeypatch.setattr(shutil, "disk_usage", lambda _: type("Usage", (), {"free": 200_000}))
    assert get(model, store).fetched == ("one.bin", "two.bin")


def test_a_disk_that_fills_up_meanwhile(site: Site, model: Model, store: Store) -> None:
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    try:
        resource.setrlimit(resource.RLIMIT_FSIZE, (200_000, hard))
        with pytest.raises(StoreError, match="Could not write"):
            get(model, store)
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))
    assert store.missing(model)
    assert get(model, store).fetched == ("one.bin", "two.bin")
    assert site.ranges("/one.bin")[1].startswith("bytes=")


def test_a_folder_that_cannot_be_made_or_written(model: Model, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "file").touch()
    with pytest.raises(StoreError, match="Could not create"):
        get(model, Store(tmp_path / "file"))

    def refuse(path: Path, mode: str = "r", *rest: object) -> object:
        raise OSError(30, "Read-only file system")

    monkeypatch.setattr(Path, "open", refuse)
    with pytest.raises(StoreError, match="mounted read-only"):
        get(model, Store(tmp_path / "models"))


def test_leftovers_of_crashed_writers_go(model: Model, store: Store) -> None:
    store.home(model).mkdir(parents=True)
    (store.home(model) / ".0123456789ab.sda-tmp").touch()
    get(model, store)
    assert names(store.home(model)) == [record.RECORD_NAME, "one.bin", "two.bin"]


def test_a_second_pull_waits_for_the_first_and_finds_all(site: Site, model: Model, store: Store) -> None:
    told = Told()
    done: list[Pulled] = []
    thread = threading.Thread(target=lambda: done.append(get(model, store, told)))
    store.home(model).mkdir(parents=True)
    with folder_lock(store.home(model)):
        thread.start()
        deadline = time.monotonic() + 30
        while not told.sentences and time.monotonic() < deadline:
            time.sleep(0.01)
        store.path(model, "one.bin").write_bytes(ONE)
        store.path(model, "two.bin").write_bytes(TWO)
    thread.join()
    assert told.sentences == ["Another sda process is pulling net: waiting for it."]
    assert done[0].fetched == ()
    assert site.asked == []


SCRIPT = """
import sys
from pathlib import Path
from small_dataset_audio.models.pull import pull
from small_dataset_audio.models.store import Store

store = Store(Path(sys.argv[1]), Path(sys.argv[2]))
print(len(pull(store.model("net"), store).fetched))
"""


def script(folder: Path, site: Site, content: bytes) -> list[str]:
    """Return the words of a process that pulls one file."""
    (folder / "own.toml").write_text(
        "[net]\ntask = 'test'\nsummary = 'A test.'\nlicence = 'MIT'\ncommercial_use = 'yes'\ncommercial = 'Yes.'\n"
        f"[[net.files]]\nname = 'one.bin'\nurls = ['{site.address}/one.bin']\nsha256 = '{sha256(content)}'\n"
    )
    return [sys.executable, "-c", SCRIPT, str(folder / "models"), str(folder / "own.toml")]


@pytest.mark.process
def test_two_processes_fetch_once(site: Site, tmp_path: Path) -> None:
    content = os.urandom(2_000_000)
    site.put("/one.bin", file(content))
    words = script(tmp_path, site, content)
    both = [subprocess.Popen(words, stdout=subprocess.PIPE, text=True) for _ in range(2)]
    said = sorted(process.communicate(timeout=120)[0].strip() for process in both)
    assert [process.returncode for process in both] == [0, 0]
    assert said == ["0", "1"]
    assert (tmp_path / "models" / "net" / "one.bin").read_bytes() == content
    assert len(site.asked) == 1


@pytest.mark.process
@pytest.mark.parametrize("signal", ["SIGINT", "SIGKILL"])
def test_a_process_that_is_ended_in_the_middle_leaves_what_the_next_one_needs(
    site: Site, tmp_path: Path, signal: str
) -> None:
    content = os.urandom(2_000_000)
    site.put("/one.bin", breaks_off(content, 1_000_000, seconds=60), file(content))
    words = script(tmp_path, site, content)
    process = subprocess.Popen(words, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True)
    part = tmp_path / "models" / "net" / ".one.bin.part"
    deadline = time.monotonic() + 60
    while not (part.exists() and part.stat().st_size > 900_000) and time.monotonic() < deadline:
        time.sleep(0.02)
    process.send_signal(signals.Signals[signal])
    process.communicate(timeout=60)
    assert process.returncode != 0
    assert names(tmp_path / "models" / "net") == [".one.bin.part", ".one.bin.part.json"]
    done = subprocess.run(words, capture_output=True, text=True, timeout=120, check=True)
    assert done.stdout.strip() == "1"
    assert site.ranges("/one.bin")[1].startswith("bytes=9") or site.ranges("/one.bin")[1] == "bytes=1000000-"
    assert (part.parent / "one.bin").read_bytes() == content


def listed(contents: Mapping[str, bytes], large: Mapping[str, bytes], commit: str = COMMIT) -> Behaviour:
    """Return how the hub lists a repository."""
    siblings = [{"rfilename": name, "size": len(one)} for name, one in contents.items()]
    siblings += [
        {"rfilename": name, "size": len(one), "lfs": {"sha256": sha256(one), "size": len(one)}}
        for name, one in large.items()
    ]
    text = json.dumps({"sha": commit, "siblings": siblings}).encode()
    return plain(text, "Content-Type", "application/json", "Content-Length", str(len(text)))


CONFIG = b'{"model_type": "x"}'
REPOSITORY = "someone/net-hf"


def on_hub(site: Site, config: bytes = CONFIG, commit: str = COMMIT) -> Hub:
    contents = {"config.json": config, "README.md": b"hello", "code.py": b"import os", ".gitattributes": b""}
    large = {"model.safetensors": ONE, "pytorch_model.bin": TWO, "sub/model.safetensors": TWO}
    site.put(f"/api/models/{REPOSITORY}/revision/main", listed(contents, large, commit))
    site.put(f"/{REPOSITORY}/resolve/{commit}/config.json", file(config))
    site.put(f"/{REPOSITORY}/resolve/{commit}/model.safetensors", file(ONE))
    return Hub(site.address)


def test_a_repository_of_the_hub_comes_as_data_only(site: Site, store: Store) -> None:
    model = made(hub=REPOSITORY)
    assert [one.name for one in store.missing(model)] == [REPOSITORY]
    assert store.digest(model) is None
    told = Told()
    pulled = get(model, store, told, hub=on_hub(site))
    assert pulled.fetched == ("config.json", "model.safetensors")
    assert pulled.unpinned == {"config.json": sha256(CONFIG)}
    assert told.sentences == [f"Asking the hub what {REPOSITORY} holds."]
    assert names(store.home(model)) == [record.RECORD_NAME, "config.json", "model.safetensors"]
    assert store.record(model).commit == COMMIT
    assert store.require(model) == store.home(model)
    assert len(str(store.digest(model))) == 64
    site.asked.clear()
    assert get(model, store, offline=True).fetched == ()
    assert site.asked == []


def test_a_repository_that_was_fetched_half_is_not_installed(site: Site, store: Store) -> None:
    model = made(hub=REPOSITORY)
    hub = on_hub(site)
    site.put(f"/{REPOSITORY}/resolve/{COMMIT}/model.safetensors", status(404))
    with pytest.raises(ModelError, match="could not be fetched"):
        get(model, store, hub=hub)
    with pytest.raises(MissingWeights, match=f"all files of {REPOSITORY}"):
        store.require(model)
    assert get(model, store, hub=on_hub(site)).fetched == ("model.safetensors",)
    assert store.require(model) == store.home(model)


def test_a_repository_that_moved_on_is_fetched_in_its_new_state(site: Site, store: Store) -> None:
    model = made(hub=REPOSITORY)
    get(model, store, hub=on_hub(site))
    store.path(model, "model.safetensors").unlink()
    new = on_hub(site, config=b'{"model_type": "y"}', commit="d" * 40)
    assert get(model, store, hub=new).fetched == ("config.json", "model.safetensors")
    assert store.record(model).commit == "d" * 40


def test_a_repository_from_a_folder(site: Site, store: Store, tmp_path: Path) -> None:
    model = made(hub=REPOSITORY)
    source = tmp_path / "snapshot"
    with pytest.raises(MissingWeights, match="does not hold net"):
        get(model, store, folder=source)
    source.mkdir()
    for name, content in (("config.json", CONFIG), ("model.safetensors", ONE), ("evil.py", b"import os")):
        (source / name).write_bytes(content)
    pulled = get(model, store, folder=source, offline=True)
    assert pulled.fetched == ("config.json", "model.safetensors")
    assert set(pulled.unpinned) == set(pulled.fetched)
    assert site.asked == []
    assert store.require(model) == store.home(model)


def test_a_folder_that_cannot_be_listed(store: Store, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(path: Path) -> None:
        raise PermissionError(13, "Permission denied")

    monkeypatch.setattr(Path, "iterdir", refuse)
    with pytest.raises(StoreError, match="Permission denied"):
        get(made(hub=REPOSITORY), store, folder=tmp_path)


def test_a_hub_that_cannot_be_reached(store: Store) -> None:
    with serving() as gone:
        hub = Hub(gone.address)
    with pytest.raises(ModelError, match="cannot be reached"):
        get(made(hub=REPOSITORY), store, hub=hub)
