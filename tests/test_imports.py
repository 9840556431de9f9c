"""Who may import whom, read with ``ast`` from every module; and a few habits that a reader relies on."""

import ast
from functools import lru_cache
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parent.parent
PLAIN = {"errors", "clip", "scene", "requests", "settings", "catalogue", "look_file", "origin", "checkpoint_check"}
ALLOWED = {
    **{name: PLAIN for name in PLAIN},
    "media": PLAIN,
    "motion": PLAIN,
    "painting": PLAIN | {"motion", "tensors"},
    "compositing": PLAIN,
    "models": PLAIN | {"tensors"},
    "captions": set(),
    "privacy": PLAIN,
    "sealing": PLAIN,
    "tensors": PLAIN,
    "pipelines": PLAIN | {"motion", "painting", "compositing", "models", "tensors"},
    "metrics": PLAIN | {"motion", "tensors", "models"},
    "worlds": PLAIN | {"captions", "motion", "compositing", "tensors"},
    "teachers": PLAIN | {"motion", "painting", "tensors"},
    "training": PLAIN
    | {"captions", "worlds", "teachers", "media", "motion", "painting", "compositing"}
    | {"models", "privacy", "tensors", "metrics"},
    "service": PLAIN | {"media", "motion", "privacy", "sealing", "pipelines"},
    "cli": PLAIN | {"service"},
    "ui": PLAIN | {"service", "sealing"},
    "__main__": {"cli"},
    "app": {"settings", "service", "ui"},
}
"""The rooms of the house, and which others each may import."""
TASKS = {"text_to_video", "interpolation", "restyle", "prediction"}
NO_TORCH = PLAIN | {"media", "privacy", "sealing", "ui", "cli", "app"}
SERVING = {"app", "ui", "cli", "service", "pipelines"}
FOR_TRAINING = {"training", "worlds", "teachers", "captions", "metrics"}


def room_of(path: Path) -> str:
    parts = path.relative_to(ROOT).with_suffix("").parts
    return parts[0] if parts[0] == "app" else parts[1]


@lru_cache
def modules() -> tuple[Path, ...]:
    found = [ROOT / "app.py", *sorted((ROOT / "studio").rglob("*.py"))]
    return tuple(path for path in found if path != ROOT / "studio" / "__init__.py")


@lru_cache
def tree_of(path: Path) -> ast.Module:
    return ast.parse(path.read_text(encoding="utf-8"))


@lru_cache
def imports(path: Path) -> frozenset[str]:
    names: set[str] = set()
    for node in ast.walk(tree_of(path)):
        if isinstance(node, ast.Import):
            names |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0, f"{path} uses a relative import"
            names |= {f"{node.module}.{alias.name}" for alias in node.names}
    return frozenset(names)


def rooms_of(names: frozenset[str]) -> set[str]:
    return {name.split(".")[1] for name in names if name.startswith("studio.")}


def test_every_room_is_known_and_found():
    assert {room_of(path) for path in modules()} == set(ALLOWED)


@pytest.mark.parametrize("room", sorted(ALLOWED))
def test_imports_keep_the_layers(room):
    for path in modules():
        if room_of(path) != room:
            continue
        strangers = rooms_of(imports(path)) - ALLOWED[room] - {room}
        assert not strangers, f"{path.relative_to(ROOT)} may not import from {strangers}"
        tops = {name.split(".")[0] for name in imports(path)}
        assert "gradio" not in tops or room in {"ui", "app"}, f"{path} imports gradio"
        assert "torch" not in tops or room not in NO_TORCH, f"{path} imports torch"


def test_nothing_that_serves_can_reach_what_trains():
    """Along any chain of imports, not only in one step."""
    reached, left = set(), list(SERVING)
    while left:
        room = left.pop()
        if room not in reached:
            reached.add(room)
            left += {other for path in modules() if room_of(path) == room for other in rooms_of(imports(path))}
    assert not reached & FOR_TRAINING


def task_of(dotted: tuple[str, ...]) -> str | None:
    """The task whose file or folder a module is, by the stems in its path."""
    return next((part for part in dotted if part in TASKS), None)


def test_no_task_imports_anothers_files():
    """Neither its file beside the other's, nor a helper out of the other's folder."""
    for path in modules():
        parts = path.relative_to(ROOT).with_suffix("").parts
        own = task_of(parts)
        if own is None or parts[1] not in {"models", "pipelines", "service", "ui", "training"}:
            continue
        room = parts[: parts.index(own)]
        for name in imports(path):
            there = tuple(name.split("."))
            other = task_of(there[:-1]) or task_of(there)
            assert other in (None, own) or there[: len(room)] != room, f"{path.relative_to(ROOT)} imports {name}"


def test_the_four_stems_stand_everywhere():
    for folder in ("models", "pipelines", "ui", "service", "requests", "training/recipes"):
        here = {path.stem for path in (ROOT / "studio" / folder).iterdir()}
        assert TASKS <= here, f"studio/{folder} lacks {TASKS - here}"


def test_habits():
    for path in modules():
        assert ast.get_docstring(tree_of(path)), f"{path} has no head docstring"
        assert path.stem not in {"utils", "helpers", "common", "manager"}
        for node in ast.walk(tree_of(path)):
            assert not (isinstance(node, ast.ExceptHandler) and node.type is None), f"{path} has a bare except"
        assert "pickle" not in {name.split(".")[0] for name in imports(path)}


def test_no_name_hides_a_file_of_the_top_level():
    """Only what the README names lies at the top."""
    allowed = {
        "app.py", "studio", "checkpoints", "tests", "requirements.txt", "README.md",
        "pyproject.toml", "requirements-dev.txt", "Makefile", "benchmarks", "LICENSE",
    }  # fmt: skip
    visible = {path.name for path in ROOT.iterdir() if not path.name.startswith(".")} - {"runs", "__pycache__"}
    assert visible <= allowed, visible - allowed
