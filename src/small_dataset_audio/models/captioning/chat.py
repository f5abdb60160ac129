"""Questions about a sound to a server that speaks as OpenAI's chat completions do, llama-server among them."""

import base64
import json
import logging
import time
from dataclasses import dataclass
from typing import Any, Final

from small_dataset_audio.errors import ModelError

_LOGGER: Final = logging.getLogger(__name__)
_TRIES: Final = 3
_FIRST_PAUSE: Final = 1.0
_PASSING: Final = frozenset({408, 425, 429, 500, 502, 503, 504})
"""Answers that another try may change (RFC 9110; 425: RFC 8470; 429: RFC 6585)."""
_CONNECT_SECONDS: Final = 10.0
_SHOWN: Final = 300
_CONTEXT: Final = "context size"
_DEAF: Final = "audio input is not supported"
"""What llama-server says of a request that is too long, with the status 400, and of a model without ears, with 500."""


class ServerLost(ModelError):  # noqa: N818 - the name says what happened
    """The server cannot be reached, or went away in the middle of an answer."""


@dataclass(frozen=True)
class Answer:
    """What the model said.

    Attributes:
        text: as it came.
        complete: False where it was cut off at the limit of tokens.
    """

    text: str
    complete: bool


@dataclass(frozen=True)
class Sound:
    """A sound as it travels: a whole file in one of the formats that such servers take."""

    data: bytes
    format: str = "flac"

    def as_part(self) -> dict[str, Any]:
        """Return it as a part of a message."""
        return {
            "type": "input_audio",
            "input_audio": {"data": base64.b64encode(self.data).decode(), "format": self.format},
        }


@dataclass(frozen=True)
class Chat:
    """A server and how it is asked.

    Attributes:
        address: up to and including ``/v1``.
        model: which one to ask, where the server has several.
        key: sent as a bearer token, where there is one; never shown or logged.
        patience: seconds that an answer may take.
        temperature: 0 for the same words every time.
        pause: seconds before the second try; it doubles.
        direct: past any proxy that the environment names, for a server on this machine.
    """

    address: str
    model: str = ""
    key: str = ""
    patience: float = 600.0
    temperature: float = 0.0
    pause: float = _FIRST_PAUSE
    direct: bool = False

    def ask(self, question: str, sound: Sound | None, max_tokens: int) -> Answer:
        """Return the answer to ``question``, about ``sound`` if there is one.

        Busy and failing servers are asked again, three times in all.

        Raises:
            ServerLost: there is no server, or it went away.
            ModelError: it refuses, takes too long, or does not speak the protocol.
        """
        content = [*([sound.as_part()] if sound is not None else []), {"type": "text", "text": question}]
        body = {
            "messages": [{"role": "user", "content": content}],
            "max_tokens": max_tokens,
            "temperature": self.temperature,
            "seed": 0,
            "stream": False,
            **({"model": self.model} if self.model else {}),
        }
        for attempt in range(1, _TRIES + 1):
            status, text, answer = self._post(body)
            if answer is not None:
                return answer
            if status not in _PASSING or _DEAF in text or attempt == _TRIES:
                raise self._refused(status, text)
            _LOGGER.info("The caption server answered %d; asking again", status)
            time.sleep(self.pause * 2 ** (attempt - 1))
        raise AssertionError

    def _post(self, body: dict[str, Any]) -> tuple[int, str, Answer | None]:
        """Return the status, what was said, and the answer if it is one."""
        import httpx2  # noqa: PLC0415 - not before captions are written

        headers = {"Authorization": f"Bearer {self.key}"} if self.key else {}
        limit = httpx2.Timeout(self.patience, connect=_CONNECT_SECONDS)
        try:
            response = httpx2.post(
                f"{self.address}/chat/completions", json=body, headers=headers, timeout=limit, trust_env=not self.direct
            )
        except (httpx2.InvalidURL, httpx2.UnsupportedProtocol) as error:
            raise self._lost("That is no address", error) from error
        except httpx2.ConnectError as error:
            raise self._lost("It cannot be reached", error) from error
        except httpx2.TimeoutException as error:
            raise ModelError(
                "The caption server took too long.",
                f"{self.address} gave no whole answer within {self.patience:g} s.",
                "Raise captions.patience, lower captions.max_tokens, or use a device or quantisation that is quicker.",
            ) from error
        except httpx2.TransportError as error:
            raise self._lost("It went away in the middle of an answer", error) from error
        if response.is_success:
            return response.status_code, response.text, self._answer(response)
        return response.status_code, response.text, None

    def _answer(self, response: Any) -> Answer:  # noqa: ANN401 - httpx2.Response, which is not imported here
        try:
            choice = response.json()["choices"][0]
            text = choice["message"]["content"]
        except (ValueError, LookupError, TypeError) as error:
            raise self._strange(response.text) from error
        if not isinstance(text, str):
            raise self._strange(response.text)
        return Answer(text, complete=choice.get("finish_reason") != "length")

    def _strange(self, text: str) -> ModelError:
        return ModelError(
            "The caption server does not speak the protocol that sda expects.",
            f"{self.address} answered: {_excerpt(text)}",
            "Name a server with an OpenAI-compatible /v1/chat/completions as captions.endpoint.",
        )

    def _lost(self, how: str, error: Exception) -> ServerLost:
        return ServerLost(
            "The caption server is not there.",
            f"{how}: {self.address} ({type(error).__name__}: {_excerpt(str(error))}).",
            "See that the server runs and that captions.endpoint is its address.",
        )

    def _refused(self, status: int, text: str) -> ModelError:
        fixes = {
            400: "The model there may take no sound: use one that does, such as Music Flamingo.",
            401: "Put the server's key into the environment variable SDA_CAPTIONS_KEY.",
            403: "Put the server's key into the environment variable SDA_CAPTIONS_KEY.",
            404: "captions.endpoint must end before /chat/completions, mostly in /v1.",
            413: "The recording is too long for that server.",
        }
        said = _error_message(text)
        if _CONTEXT in said:
            fix = "Give that server a larger context (llama-server: --ctx-size), or ask a shorter question."
        elif _DEAF in said:
            fix = "Use a model that takes sound, such as Music Flamingo, and start llama-server with its projector (--mmproj)."
        else:
            fix = fixes.get(
                status, "Look into the server's log, then run the same command again: it goes on where it stopped."
            )
        return ModelError(f"The caption server answered with the error {status}.", f"It said: {_excerpt(said)}", fix)


def _error_message(body: str) -> str:
    """Return the sentence in an answer that is an error as OpenAI has them; any other answer as it is."""
    try:
        message = json.loads(body)["error"]["message"]
    except (ValueError, LookupError, TypeError):
        return body
    return message if isinstance(message, str) else body


def _excerpt(text: str) -> str:
    flat = " ".join(text.split())
    return flat if len(flat) <= _SHOWN else flat[:_SHOWN] + "…"
