"""The hub: its listings, and what goes to it."""

import json
from typing import Any

import httpx2
import pytest

from small_dataset_audio.errors import ConfigError, ModelError
from small_dataset_audio.models.hub import Hub, Listing, is_data
from small_dataset_audio.models.registry import ModelFile
from support.http_server import Site, plain, status

COMMIT = "a" * 40
HASH = "b" * 64
PATH = "/api/models/someone/net/revision/main"
WHOLE: dict[str, Any] = {
    "sha": COMMIT,
    "siblings": [
        {"rfilename": "config.json", "size": 3},
        {"rfilename": "model.safetensors", "size": 130, "lfs": {"sha256": HASH, "size": 9}},
        {"rfilename": "tokenizer.json"},
        {"rfilename": "modeling_net.py", "size": 3},
    ],
}


def ask(site: Site, document: object, token: str = "") -> Listing:
    text = document if isinstance(document, bytes) else json.dumps(document).encode()
    site.put(PATH, plain(text, "Content-Type", "application/json", "Content-Length", str(len(text))))
    with httpx2.Client() as web:
        return Hub(site.address, token).listing(web, "someone/net", "main")


def test_a_listing(site: Site) -> None:
    listing = ask(site, WHOLE)
    base = f"{site.address}/someone/net/resolve/{COMMIT}"
    assert listing.commit == COMMIT
    assert listing.files == (
        ModelFile("config.json", (f"{base}/config.json",), None, 3),
        ModelFile("model.safetensors", (f"{base}/model.safetensors",), HASH, 9),
        ModelFile("tokenizer.json", (f"{base}/tokenizer.json",), None, None),
    )
    assert site.asked[0][0] == f"{PATH}?blobs=true"


@pytest.mark.parametrize(
    "document",
    [b"<html>", [], {}, {"sha": COMMIT}, {"sha": "main", "siblings": []}, {"sha": COMMIT, "siblings": [3]},
     {"sha": COMMIT, "siblings": [{"rfilename": "a.json", "size": "many"}]},
     {"sha": COMMIT, "siblings": [{"rfilename": "a.json", "size": -1}]},
     {"sha": COMMIT, "siblings": [{"rfilename": "a.json", "lfs": {"sha256": "short", "size": 1}}]},
     {"sha": COMMIT, "siblings": [{"rfilename": "a.json", "lfs": 3}]},
     {"sha": COMMIT, "siblings": [{"rfilename": "config.json"}, {"rfilename": "pytorch_model.bin"}]}],
)  # fmt: skip
def test_an_answer_that_is_no_listing(site: Site, document: object) -> None:
    with pytest.raises(ModelError, match="cannot be understood"):
        ask(site, document)


@pytest.mark.parametrize(("code", "says"), [(401, "conditions"), (403, "conditions"), (404, "404"), (500, "500")])
def test_a_refusal(site: Site, code: int, says: str) -> None:
    site.put(PATH, status(code))
    with httpx2.Client() as web, pytest.raises(ModelError, match=says):
        Hub(site.address).listing(web, "someone/net", "main")


def test_the_token_goes_to_the_hub_only(site: Site) -> None:
    ask(site, WHOLE, token="secret")
    assert site.asked[0][1]["Authorization"] == "Bearer secret"
    hub = Hub(token="secret")
    assert hub.headers("https://huggingface.co/a/b/resolve/main/c") == {"Authorization": "Bearer secret"}
    assert hub.headers("http://huggingface.co/a") == {}
    assert hub.headers("https://huggingface.co.example.org/a") == {}
    assert hub.headers("https://cloud.cp.jku.at/a") == {}
    assert Hub().headers("https://huggingface.co/a") == {}


def test_the_environment() -> None:
    assert Hub.of({}) == Hub("https://huggingface.co", "")
    assert Hub.of({"HF_ENDPOINT": " https://mirror.example.org/ ", "HF_TOKEN": "x"}) == Hub(
        "https://mirror.example.org", "x"
    )
    assert Hub.of().endpoint.startswith("http")
    for wrong in ("mirror.example.org", "http://[::1", "ftp://example.org", "https://a..b"):
        with pytest.raises(ConfigError, match="HF_ENDPOINT"):
            Hub.of({"HF_ENDPOINT": wrong})


def test_addresses_of_the_hub_are_led_to_its_mirror() -> None:
    hub = Hub("https://mirror.example.org")
    assert hub.address("https://huggingface.co/a/b") == "https://mirror.example.org/a/b"
    assert hub.address("https://huggingface.com/a/b") == "https://huggingface.com/a/b"
    assert Hub().address("https://huggingface.co/a/b") == "https://huggingface.co/a/b"


@pytest.mark.parametrize(
    ("name", "taken"),
    [("model-00001-of-00004.safetensors", True), ("chat_template.jinja", True), ("tokenizer.model", True), ("merges.txt", True),
     ("pytorch_model.bin", False), ("modeling.py", False), (".gitattributes", False), ("a/b.json", False), ("../a.json", False),
     ("README.md", False), ("x.pkl", False)],
)  # fmt: skip
def test_only_data_is_taken(name: str, *, taken: bool) -> None:
    assert is_data(name) is taken
