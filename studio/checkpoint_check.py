"""A checkpoint's folder is looked over before anything of it is built: nothing executed, nothing huge made.

A folder may come from anywhere. A network is built as large as its configuration says, code can be named in one, and
weights that are not numbers give black frames without an error. So: known kinds of files only, classes that the studio
knows by name, configurations whose numbers are those of their weights or small, safetensors that hold together, and
finite weights. Standard library and numpy only; that a network takes exactly these weights is for
``studio.pipelines.fitting``.
"""

from __future__ import annotations

import json
import math
from pathlib import Path
from typing import Any, BinaryIO, NamedTuple

import numpy as np

from studio.errors import CheckpointError, shown

_RUNNABLE = frozenset(
    ".bin .pt .pth .ckpt .pkl .pickle .joblib .npy .npz .h5 .keras .msgpack .onnx .mar .zip .tar .gz .py .pyc .so .pyd "
    ".dll .dylib .sh .exe .jinja".split()
)
_BORROWED = frozenset({"CLIPTextModelWithProjection", "CLIPVisionModelWithProjection", "CLIPTokenizer"})
_TOKENIZERS = (None, "CLIPTokenizer", "CLIPTokenizerFast")
_CODE = frozenset({"auto_map", "custom_pipeline", "custom_pipelines", "custom_revision", "trust_remote_code",
                   "chat_template"})  # fmt: skip
_WIDTHS = frozenset({"hidden_size", "intermediate_size", "max_position_embeddings", "projection_dim", "vocab_size"})
_COUNTS = ("layers", "blocks", "heads", "depth", "mixture", "experts")
MOST_SIZE = 1024
"""The largest whole number in a configuration that is not also an extent of one of its weights."""

_MOST_COUNT = 64  # of layers, blocks and heads: each is built
_MOST_TOKENS = 1 << 20
_MOST_NUMBER = 1e6
_MOST_ITEMS = 1 << 16
_MOST_JSON = 16 << 20
_MOST_HEADER = 4 << 20
_MOST_WEIGHTS = 1 << 30
_MOST_NESTING = 24
_BYTES = {"F64": 8, "F32": 4, "F16": 2, "BF16": 2, "I64": 8, "I32": 4, "I16": 2, "I8": 1, "U8": 1, "BOOL": 1}
_EXPONENTS = {
    "F64": ("<u8", 0x7FF0_0000_0000_0000), "F32": ("<u4", 0x7F80_0000), "F16": ("<u2", 0x7C00), "BF16": ("<u2", 0x7F80),
}  # fmt: skip
_BLOCK = 1 << 22


class Weight(NamedTuple):
    """One tensor of a file: its shape, and whether it holds floating numbers."""

    shape: tuple[int, ...]
    floating: bool


Weights = dict[str, Weight]


def check_checkpoint(folder: Path, pipeline: str = "") -> dict[str, Weights]:
    """The saved weights of each part, once every file of the folder is known to be sound; of a folder with a single
    network, without an index, the part is "". ``pipeline`` is the name of the class that is to be loaded.

    Raises CheckpointError, one sentence, for a folder that must not be loaded.
    """
    try:
        for item in sorted(folder.rglob("*")):
            if item.suffix.lower() in _RUNNABLE:
                raise _refusal(item, "is a kind of file that can run code and is never loaded")
        if not (folder / "model_index.json").is_file() and not pipeline:
            return {"": _check_network(folder)}
        found = {}
        for part, is_network in _parts(folder / "model_index.json", pipeline).items():
            if is_network:
                found[part] = _check_network(folder / part)
            else:
                _check_tokenizer(folder / part)
        return found
    except OSError as error:
        raise CheckpointError(f"The checkpoint {folder.name} cannot be read; fetch it again.") from error


def check_weights(file: Path) -> Weights:
    """The weights of a safetensors file that holds together and whose numbers are all finite, by name.

    Raises CheckpointError, one sentence, for any other.
    """
    try:
        size = file.stat().st_size
        with file.open("rb") as opened:
            length = int.from_bytes(opened.read(8), "little")
            if size > _MOST_WEIGHTS or not 2 <= length <= min(_MOST_HEADER, size - 8):
                raise ValueError("the header does not fit")
            header = json.loads(opened.read(length).decode("utf-8"), object_pairs_hook=_once)
            spans = _spans(header, size - 8 - length)
            for name, kind, _, first, count in spans:
                if kind in _EXPONENTS and not _is_finite(opened, 8 + length + first, kind, count):
                    raise _refusal(file, f'has weights that are no numbers ("{shown(name)}")')
    except OSError as error:
        raise _refusal(file, "cannot be read") from error
    except (ValueError, TypeError, KeyError, AttributeError, RecursionError) as error:
        raise _refusal(file, "is damaged or no safetensors file") from error
    return {name: Weight(shape, kind in _EXPONENTS) for name, kind, shape, _, _ in spans}


def _refusal(path: Path, why: str) -> CheckpointError:
    return CheckpointError(f"{path.parent.name}/{path.name} {why}; fetch the checkpoint again.")


# --- an index and its parts


def _parts(index: Path, pipeline: str) -> dict[str, bool]:
    """{part: whether it is a network} of a pipeline's index; each must be of a class that is known here."""
    found = read_json(index)
    if pipeline and found.get("_class_name") != pipeline:
        raise _refusal(index, f"does not belong to a {pipeline}")
    parts = {}
    for name, said in found.items():
        if name.startswith("_"):
            continue
        if not isinstance(said, list) or len(said) != 2 or not all(isinstance(word, str) for word in said):
            raise _refusal(index, f'says nothing that can be used of the part "{shown(name)}"')
        library, kind = said
        ours = library.startswith("studio.models.") and kind.isidentifier() and kind.endswith("Generator")
        if not name.isidentifier() or not (ours or (library == "transformers" and kind in _BORROWED)):
            raise _refusal(index, f'names a class that is not the studio\'s own, for the part "{shown(name)}"')
        if not (index.parent / name).is_dir():
            raise _refusal(index, f'is not whole: its part "{shown(name)}" is missing')
        parts[name] = not kind.endswith("Tokenizer")
    return parts


def _check_tokenizer(folder: Path) -> None:
    found = {path.name: read_json(path) for path in sorted(folder.glob("*.json"))}
    if found.get("tokenizer_config.json", {}).get("tokenizer_class") not in _TOKENIZERS:
        raise _refusal(folder / "tokenizer_config.json", "names a tokenizer that is not known here")


def _check_network(folder: Path) -> Weights:
    found = {path.name: read_json(path) for path in sorted(folder.glob("*.json"))}
    if "config.json" not in found:
        raise _refusal(folder / "config.json", "is missing")
    weights = _weights(folder, found)
    for name in found.keys() & {"config.json", "generation_config.json", "preprocessor_config.json"}:
        _check_numbers(folder / name, found[name], weights)
    return weights


def _weights(folder: Path, found: dict[str, Any]) -> Weights:
    """All weights of a network: of a single file, or of the shards that its index names, and no others."""
    files = {path.name: check_weights(path) for path in sorted(folder.glob("*.safetensors"))}
    indices = [name for name in found if name.endswith(".safetensors.index.json")]
    if len(files) == 1 and not indices:
        return next(iter(files.values()))
    placed = found[indices[0]].get("weight_map") if len(indices) == 1 else None
    really = {name: file for file, weights in files.items() for name in weights}
    if not files or placed != really or sum(map(len, files.values())) != len(really):
        raise _refusal(folder / "*.safetensors", "are not whole: the weights and their index do not agree")
    return {name: weight for weights in files.values() for name, weight in weights.items()}


# --- configurations


def read_json(path: Path) -> dict[str, Any]:
    """A JSON file that holds an object, asks for no code and has no numbers that are none. Raises CheckpointError."""
    try:
        if path.stat().st_size > _MOST_JSON:
            raise _refusal(path, "is far too large")
        found = json.loads(path.read_bytes().decode("utf-8"), parse_constant=_no_number)
    except (OSError, ValueError, RecursionError) as error:
        raise _refusal(path, "is damaged and cannot be read") from error
    if not isinstance(found, dict):
        raise _refusal(path, "is damaged and cannot be read")
    _check_words(path, found, 0)
    return found


def _no_number(word: str) -> None:
    raise ValueError(f"{word} is no number")


def _check_words(path: Path, found: Any, depth: int) -> None:
    """Refuse what asks for code from elsewhere, and nesting that nobody writes."""
    if depth > _MOST_NESTING:
        raise _refusal(path, "is nested too deeply")
    if isinstance(found, dict):
        asked = [key for key in _CODE & found.keys() if found[key]]
        if asked:
            raise _refusal(path, f'asks for code of its own ("{min(asked)}") and is never loaded')
    for value in found.values() if isinstance(found, dict) else found:
        if isinstance(value, (dict, list)):
            _check_words(path, value, depth + 1)


def _check_numbers(path: Path, config: dict[str, Any], weights: Weights) -> None:
    """Refuse sizes that the saved weights do not have: building such a network could take minutes, or all memory."""
    extents = {extent for weight in weights.values() for extent in weight.shape}

    def check(key: str, value: Any) -> None:
        if isinstance(value, (dict, list)):
            if len(value) > _MOST_ITEMS:
                raise _refusal(path, f'has far too much in "{shown(key)}"')
            for name, inner in value.items() if isinstance(value, dict) else ((key, inner) for inner in value):
                check(name, inner)
        elif isinstance(value, float) and not (math.isfinite(value) and abs(value) <= _MOST_NUMBER):
            raise _refusal(path, f'has a value out of all bounds for "{shown(key)}"')
        elif isinstance(value, int) and not isinstance(value, bool) and not _fits(key, value, extents):
            raise _refusal(path, f'has a size that its weights do not have, for "{shown(key)}"')

    check("", config)


def _fits(key: str, value: int, extents: set[int]) -> bool:
    if key.endswith("_token_id"):
        return -1 <= value <= _MOST_TOKENS
    if any(word in key for word in _COUNTS):
        return 0 <= value <= _MOST_COUNT
    return value in extents or (key not in _WIDTHS and -1 <= value <= MOST_SIZE)


# --- weights


def _once(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found = dict(pairs)
    if len(found) != len(pairs):
        raise ValueError("a name stands twice")
    return found


def _spans(header: dict[str, Any], size: int) -> list[tuple[str, str, tuple[int, ...], int, int]]:
    """(name, kind, shape, first byte, number of values) of every tensor; ValueError unless they fill ``size`` bytes."""
    spans = []
    for name, said in header.items():
        if name == "__metadata__":
            continue
        kind, shape, (first, last) = said["dtype"], tuple(said["shape"]), said["data_offsets"]
        if any(type(number) is not int or not 0 <= number <= size for number in (*shape, first, last)):
            raise ValueError("a size that is none")
        count = math.prod(shape)
        if len(shape) > 8 or last - first != count * _BYTES[kind]:
            raise ValueError("a tensor does not fit its place")
        spans.append((name, kind, shape, first, count))
    end = 0
    for _, kind, _, first, count in sorted(spans, key=lambda span: (span[3], span[4])):
        if first != end:
            raise ValueError("the weights overlap or leave gaps")
        end = first + count * _BYTES[kind]
    if end != size or not spans:
        raise ValueError("the weights do not fill the file")
    return spans


def _is_finite(opened: BinaryIO, start: int, kind: str, count: int) -> bool:
    """Whether no exponent is all ones, which is how infinities and what is no number are written."""
    whole, mask = _EXPONENTS[kind]
    opened.seek(start)
    while count > 0:
        take = min(count, _BLOCK)
        bits = np.frombuffer(opened.read(take * np.dtype(whole).itemsize), whole)
        if len(bits) != take or bool(((bits & np.array(mask, whole)) == mask).any()):
            return False
        count -= take
    return True
