"""Small ONNX networks with the inputs and outputs of the published ones, written as protocol buffers byte by byte.

The field numbers are those of ONNX's own schema (onnx.proto, IR version 8, operator set 13), so that no library is needed
to make them.
"""

from collections.abc import Mapping, Sequence
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float32]
Shape = Sequence[int | str]

_VARINT, _LENGTH = 0, 2
_FLOAT = 1
_INT_ATTRIBUTE, _INTS_ATTRIBUTE = 2, 7


def _varint(value: int) -> bytes:
    out = bytearray()
    value &= (1 << 64) - 1
    while value > 0x7F:
        out.append(value & 0x7F | 0x80)
        value >>= 7
    out.append(value)
    return bytes(out)


def _number(field: int, value: int) -> bytes:
    return _varint(field << 3 | _VARINT) + _varint(value)


def _bytes(field: int, value: bytes | str) -> bytes:
    data = value.encode() if isinstance(value, str) else value
    return _varint(field << 3 | _LENGTH) + _varint(len(data)) + data


def _tensor(name: str, values: Floats) -> bytes:
    dims = b"".join(_number(1, size) for size in values.shape)
    return dims + _number(2, _FLOAT) + _bytes(8, name) + _bytes(9, values.astype("<f4").tobytes())


def _value_info(name: str, shape: Shape) -> bytes:
    dims = b"".join(
        _bytes(1, _bytes(2, size) if isinstance(size, str) else _number(1, size)) for size in shape
    )  # fmt: skip
    tensor_type = _number(1, _FLOAT) + _bytes(2, dims)
    return _bytes(1, name) + _bytes(2, _bytes(1, tensor_type))


def node(operator: str, inputs: Sequence[str], output: str, **attributes: int | list[int]) -> bytes:
    """Return one node; an attribute is a whole number or a list of them."""
    parts = [_bytes(1, name) for name in inputs] + [_bytes(2, output), _bytes(4, operator)]
    for name, value in attributes.items():
        if isinstance(value, int):
            content = _number(3, value) + _number(20, _INT_ATTRIBUTE)
        else:
            content = b"".join(_number(8, one) for one in value) + _number(20, _INTS_ATTRIBUTE)
        parts.append(_bytes(5, _bytes(1, name) + content))
    return b"".join(parts)


def network(
    nodes: Sequence[bytes], weights: Mapping[str, Floats], inputs: Mapping[str, Shape], outputs: Mapping[str, Shape]
) -> bytes:
    """Return an ONNX file."""
    graph = b"".join(_bytes(1, one) for one in nodes) + _bytes(2, "tiny")
    graph += b"".join(_bytes(5, _tensor(name, values)) for name, values in weights.items())
    graph += b"".join(_bytes(11, _value_info(name, shape)) for name, shape in inputs.items())
    graph += b"".join(_bytes(12, _value_info(name, shape)) for name, shape in outputs.items())
    return _number(1, 8) + _bytes(7, graph) + _bytes(8, _bytes(1, "") + _number(2, 13))


def encoder(mixing: Floats, genres: Floats) -> bytes:
    """Return an encoder: embeddings are the mean frame times ``mixing``, activations ``sigmoid(embeddings @ genres)``."""
    embedding, classes = genres.shape
    return network(
        [
            node("ReduceMean", ["melspectrogram"], "frame", axes=[1], keepdims=0),
            node("MatMul", ["frame", "mixing"], "embeddings"),
            node("MatMul", ["embeddings", "genres"], "logits"),
            node("Sigmoid", ["logits"], "activations"),
        ],
        {"mixing": mixing, "genres": genres},
        {"melspectrogram": ["n", 128, 96]},
        {"activations": ["n", classes], "embeddings": ["n", embedding]},
    )


def head(weights: Floats, *, softmax: bool = False) -> bytes:
    """Return a head: ``sigmoid`` or ``softmax`` of ``embeddings @ weights``; its logits are an output as well."""
    embedding, classes = weights.shape
    last = node("Softmax", ["logits"], "activations", axis=1) if softmax else node("Sigmoid", ["logits"], "activations")
    return network(
        [node("MatMul", ["embeddings", "weights"], "logits"), last],
        {"weights": weights},
        {"embeddings": ["n", embedding]},
        {"logits": ["n", classes], "activations": ["n", classes]},
    )


def write(path: Path, content: bytes) -> Path:
    """Write ``content`` into a file, with the folders above it; return its path."""
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(content)
    return path
