"""Tiny caption models of the real architectures, with random weights, saved as transformers saves the real ones."""

from collections.abc import Sequence
from importlib import import_module
from pathlib import Path
from typing import Any, Final, Literal

from tokenizers import Tokenizer, decoders, models, pre_tokenizers

ALPHABET: Final = sorted(pre_tokenizers.ByteLevel.alphabet())
SPECIAL: Final = (
    "<|endoftext|>",
    "<|im_start|>",
    "<|im_end|>",
    "<sound>",
    "<|sound_bos|>",
    "<|sound_eos|>",
)
TEMPLATE: Final = (
    "{% for message in messages %}<|im_start|>{{ message['role'] }}\n"
    "{% for part in message['content'] %}"
    "{% if part['type'] == 'audio' %}<sound>{% else %}{{ part['text'] }}{% endif %}"
    "{% endfor %}<|im_end|>\n{% endfor %}"
    "{% if add_generation_prompt %}<|im_start|>assistant\n{% endif %}"
)
Kind = Literal["audioflamingo3", "musicflamingo"]


def tiny_model(
    folder: Path, kind: Kind, seed: int = 0, *, layers: int = 1, width: int = 16, merges: Sequence[tuple[str, str]] = ()
) -> Path:
    """Return ``folder``, in which a model of that kind and its processor lie."""
    import torch

    transformers: Any = import_module("transformers")
    tokenizer = _tokenizer(transformers, merges)
    ids = {token: tokenizer.convert_tokens_to_ids(token) for token in SPECIAL}
    audio: dict[str, Any] = {
        "model_type": "audioflamingo3_encoder",
        "num_mel_bins": 128,
        "num_hidden_layers": layers,
        "num_attention_heads": 2,
        "hidden_size": width,
        "intermediate_size": width,
        "max_source_positions": 1500,
    }
    text = {
        "model_type": "qwen2",
        "vocab_size": len(tokenizer),
        "hidden_size": width,
        "intermediate_size": width,
        "num_hidden_layers": layers,
        "num_attention_heads": 2,
        "num_key_value_heads": 1,
        "bos_token_id": ids["<|endoftext|>"],
        "eos_token_id": ids["<|im_end|>"],
        "pad_token_id": ids["<|endoftext|>"],
    }
    torch.manual_seed(seed)
    if kind == "musicflamingo":
        config: Any = transformers.MusicFlamingoConfig(
            audio_config=audio,
            text_config=text,
            audio_token_id=ids["<sound>"],
            audio_bos_token_id=ids["<|sound_bos|>"],
            audio_eos_token_id=ids["<|sound_eos|>"],
        )
        model: Any = transformers.MusicFlamingoForConditionalGeneration(config)
        processor_class: Any = transformers.MusicFlamingoProcessor
    else:
        config = transformers.AudioFlamingo3Config(audio_config=audio, text_config=text, audio_token_id=ids["<sound>"])
        model = transformers.AudioFlamingo3ForConditionalGeneration(config)
        processor_class = transformers.AudioFlamingo3Processor
    extractor = transformers.WhisperFeatureExtractor(feature_size=128, return_attention_mask=True, padding_side="right")
    processor = processor_class(feature_extractor=extractor, tokenizer=tokenizer, chat_template=TEMPLATE)
    model.save_pretrained(folder)
    processor.save_pretrained(folder)
    return folder


def _tokenizer(transformers: Any, merges: Sequence[tuple[str, str]]) -> Any:  # noqa: ANN401 - a library without types
    pieces = [*ALPHABET, *("".join(merge) for merge in merges)]
    vocabulary = {piece: number for number, piece in enumerate(pieces)}
    bytes_only = Tokenizer(models.BPE(vocab=vocabulary, merges=list(merges)))
    bytes_only.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=False)
    bytes_only.decoder = decoders.ByteLevel()
    tokenizer = transformers.PreTrainedTokenizerFast(
        tokenizer_object=bytes_only, eos_token="<|im_end|>", pad_token="<|endoftext|>"
    )
    tokenizer.add_special_tokens({"additional_special_tokens": list(SPECIAL)})
    return tokenizer
