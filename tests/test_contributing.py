"""What the pages for newcomers name is there: paths, commands, targets, recipes, result files and names of the code."""

import ast
import importlib.util
import re
from functools import lru_cache
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parent.parent
PAGES = ("README.md", ".github/CONTRIBUTING.md")
TOPS = r"(?:studio|tests|benchmarks|checkpoints|\.github|\.ci)"
FILES = r"(?:app\.py|Makefile|pyproject\.toml|requirements(?:-dev)?\.txt)"


def read(page: str) -> str:
    return (ROOT / page).read_text(encoding="utf-8")


def code_of(text: str) -> list[str]:
    """Every piece of code of a page: between backticks, and lines of indented or fenced blocks."""
    fenced = re.findall(r"^```\w*\n(.*?)^```", text, re.MULTILINE | re.DOTALL)
    rest = re.sub(r"^```\w*\n.*?^```", "", text, flags=re.MULTILINE | re.DOTALL)
    indented = re.findall(r"^ {4,}(\S.*)$", rest, re.MULTILINE)
    return [*fenced, *indented, *re.findall(r"`([^`\n]+)`", rest)]


def paths(text: str) -> set[str]:
    """Paths from the repository's top; a ``<name>`` in one stands for any."""
    code = code_of(text) + re.findall(r"!\[[^\]]*\]\(([^)]+)\)", text)
    found = re.findall(rf"(?<![\w./-])({TOPS}/[\w.<>*/-]*|{FILES})", "\n".join(code))
    return {re.sub(r"<\w+>", "*", path.rstrip("./")) for path in found}


def modules(text: str) -> set[str]:
    return set(re.findall(r"python3? -m ([\w.]+)", "\n".join(code_of(text)))) - {"benchmarks.NAME"}


def targets(text: str) -> set[str]:
    return set(re.findall(r"(?:^|\n|\s)make (\w+)", "\n".join(code_of(text))))


def recipes(text: str) -> set[str]:
    return set(re.findall(r"-m studio\.training (\w+)", "\n".join(code_of(text))))


@lru_cache
def defined() -> set[str]:
    """Every class, function and constant of the package, the benchmarks and the tests."""
    found: set[str] = set()
    for folder in ("studio", "benchmarks", "tests"):
        for path in (ROOT / folder).rglob("*.py"):
            text = path.read_text(encoding="utf-8")
            found |= set(re.findall(r"^\s*(?:class|def) (\w+)", text, re.MULTILINE))
            found |= set(re.findall(r"^([A-Za-z_]\w*)(?:: [^=\n]+)? = ", text, re.MULTILINE))
    return found


def names(text: str) -> set[str]:
    """Names of the code between backticks: of classes, and of constants that are no mere placeholders such as DATA."""
    words = re.findall(r"`([A-Z][A-Za-z_]+)`", text)
    return {word for word in words if not word.isupper() or "_" in word or len(word) > 5} - {"Makefile"}


def test_what_is_looked_for_is_found():
    """In a page whose names are known, so that the tests below do not pass for finding nothing."""
    page = (
        "See `studio/ui/page.py`, `studio/requests/<task>.py`, `app.py`, ![a](.github/pictures/a.jpg), `TextBook`.\n\n"
        "    make thing\n    .venv/bin/python -m studio.training painter --export checkpoints/a\n\n"
        "```\npython -m benchmarks.speed\n```\nBy the way, make sure of `OLD_TABLE` and `make it`.\n"
    )
    expected = {"studio/ui/page.py", "studio/requests/*.py", "app.py", ".github/pictures/a.jpg", "checkpoints/a"}
    assert paths(page) == expected
    assert modules(page) == {"studio.training", "benchmarks.speed"}
    assert targets(page) == {"thing", "it"} and recipes(page) == {"painter"}
    assert names(page) == {"TextBook", "OLD_TABLE"}


@pytest.mark.parametrize("page", PAGES)
def test_every_path_is_there(page):
    found = paths(read(page))
    assert len(found) > 15
    assert not [path for path in found if not list(ROOT.glob(path))]


@pytest.mark.parametrize("page", PAGES)
def test_every_module_can_be_run(page):
    found = modules(read(page))
    assert len(found) > 3
    for name in found:
        spec = importlib.util.find_spec(name)
        assert spec is not None, name
        if spec.submodule_search_locations is not None:
            assert importlib.util.find_spec(f"{name}.__main__") is not None, name
        elif name.startswith(("studio.", "benchmarks.")):
            assert '__name__ == "__main__"' in Path(str(spec.origin)).read_text(encoding="utf-8"), name


@pytest.mark.parametrize("page", PAGES)
def test_every_target_is_in_the_makefile(page):
    known = set(re.findall(r"^(\w+):", read("Makefile"), re.MULTILINE))
    assert {"run", "test"} <= targets(read(page)) <= known


@pytest.mark.parametrize("page", PAGES)
def test_every_recipe_is_in_the_table(page):
    tree = ast.parse(read("studio/training/__main__.py"))
    tables = [node.value for node in tree.body if isinstance(node, ast.Assign) and node.targets[0].id == "RECIPES"]
    assert set() < recipes(read(page)) <= set(ast.literal_eval(tables[0]))


@pytest.mark.parametrize("page", PAGES)
def test_every_result_file_is_there(page):
    files = set(re.findall(r"`(?:benchmarks/results/)?(\w+\.json)`", read(page)))
    assert files and not [name for name in files if not (ROOT / "benchmarks" / "results" / name).is_file()]


def test_every_name_is_defined():
    found = names(read(".github/CONTRIBUTING.md")) - {"DiffusionPipeline"}
    assert len(found) > 15 and found <= defined(), found - defined()


def test_every_mark_of_the_tests_is_declared():
    chosen = re.findall(r'pytest -m "?([\w ]+?)"?(?: +#|$)', read(".github/CONTRIBUTING.md"), re.MULTILINE)
    words = {word for expression in chosen for word in expression.split()} - {"not", "and", "or"}
    declared = set(re.findall(r'^    "(\w+): ', read("pyproject.toml"), re.MULTILINE))
    assert {"e2e", "shipped"} <= words <= declared


def test_the_hosted_run_is_pinned_and_calls_what_everybody_calls():
    workflow = read(".github/workflows/test.yml")
    used = re.findall(r"uses: (\S+)", workflow)
    assert used and all(re.fullmatch(r"[\w/-]+@[0-9a-f]{40}", action) for action in used)
    assert "run: bash .ci/run" in workflow
    assert re.findall(r"^permissions:\n((?:  .+\n)+)", workflow, re.MULTILINE) == ["  contents: read\n"]
