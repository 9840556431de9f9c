"""Checkpoints made hostile or damaged on purpose: each function spoils a copy of a whole one, in its folder."""

import json
import os
import pickle
import shutil
import struct
from collections.abc import Callable
from pathlib import Path
from random import Random

import numpy as np

WEIGHTS = "generator/diffusion_pytorch_model.safetensors"
Spoil = Callable[[Path], object]


def edit(path: Path, change) -> None:
    found = json.loads(path.read_text(encoding="utf-8"))
    change(found)
    path.write_text(json.dumps(found), encoding="utf-8")


def split(path: Path) -> tuple[dict, bytes]:
    raw = path.read_bytes()
    length = int.from_bytes(raw[:8], "little")
    return json.loads(raw[8 : 8 + length]), raw[8 + length :]


def join(path: Path, header, body: bytes) -> None:
    text = header if isinstance(header, bytes) else json.dumps(header).encode()
    path.write_bytes(struct.pack("<Q", len(text)) + text + body)


def in_config(key, value, part="generator") -> Spoil:
    return lambda root: edit(root / part / "config.json", lambda found: found.__setitem__(key, value))


def in_index(key, value) -> Spoil:
    return lambda root: edit(root / "model_index.json", lambda found: found.__setitem__(key, value))


def text_in(name, text: bytes) -> Spoil:
    return lambda root: (root / name).write_bytes(text)


# --- what would run code


class Trap:
    """Unpickled, it makes the folder that $TRAP names."""

    def __reduce__(self):
        return os.mkdir, (os.environ["TRAP"],)


CODE = "import os\nos.mkdir(os.environ['TRAP'])\n"
PICKLED = (".bin", ".pt", ".pth", ".ckpt", ".pkl", ".pickle", ".joblib", ".PT", ".npy", ".h5")


def pickled(name, alone: str = "") -> Spoil:
    def spoil(root):
        if alone:
            (root / alone).unlink()
        (root / name).write_bytes(pickle.dumps(Trap()))

    return spoil


def with_code(*names, spoil: Spoil = lambda root: None) -> Spoil:
    def write(root):
        spoil(root)
        for name in names:
            (root / name).write_text(CODE, encoding="utf-8")

    return write


PICKLES: dict[str, Spoil] = {
    **{f"beside {end}": pickled(f"generator/diffusion_pytorch_model{end}") for end in PICKLED},
    **{f"alone {end}": pickled(f"generator/diffusion_pytorch_model{end}", WEIGHTS) for end in PICKLED},
    **{f"{part}{end}": pickled(f"{part}/pytorch_model{end}") for part in ("text_encoder", "tokenizer")
       for end in PICKLED[:3]},
    "at the root": pickled("weights.pt"), "named safetensors": pickled(WEIGHTS),
    "named json": pickled("generator/config.json"), "named index": pickled("model_index.json"),
}  # fmt: skip

EVIL = {"AutoModel": "stranger.Stranger", "AutoConfig": "stranger.Config", "AutoTokenizer": ["stranger.Tokens", None]}
REPOSITORIES: dict[str, Spoil] = {
    **{f"auto_map of {part}": with_code(f"{part}/stranger.py", spoil=in_config("auto_map", EVIL, part))
       for part in ("generator", "text_encoder")},
    **{f"auto_map of {part} alone": in_config("auto_map", EVIL, part) for part in ("generator", "text_encoder")},
    "auto_map of the tokenizer": lambda root: edit(
        root / "tokenizer/tokenizer_config.json", lambda found: found.update(auto_map=EVIL)),
    "tokenizer's class": lambda root: edit(
        root / "tokenizer/tokenizer_config.json", lambda found: found.update(tokenizer_class="Stranger")),
    "template": lambda root: edit(
        root / "tokenizer/tokenizer_config.json", lambda found: found.update(chat_template="{{ x.__class__ }}")),
    "custom pipeline": in_index("custom_pipeline", "stranger/pipeline"),
    "pipeline's class": in_index("_class_name", "StableDiffusionPipeline"),
    "pipeline's module": with_code("pipeline.py", spoil=in_index("_class_name", ["pipeline", "Stranger"])),
    "part's module": with_code("generator/stranger.py", spoil=in_index("generator", ["stranger", "Stranger"])),
    "os.system": in_index("generator", ["os", "system"]),
    "subprocess": in_index("tokenizer", ["subprocess", "Popen"]),
    "of transformers": in_index("text_encoder", ["transformers", "AutoModel"]),
    "of a longer name": in_index("generator", ["transformers_stranger", "CLIPTextModelWithProjection"]),
    "of no module of ours": in_index("generator", ["studio.models.stranger", "StrangerGenerator"]),
    "outside": in_index("../outside", ["transformers", "CLIPTokenizer"]),
    "a program": with_code("pipeline.py"), "a library": text_in("generator/fast.so", b"\x7fELF"),
    "trusted": in_index("trust_remote_code", True),
}  # fmt: skip


# --- what is damaged or boundless


MANY = 10_000_000
CONFIGS: dict[str, Spoil] = {
    "blocks 1e7": in_config("blocks", MANY), "width 1e7": in_config("width", MANY),
    "width 3000": in_config("width", 3000), "width 1024": in_config("width", 1024),
    "blocks 60": in_config("blocks", 60),
    "all wide": lambda root: edit(root / "generator/config.json", lambda found: found.update(
        {key: 1024 for key, value in found.items() if type(value) is int and key != "blocks"})),
    "negative": in_config("width", -32), "zero": in_config("width", 0), "1e300": in_config("strength", 1e300),
    "1e999": lambda root: (root / "generator/config.json").write_text('{"strength": 1e999}'),
    "9999...": lambda root: (root / "generator/config.json").write_text('{"width": ' + "9" * 5000 + "}"),
    "nan": in_config("strength", float("nan")), "infinity": in_config("width", float("inf")),
    "hidden size": in_config("hidden_size", 1_000_000, "text_encoder"),
    "layers": in_config("num_hidden_layers", 1_000_000, "text_encoder"),
    "window": in_config("max_position_embeddings", MANY, "text_encoder"),
    "words": in_config("vocab_size", 2_000_000_000, "text_encoder"),
    "heads": in_config("num_attention_heads", 63, "text_encoder"),
    "a word": in_config("width", "wide"), "a list": in_config("blocks", [1] * 9), "an object": in_config("width", {}),
    "long list": in_config("style", [1] * 70_000),
    "deep": text_in("generator/config.json", b'{"a":' * 100_000 + b"1" + b"}" * 100_000),
    "less deep": text_in("generator/config.json", b'{"a":' * 500 + b"1" + b"}" * 500),
    "zeros": text_in("generator/config.json", bytes(1000)), "no object": text_in("generator/config.json", b"7"),
    "missing": lambda root: (root / "generator/config.json").unlink(),
    "tokenizer cut": text_in("tokenizer/tokenizer.json", b'{"version": "1.0"'),
    "tokenizer empty": text_in("tokenizer/tokenizer.json", b"{}"),
    "part missing": lambda root: shutil.rmtree(root / "text_encoder"),
    "no weights": lambda root: (root / WEIGHTS).unlink(),
    "index cut": text_in("model_index.json", b'{"_class_name": "Pred'),
    "index a list": text_in("model_index.json", b"[]"),
    "part without a class": in_index("generator", None), "part of one word": in_index("generator", ["transformers"]),
}  # fmt: skip


WHOLE = {"F32": "I32", "F16": "I16"}
"""The whole numbers that are as wide as these."""


def _names(header: dict, dimensions: int = 0) -> list[str]:
    """Names of the weights with more than one value, and of at least so many dimensions."""
    return [name for name, said in header.items() if name != "__metadata__" and len(said["shape"]) >= dimensions
            and said["data_offsets"][1] - said["data_offsets"][0] > 8 and said["dtype"] in WHOLE]  # fmt: skip


def _in_one(change, dimensions: int = 0):
    """A change of one weight's entry in the header."""

    def spoil(chance, header, body):
        change(chance, header[chance.choice(_names(header, dimensions))])
        return header, body

    return spoil


def _moved(step):
    def change(chance, said):
        said["data_offsets"] = [place + step for place in said["data_offsets"]]

    return change


def _value(value):
    def spoil(chance, header, body):
        said = header[chance.choice(_names(header))]
        raw = struct.pack("<f" if said["dtype"] == "F32" else "<e", value)
        place = chance.randrange(*said["data_offsets"], len(raw))
        return header, body[:place] + raw + body[place + len(raw) :]

    return spoil


def _without(chance, header, body):
    last = max(_names(header), key=lambda name: header[name]["data_offsets"][1])
    tail = [name for name in header if name != "__metadata__"
            and header[name]["data_offsets"][0] >= header[last]["data_offsets"][0]]  # fmt: skip
    first = min(header.pop(name)["data_offsets"][0] for name in tail)
    return header, body[:first]


def _with_more(chance, header, body):
    header[f"stranger{chance.random()}"] = {"dtype": "F32", "shape": [2], "data_offsets": [len(body), len(body) + 8]}
    return header, body + bytes(8)


def _renamed(chance, header, body):
    name = chance.choice(_names(header))
    return {(f"{name}x" if each == name else each): said for each, said in header.items()}, body


def _twice(chance, header, body):
    name = json.dumps(chance.choice(_names(header)))
    return (json.dumps(header)[:-1] + f", {name}: {json.dumps(header[json.loads(name)])}}}").encode(), body


MALFORMED = {
    "a value is none": _value(np.nan), "a value is infinite": _value(-np.inf),
    "a weight less": _without, "a weight more": _with_more, "renamed": _renamed, "twice": _twice,
    "overlap": _in_one(_moved(-4)), "gap": _in_one(_moved(4)), "far away": _in_one(_moved(1 << 60)),
    "backwards": _in_one(lambda chance, said: said["data_offsets"].reverse()),
    "no place": _in_one(lambda chance, said: said.pop("data_offsets")),
    "place of words": _in_one(lambda chance, said: said.update(data_offsets=["0", 4.0])),
    "whole numbers": _in_one(lambda chance, said: said.update(dtype=WHOLE[said["dtype"]])),
    "wider numbers": _in_one(lambda chance, said: said.update(dtype="F64")),
    "unknown numbers": _in_one(lambda chance, said: said.update(dtype=chance.choice(["PICKLE", "", "F128", None, 7]))),
    "flat": _in_one(lambda chance, said: said.update(shape=[int(np.prod(said["shape"]))]), 2),
    "another way round": _in_one(lambda chance, said: said.update(shape=[*said["shape"], 1]), 1),
    "boundless": _in_one(lambda chance, said: said.update(shape=[1 << chance.randrange(31, 90)])),
    "negative": _in_one(lambda chance, said: said.update(shape=[-abs(each) for each in said["shape"]]), 1),
    "shape of words": _in_one(lambda chance, said: said.update(shape=chance.choice([["a"], [1.5], "ab", None, [[2]]]))),
    "header is none": lambda chance, header, body: (
        chance.choice([b"{" * 64, b"[1,2]", b"null ", b"\xff\xfe{}", b"{}      ", b"[" * 200_000, b'{"a": 1}']), body),
    "entries are none": lambda chance, header, body: (dict.fromkeys(header, chance.choice([7, [], None, ""])), body),
    "cut body": lambda chance, header, body: (header, body[: chance.randrange(len(body))]),
    "longer body": lambda chance, header, body: (header, body + bytes(chance.randrange(1, 99))),
}  # fmt: skip
"""What can be wrong with a safetensors file: (chance, header, body) to what is written in their place."""


def malformed(kind: str, seed: int, name: str = WEIGHTS) -> Spoil:
    """One of MALFORMED, each seed somewhere else in the file."""

    def spoil(root):
        header, body = split(root / name)
        join(root / name, *MALFORMED[kind](Random(seed), header, body))

    return spoil


def cut_or_lied(seed: int) -> Spoil:
    """The file cut in its header, or with a length of the header that is not its own."""

    def spoil(root):
        raw, chance = (root / WEIGHTS).read_bytes(), Random(seed)
        length = int.from_bytes(raw[:8], "little")
        lie = chance.choice([0, 1, length - 1, length + 1, len(raw), 1 << 40, (1 << 64) - 1])
        cut, lied = raw[: chance.randrange(8 + length)], struct.pack("<Q", lie) + raw[8:]
        (root / WEIGHTS).write_bytes(lied if seed % 2 else cut)

    return spoil
