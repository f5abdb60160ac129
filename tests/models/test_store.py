"""What is on the disk, what was verified, and what may be used."""

import hashlib
import json
import os
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from small_dataset_audio.config.load import load_settings
from small_dataset_audio.errors import MissingWeights, ModelError, StoreError, UsageError
from small_dataset_audio.models import record
from small_dataset_audio.models.overview import entry
from small_dataset_audio.models.pull import Silent
from small_dataset_audio.models.record import Record, Verified
from small_dataset_audio.models.registry import Model, ModelFile, models
from small_dataset_audio.models.store import Store
from small_dataset_audio.models.verify import verify
from support.tiny_models import tiny_store

CONTENT = b"weights"
SHA256 = hashlib.sha256(CONTENT).hexdigest()
PINNED = ModelFile("a.bin", sha256=SHA256, bytes=len(CONTENT))
UNKNOWN = ModelFile("b.bin")


def made(*files: ModelFile, hub: str | None = None) -> Model:
    return Model("net", "test", "A test.", files, "MIT", "yes", "You may.", hub=hub)


@pytest.fixture
def store(tmp_path: Path) -> Store:
    return Store(tmp_path)


def lay(store: Store, name: str, content: bytes = CONTENT) -> Path:
    path = store.path("net", name)
    path.parent.mkdir(exist_ok=True)
    path.write_bytes(content)
    return path


def test_the_store_of_the_settings(tmp_path: Path) -> None:
    settings = load_settings(environ={"SDA_PATHS_MODELS": "m", "SDA_MODELS_REGISTRY": "own.toml"}, cwd=tmp_path)
    assert Store.of(settings.settings) == Store(tmp_path / "m", tmp_path / "own.toml")
    assert Store.of(load_settings(environ={}, cwd=tmp_path).settings).own is None


def test_names_and_models_and_tasks(store: Store) -> None:
    assert store.model("beat_this") == store.model(store.model("beat_this"))
    assert store.home("beat_this") == store.home(store.model("beat_this")) == store.folder / "beat_this"
    assert [one.name for one in store.choose(["labels"])] == [
        one.name for one in models().values() if one.task == "labels"
    ]
    assert [one.name for one in store.choose(["drumsep", "htdemucs", "drumsep"])] == ["htdemucs", "drumsep"]
    with pytest.raises(UsageError, match="beat_this"):
        store.choose(["htdemucs", "beat-this"])


def test_nothing_is_there(store: Store) -> None:
    model = made(PINNED, UNKNOWN)
    assert store.missing(model) == (PINNED, UNKNOWN)
    assert store.digest(model) is None
    with pytest.raises(MissingWeights) as caught:
        store.require(model)
    assert f"{store.folder / 'net'} does not hold a.bin, b.bin" in caught.value.why
    assert "sda models pull net --from DIR" in caught.value.fix
    with pytest.raises(MissingWeights):
        store.verified(model, PINNED, None)


def test_the_size_is_looked_at(store: Store) -> None:
    lay(store, "a.bin", CONTENT[:-1])
    assert store.missing(made(PINNED)) == (PINNED,)
    lay(store, "a.bin")
    assert store.missing(made(PINNED)) == ()
    assert store.missing(made(ModelFile("a.bin"))) == ()


def test_a_folder_in_place_of_a_file_or_of_nothing_readable(store: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    (store.folder / "net" / "a.bin").mkdir(parents=True)
    assert store.missing(made(PINNED)) == (PINNED,)
    (store.folder / "other").touch()
    assert Store(store.folder / "other").missing(made(PINNED)) == (PINNED,)
    monkeypatch.setattr(Path, "is_file", lambda path: (path / "not" / "there").lstat())
    assert store.missing(made(PINNED)) == (PINNED,)


def test_pinned_weights_are_verified_when_they_are_first_used(store: Store) -> None:
    model = made(PINNED)
    lay(store, "a.bin")
    assert store.digest(model) == SHA256
    assert store.require(model) == store.folder / "net"
    assert store.record(model).files["a.bin"].sha256 == SHA256
    assert store.record(model).complete


def test_weights_that_are_something_else_are_refused(store: Store) -> None:
    lay(store, "a.bin", CONTENT[::-1])
    with pytest.raises(ModelError, match="the registry says") as caught:
        store.require(made(PINNED))
    assert SHA256 in caught.value.why
    assert not isinstance(caught.value, MissingWeights)


def test_weights_that_nobody_knows_are_refused_until_they_are_trusted(store: Store) -> None:
    model = made(UNKNOWN)
    lay(store, "b.bin")
    assert store.digest(model) is None
    with pytest.raises(MissingWeights, match="never verified") as caught:
        store.require(model)
    assert "sda models verify net" in caught.value.fix
    assert [file.state for file in verify(model, store).files] == ["trusted"]
    assert [file.state for file in verify(model, store).files] == ["right"]
    store.require(model)
    assert store.digest(model) == SHA256


def test_a_file_is_read_again_only_if_it_looks_changed(store: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    model = made(PINNED)
    path = lay(store, "a.bin")
    store.require(model)
    read: list[Path] = []
    real = record.examine

    def examine(path: Path) -> Verified:
        read.append(path)
        return real(path)

    monkeypatch.setattr(record, "examine", examine)
    store.require(model)
    assert read == []
    os.utime(path, ns=(1, 1))
    store.require(model)
    store.require(model)
    assert read == [path]


def test_a_change_after_verification_is_noticed(store: Store) -> None:
    model = made(UNKNOWN)
    path = lay(store, "b.bin")
    verify(model, store)
    path.write_bytes(CONTENT + b"!")
    os.utime(path, ns=(1, 1))
    with pytest.raises(ModelError, match="when it came here, it was"):
        store.require(model)


def test_a_read_only_folder_is_good_enough(store: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(folder: Path, known: Record) -> None:
        raise StoreError("Could not write.", "Read-only.", "None.")

    lay(store, "a.bin")
    monkeypatch.setattr(record, "write", refuse)
    assert store.require(made(PINNED)) == store.folder / "net"


def test_several_files_have_one_hash_of_their_own(store: Store) -> None:
    model = made(PINNED, UNKNOWN)
    lay(store, "a.bin")
    lay(store, "b.bin", b"other")
    assert store.digest(model) is None
    verify(model, store)
    first = store.digest(model)
    assert first is not None
    assert first not in {SHA256, hashlib.sha256(b"other").hexdigest()}
    assert store.digest(made(UNKNOWN, PINNED)) == first
    lay(store, "b.bin", b"third")
    (store.folder / "net" / record.RECORD_NAME).unlink()
    verify(model, store)
    assert store.digest(model) not in {first, None}


def test_a_repository_of_the_hub_laid_there_by_hand(store: Store) -> None:
    model = made(hub="someone/net")
    assert [file.state for file in verify(model, store).files] == ["missing"]
    lay(store, "config.json")
    assert [(file.name, file.state) for file in verify(model, store).files] == [("someone/net", "missing")]
    lay(store, "model.safetensors")
    lay(store, "code.py")
    found = verify(model, store)
    assert [(file.name, file.state) for file in found.files] == [
        ("config.json", "trusted"),
        ("model.safetensors", "trusted"),
    ]
    assert store.require(model) == store.home(model)
    store.path(model, "config.json").unlink()
    assert [file.name for file in store.missing(model)] == ["config.json"]
    assert [file.state for file in verify(model, store).files] == ["missing", "right"]
    assert not store.record(model).complete


def test_verifying_reads_every_byte(store: Store) -> None:
    model = made(PINNED, UNKNOWN)
    path = lay(store, "a.bin")

    class Told(Silent):
        def start(self, name: str, total: int | None, done: int) -> None:
            told.append((name, total, done))

        def advance(self, count: int) -> None:
            told.append(count)

    told: list[object] = []
    assert [file.state for file in verify(model, store, Told()).files] == ["right", "missing"]
    assert told == [("a.bin", len(CONTENT), 0), len(CONTENT)]
    facts = path.stat()
    path.write_bytes(CONTENT[::-1])
    os.utime(path, ns=(facts.st_atime_ns, facts.st_mtime_ns))
    found = verify(model, store)
    assert [file.state for file in found.files] == ["wrong", "missing"]
    assert not found.ok
    assert found.as_dict()["files"][0] == {
        "name": "a.bin",
        "state": "wrong",
        "sha256": hashlib.sha256(CONTENT[::-1]).hexdigest(),
    }


def test_a_file_that_cannot_be_read(store: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    lay(store, "a.bin")

    def refuse(*_: object) -> None:
        raise PermissionError(13, "Permission denied")

    monkeypatch.setattr(record, "open_file", refuse)
    with pytest.raises(StoreError, match="Permission denied"):
        store.require(made(PINNED))


def test_records_come_back(tmp_path: Path) -> None:
    whole = Record({"a.bin": Verified(SHA256, 7, 1)}, complete=True, commit="c" * 40, licence="MIT")
    record.write(tmp_path, whole)
    assert record.read(tmp_path) == whole
    record.write(tmp_path, Record())
    assert record.read(tmp_path) == Record()


@pytest.mark.parametrize(
    "text",
    ["", "{", "[]", "3", '{"format": 2, "files": {}}', '{"format": 1}', '{"format": 1, "files": [], "complete": true}',
     '{"format": 1, "files": {"a": {"sha256": "x", "bytes": "many", "mtime_ns": 1}}, "complete": true}', "[" * 100_000],
)  # fmt: skip
def test_a_record_that_cannot_be_read_counts_as_none(tmp_path: Path, text: str) -> None:
    (tmp_path / record.RECORD_NAME).write_text(text)
    assert record.read(tmp_path) == Record()


@given(st.recursive(st.none() | st.integers() | st.text(max_size=5), lambda i: st.lists(i) | st.dictionaries(st.sampled_from(["format", "files", "complete", "sha256", "bytes", "mtime_ns", "a"]), i)))  # fmt: skip
def test_any_record_is_read_without_a_fault(tmp_path_factory: pytest.TempPathFactory, document: object) -> None:
    folder = tmp_path_factory.getbasetemp()
    (folder / record.RECORD_NAME).write_text(json.dumps(document))
    record.read(folder)


def test_the_overview(store: Store) -> None:
    model = made(PINNED, UNKNOWN)
    assert entry(model, store).installed == "no"
    lay(store, "a.bin")
    assert entry(model, store).installed == "partly"
    lay(store, "b.bin")
    whole = entry(model, store)
    assert whole.installed == "yes"
    assert whole.as_dict()["folder"] == str(store.folder / "net")


def test_tiny_stand_ins_count_as_installed(tmp_path: Path) -> None:
    source = tmp_path / "source.bin"
    source.write_bytes(CONTENT)
    store = tiny_store(tmp_path, {"beat_this": {"final0.ckpt": source}, "net": {"a.bin": b"x"}})
    assert store.require("beat_this") == store.folder / "beat_this"
    assert store.digest("beat_this") == SHA256
    assert store.model("beat_this").extra == "beats"
    assert store.model("net").task == "test"
