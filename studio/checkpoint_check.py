"""A checkpoint's folder is looked over before anything of it is loaded: nothing executed, nothing huge built.

A network is built as large as its configuration says, code can be named in one, and weights that are not numbers give
black frames without an error. So: known kinds of files only, configurations with bounded numbers and no names of code
that is not ours, safetensors whose header holds together, and finite weights. Standard library and numpy only.
"""

from __future__ import annotations

import json
import math
from pathlib import Path
from typing import Any

import numpy as np

from studio.errors import CheckpointError

MOST_NUMBER = 65_536
"""The largest number in a configuration: that of the words that a tokenizer knows, with room to grow."""

MOST_WIDTH = 4096
MOST_COUNT = 64  # of layers, blocks and heads: each is built
_COUNTS = ("layers", "blocks", "heads", "depth", "mixture")
_WORDS = ("vocab_size", "_token_id", "max_length", "total_")
_MOST_CONFIG = 4 << 20
_MOST_HEADER = 4 << 20
_MOST_WEIGHTS = 1 << 30
_MOST_NESTING = 12
_ITEM_BYTES = {"F64": 8, "F32": 4, "F16": 2, "BF16": 2, "I64": 8, "I32": 4, "I16": 2, "I8": 1, "U8": 1, "BOOL": 1}
_PICKLES = (".bin", ".pt", ".pth", ".ckpt", ".pkl", ".pickle", ".npy", ".npz", ".h5", ".msgpack", ".joblib")
_CODE = (".py", ".pyc", ".so", ".pyd", ".dll", ".sh", ".jinja")
_NAMES_OF_CODE = ("auto_map", "custom_pipeline", "custom_pipelines", "trust_remote_code", "chat_template")
_HOMES = ("studio.models.", "transformers")
_BLOCK = 1 << 22


def check_checkpoint(folder: Path) -> None:
    """Raise CheckpointError, one sentence, for a folder that must not be loaded."""
    files = [item for item in sorted(folder.rglob("*")) if item.is_file()]
    for file in files:
        if file.suffix.lower() in (*_PICKLES, *_CODE):
            raise CheckpointError(_say(file, "is a kind of file that can run code and is never loaded"))
    try:
        for file in files:
            if file.suffix == ".json" and not file.name.startswith(("tokenizer.", "vocab.")):
                _check_config(file)
        for file in files:
            if file.suffix == ".safetensors":
                check_weights(file)
    except OSError as error:
        raise CheckpointError(f"The generator in {folder} cannot be read; fetch it again.") from error


def tensor_names(folder: Path) -> set[str]:
    """The names of all weights in the safetensors files that lie directly in ``folder``."""
    return {name for file in sorted(folder.glob("*.safetensors")) for name in _header(file)[0]}


def _say(file: Path, what: str) -> str:
    return f"{file.name} in {file.parent} {what}; fetch the checkpoint again."


# --- configurations


def _check_config(file: Path) -> None:
    if file.stat().st_size > _MOST_CONFIG:
        raise CheckpointError(_say(file, "is far too large for a configuration"))
    try:
        found = json.loads(file.read_text(encoding="utf-8"))
    except (ValueError, RecursionError) as error:
        raise CheckpointError(_say(file, "is damaged")) from error
    if not isinstance(found, dict):
        raise CheckpointError(_say(file, "is no configuration"))
    if file.name == "model_index.json":
        _check_index(file, found)
    if file.name.endswith(".index.json"):  # of shards: names of files and weights, no sizes to build by
        found = {name: value for name, value in found.items() if name != "metadata"}
    _check_value(file, "", found, 0)


def _check_index(file: Path, found: dict[str, Any]) -> None:
    for name, value in found.items():
        if name.startswith("_"):
            continue
        home = value[0] if isinstance(value, list) and len(value) == 2 and isinstance(value[0], str) else ""
        if not home.startswith(_HOMES):
            raise CheckpointError(_say(file, f'names code for "{name[:40]}" that is not the studio\'s own'))


def _check_value(file: Path, name: str, value: Any, depth: int) -> None:
    if depth > _MOST_NESTING:
        raise CheckpointError(_say(file, "is nested too deeply"))
    if isinstance(value, dict):
        for key, item in value.items():
            if key in _NAMES_OF_CODE and item:
                raise CheckpointError(_say(file, f'asks for code of its own ("{key}") and is never loaded'))
            _check_value(file, key, item, depth + 1)
    elif isinstance(value, list):
        if len(value) > MOST_NUMBER:
            raise CheckpointError(_say(file, "holds a list that is far too long"))
        for item in value:
            _check_value(file, name, item, depth + 1)
    elif isinstance(value, int | float) and not isinstance(value, bool):
        most = MOST_WIDTH
        if any(word in name for word in _WORDS):
            most = MOST_NUMBER
        elif any(word in name for word in _COUNTS):
            most = MOST_COUNT
        if not math.isfinite(value) or abs(value) > most:
            raise CheckpointError(_say(file, f'has a "{name[:40]}" that no generator here has'))


# --- weights


def check_weights(file: Path) -> None:
    """Raise CheckpointError unless a safetensors file holds together and all its weights are finite."""
    header, start = _header(file)
    with file.open("rb") as opened:
        for name, (kind, count, begin) in header.items():
            if kind in ("F64", "F32", "F16", "BF16") and not _finite(opened, start + begin, kind, count):
                raise CheckpointError(_say(file, f'has weights that are no numbers ("{name[:60]}")'))


def _header(file: Path) -> tuple[dict[str, tuple[str, int, int]], int]:
    """({name: (type, items, first byte after the header)}, the header's end); CheckpointError if it cannot be so."""
    size = file.stat().st_size
    with file.open("rb") as opened:
        length = int.from_bytes(opened.read(8), "little")
        if size > _MOST_WEIGHTS or not 2 <= length <= min(_MOST_HEADER, size - 8):
            raise CheckpointError(_say(file, "is damaged"))
        try:
            found = json.loads(opened.read(length))
            tensors = {name: _tensor(said) for name, said in found.items() if name != "__metadata__"}
        except (ValueError, TypeError, KeyError, AttributeError, RecursionError) as error:
            raise CheckpointError(_say(file, "is damaged")) from error
    end = 0
    for begin, stop in sorted((begin, begin + _ITEM_BYTES[kind] * count) for kind, count, begin in tensors.values()):
        if begin != end:
            raise CheckpointError(_say(file, "is damaged: its weights overlap or leave gaps"))
        end = stop
    if not tensors or end != size - 8 - length:
        raise CheckpointError(_say(file, "is damaged or cut off"))
    return tensors, 8 + length


def _tensor(said: dict[str, Any]) -> tuple[str, int, int]:
    kind, shape, (begin, end) = said["dtype"], said["shape"], said["data_offsets"]
    if any(type(number) is not int or number < 0 for number in (*shape, begin, end)) or len(shape) > 8:
        raise ValueError("a size that is none")
    if end - begin != _ITEM_BYTES[kind] * math.prod(shape):
        raise ValueError("a size that does not fit")
    return kind, math.prod(shape), begin


def _finite(opened: Any, start: int, kind: str, count: int) -> bool:
    """Whether no exponent is all ones, which is how infinities and what is no number are written."""
    whole, mask = {
        "F64": ("<u8", 0x7FF0_0000_0000_0000), "F32": ("<u4", 0x7F80_0000),
        "F16": ("<u2", 0x7C00), "BF16": ("<u2", 0x7F80),
    }[kind]  # fmt: skip
    opened.seek(start)
    while count > 0:
        take = min(count, _BLOCK)
        bits = np.frombuffer(opened.read(take * np.dtype(whole).itemsize), whole)
        if len(bits) != take or bool(((bits & np.array(mask, whole)) == mask).any()):
            return False
        count -= take
    return True
