"""The section ``[captions]``: what describes tracks in words, and in answer to which questions."""

from typing import Annotated, Any, Literal

from pydantic import Field

from small_dataset_audio.config.section import Section, program, setting

PROMPT_PATTERN = r"^([^{}]|\{genres\}|\{metadata\})*$"
"""A prompt is text in which braces are kept for these two placeholders."""

CaptionKind = Literal["full", "technical", "genre_mood", "instrumentation", "structure"]


def _prompt(caption: CaptionKind) -> Any:  # noqa: ANN401 - as `setting`
    """Return the declaration of the prompt for one caption."""
    return setting(
        "",
        f'Your own prompt for the caption "{caption}". Empty: the built-in one.',
        pattern=PROMPT_PATTERN,
        allowed="text; {genres} and {metadata} are filled in, other braces cannot be used",
    )


class Captions(Section):
    """How tracks are described in words."""

    backend: Literal["llama-server", "transformers", "endpoint"] = setting(
        "llama-server",
        "What writes the captions: a llama-server that sda starts itself, transformers, or an endpoint of yours.",
    )
    server: str = program(
        "llama-server",
        "The program llama-server (of llama.cpp): its name, if it is on the PATH, or where it lies.",
    )
    endpoint: str = setting(
        "",
        "The address of an OpenAI-compatible server that takes sound, for the backend endpoint, such as "
        "http://localhost:8080/v1. A key for it is read from the environment variable SDA_CAPTIONS_KEY.",
        pattern=r"^(https?://[^\s]+)?$",
        allowed='an address that begins with http:// or https://, or ""',
    )
    endpoint_model: str = setting("", "The model to ask the endpoint for, where it serves several.")
    model: str = setting(
        "music_flamingo_hf",
        "The model for the backend transformers: its name in the list of models (sda models list).",
        pattern=r"^[A-Za-z0-9][A-Za-z0-9._-]*$",
        allowed="the name of a model",
    )
    quantisation: Literal["Q8_0", "Q6_K", "Q4_K_M", "IQ3_M"] = setting(
        "Q4_K_M",
        "How finely the weights for llama-server are stored, from the largest (Q8_0) to the smallest (IQ3_M).",
    )
    attention: Literal["sdpa", "flash_attention_2"] = setting(
        "sdpa", "How the backend transformers computes attention."
    )
    weight_bits: Literal[16, 8, 4] = setting(
        16, "How many bits a weight has in the backend transformers. 8 and 4 need bitsandbytes and a CUDA device."
    )
    max_tokens: int = setting(512, "The longest answer, in tokens.", ge=1, le=32768)
    temperature: float = setting(0.0, "0 gives the same words at every run; higher values vary them.", ge=0.0, le=2.0)
    patience: float = setting(
        600.0, "How many seconds an answer may take before the caption is given up.", ge=1.0, le=86400.0
    )
    evidence: bool = setting(
        default=True,
        description="Compare what captions say of tempo, key and vocals with what was measured, and note contradictions.",
    )
    prompts: Annotated[list[CaptionKind], Field(min_length=1)] = setting(
        ["full", "technical", "genre_mood", "instrumentation", "structure"],
        "Which captions are written for every track.",
    )
    short: bool = setting(
        default=False,
        description="Also have every caption shortened to one sentence by the same model, as music_flamingo_short_….",
    )
    prompt_full: str = _prompt("full")
    prompt_technical: str = _prompt("technical")
    prompt_genre_mood: str = _prompt("genre_mood")
    prompt_instrumentation: str = _prompt("instrumentation")
    prompt_structure: str = _prompt("structure")
