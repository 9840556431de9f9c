"""Who may import whom, read with ``ast`` from every module; and a few habits that a reader relies on."""

import ast
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parent.parent
PLAIN = {"errors", "clip", "scene", "requests", "settings", "catalogue"}
ALLOWED = {
    **{name: PLAIN for name in PLAIN},
    "media": PLAIN,
    "motion": PLAIN,
    "models": PLAIN,
    "privacy": PLAIN,
    "tensors": PLAIN,
    "pipelines": PLAIN | {"motion", "models", "tensors"},
    "metrics": PLAIN | {"motion", "tensors", "models"},
    "worlds": PLAIN | {"motion", "tensors", "models"},
    "training": PLAIN | {"media", "motion", "models", "privacy", "tensors", "worlds", "metrics"},
    "service": PLAIN | {"media", "motion", "privacy", "pipelines"},
    "cli": PLAIN | {"service"},
    "ui": PLAIN | {"service"},
    "__main__": {"cli"},
    "app": {"settings", "service", "ui"},
}
TASKS = {"text_to_video", "interpolation", "restyle", "prediction"}
NO_TORCH = PLAIN | {"media", "privacy", "ui", "cli", "app"}


def room_of(path: Path) -> str:
    parts = path.relative_to(ROOT).with_suffix("").parts
    return parts[0] if parts[0] == "app" else parts[1]


def modules() -> list[Path]:
    found = [ROOT / "app.py", *(ROOT / "studio").rglob("*.py")]
    return [path for path in found if path != ROOT / "studio" / "__init__.py"]


def imports(path: Path) -> set[str]:
    names: set[str] = set()
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            names |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0, f"{path} uses a relative import"
            names |= {f"{node.module}.{alias.name}" for alias in node.names}
    return names


def test_enough_modules_are_found():
    assert len(modules()) >= 60


@pytest.mark.parametrize("path", modules(), ids=lambda path: str(path.relative_to(ROOT)))
def test_imports_keep_the_layers(path):
    room = room_of(path)
    assert room in ALLOWED, f"{room} is not a room of the house"
    for name in imports(path):
        if name.startswith("studio."):
            target = name.split(".")[1]
            assert target == room or target in ALLOWED[room], f"{room} may not import {name}"
        top = name.split(".")[0]
        assert top != "gradio" or room in {"ui", "app"}, f"{room} imports gradio"
        assert top != "torch" or room not in NO_TORCH, f"{room} imports torch"


@pytest.mark.parametrize("path", modules(), ids=lambda path: str(path.relative_to(ROOT)))
def test_task_files_do_not_import_their_siblings(path):
    if path.stem not in TASKS:
        return
    room = ".".join(path.relative_to(ROOT).with_suffix("").parts[:-1])
    siblings = {f"{room}.{task}" for task in TASKS - {path.stem}}
    assert not {name for name in imports(path) for sibling in siblings if name.startswith(sibling)}


def test_the_four_stems_stand_everywhere():
    for folder in ("models", "pipelines", "ui", "service", "training/recipes"):
        here = {path.stem for path in (ROOT / "studio" / folder).glob("*.py")}
        assert TASKS <= here, f"studio/{folder} lacks {TASKS - here}"


def test_habits():
    for path in modules():
        tree = ast.parse(path.read_text(encoding="utf-8"))
        assert ast.get_docstring(tree), f"{path} has no head docstring"
        assert path.stem not in {"utils", "helpers", "common", "manager"}
        for node in ast.walk(tree):
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
