import json
import time
from collections.abc import Callable

import numpy as np
import pytest

from small_dataset_audio.errors import ModelError
from small_dataset_audio.models.captioning.chat import Answer, Chat, ServerLost, Sound
from small_dataset_audio.models.captioning.listening import RATE, as_flac
from support.caption_server import Reply, completion, serving
from support.signals import tone

NOISE = Sound(as_flac(tone(0.5, RATE)[0]))


def asking(reply: Callable[[int], Reply], patience: float = 20.0) -> Answer:
    with serving(reply) as (address, _):
        return Chat(address, patience=patience, pause=0.01).ask("What is it?", NOISE, 64)


def test_the_sound_and_the_question_arrive_and_the_answer_comes_back() -> None:
    with serving(lambda _: "A tone.") as (address, asked):
        answer = Chat(address, model="flamingo", key="secret", temperature=0.5).ask("What is it?", NOISE, 64)
        plain = Chat(address).ask("And now?", None, 8)
    assert answer == plain == Answer("A tone.", complete=True)
    assert asked[0]["path"] == "/v1/chat/completions"
    assert asked[0]["headers"]["Authorization"] == "Bearer secret"
    assert (asked[0]["model"], asked[0]["max_tokens"], asked[0]["temperature"]) == ("flamingo", 64, 0.5)
    assert asked[0]["seed"] == 0
    assert asked.question(0) == "What is it?"
    samples, rate = asked.sound(0)
    assert (rate, samples.shape[0]) == (RATE, RATE // 2)
    assert np.abs(samples - tone(0.5, RATE)[0]).max() < 2 / 32768
    assert not asked.has_sound(1)
    assert "model" not in asked[1]
    assert "Authorization" not in asked[1]["headers"]


def test_an_answer_that_was_cut_off_says_so() -> None:
    assert asking(lambda _: (200, completion("A to", finish="length"))) == Answer("A to", complete=False)


@pytest.mark.parametrize("status", [429, 500, 503])
def test_a_server_that_is_busy_or_fails_is_asked_again(status: int) -> None:
    assert asking(lambda number: (status, b"busy") if number < 2 else "A tone.").text == "A tone."


def test_what_a_server_says_of_its_error_is_told_as_a_sentence() -> None:
    deaf = b'{"error": {"code": 500, "message": "audio input is not supported", "type": "server_error"}}'
    with pytest.raises(ModelError) as caught, serving(lambda _: (500, deaf)) as (address, asked):
        Chat(address).ask("What is it?", NOISE, 64)
    assert caught.value.why == "It said: audio input is not supported"
    assert "--mmproj" in caught.value.fix
    assert len(asked) == 1
    long = b'{"error": {"message": "request (9 tokens) exceeds the available context size (8 tokens)"}}'
    with pytest.raises(ModelError, match="error 400") as caught, serving(lambda _: (400, long)) as (address, _):
        Chat(address).ask("What is it?", NOISE, 64)
    assert "--ctx-size" in caught.value.fix


@pytest.mark.parametrize("said", ['{"error": "no"}', '{"error": {"message": 3}}'])
def test_any_other_error_is_told_as_it_came(said: str) -> None:
    with pytest.raises(ModelError) as caught, serving(lambda _: (418, said.encode())) as (address, _):
        Chat(address).ask("What is it?", NOISE, 64)
    assert caught.value.why == f"It said: {said}"


def test_a_proxy_is_passed_by_for_a_server_on_this_machine(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("NO_PROXY", raising=False)
    monkeypatch.delenv("no_proxy", raising=False)
    monkeypatch.setenv("HTTP_PROXY", "http://127.0.0.1:9")
    with serving(lambda _: "A tone.") as (address, _):
        assert Chat(address, direct=True).ask("What is it?", NOISE, 64).text == "A tone."
        with pytest.raises(ServerLost):
            Chat(address).ask("What is it?", NOISE, 64)


def test_it_is_not_asked_for_ever() -> None:
    with (
        pytest.raises(ModelError, match="error 500") as caught,
        serving(lambda _: (500, b"broken " * 100)) as (address, asked),
    ):
        Chat(address, pause=0.001).ask("What is it?", NOISE, 64)
    assert len(asked) == 3
    assert len(caught.value.why) < 400


@pytest.mark.parametrize(
    ("status", "fix"),
    [(400, "take no sound"), (401, "SDA_CAPTIONS_KEY"), (404, "/v1"), (413, "too long"), (418, "log")],
)
def test_a_refusal_is_not_repeated_and_says_what_to_do(status: int, fix: str) -> None:
    with pytest.raises(ModelError) as caught, serving(lambda _: (status, b"no")) as (address, asked):
        Chat(address).ask("What is it?", NOISE, 64)
    assert len(asked) == 1
    assert fix in caught.value.fix


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"<html>",
        b"[]",
        b"{}",
        b'{"choices": []}',
        b'{"choices": [{"message": {"content": null}}]}',
        b'{"choices": [3]}',
    ],
)
def test_what_is_no_answer_is_told(body: bytes) -> None:
    with pytest.raises(ModelError, match="does not speak the protocol"):
        asking(lambda _: (200, body))


def test_a_server_that_breaks_off_or_is_not_there_is_lost() -> None:
    with pytest.raises(ServerLost, match="not there") as caught:
        asking(lambda _: None)
    assert "in the middle" in caught.value.why
    with pytest.raises(ServerLost) as caught:
        Chat("http://127.0.0.1:9/v1").ask("What is it?", None, 8)
    assert "cannot be reached" in caught.value.why
    with pytest.raises(ServerLost) as caught:
        Chat("nonsense://x").ask("What is it?", None, 8)
    assert "no address" in caught.value.why


def test_a_server_that_stalls_is_given_up() -> None:
    def stall(_: int) -> Reply:
        time.sleep(1.0)
        return "Too late."

    with pytest.raises(ModelError, match="too long"):
        asking(stall, patience=0.2)


def test_the_sound_is_one_that_json_can_carry() -> None:
    part = json.loads(json.dumps(NOISE.as_part()))
    assert part["type"] == "input_audio"
    assert part["input_audio"]["format"] == "flac"
