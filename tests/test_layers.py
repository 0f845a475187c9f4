"""Who may import whom, and how long things may be: the design's table, held."""

import ast
import subprocess
import sys
from pathlib import Path

import pytest

PACKAGE = Path(__file__).parents[1] / "transferbench"
FILES = sorted(PACKAGE.rglob("*.py"))
BASE = {"schema", "errors", "files"}
MAY_IMPORT = {
    "errors": set(),
    "schema": set(),
    "files": set(),
    "tricks": {"schema", "errors"},
    "backbones": {"errors", "files"},
    "engine": {"tricks"} | BASE,
    "miniature": {"errors"},
    "tasks": {"engine", "backbones", "tricks"} | BASE,
    "recipes": {"tasks", "engine", "backbones", "tricks"} | BASE,
    "runs": {"recipes", "tasks", "engine", "backbones", "tricks", "transferbench"} | BASE,
    "reports": {"runs.record"} | BASE,
    "benchmarks": {"tasks", "engine", "backbones", "tricks", "recipes", "runs"} | BASE,
    "cli": {"recipes", "runs", "reports", "tasks", "engine", "backbones", "tricks", "miniature", "benchmarks"}
    | BASE,
    "__main__": {"cli"},
    "__init__": set(),
}
HEAVY = {"torch", "torchvision", "scipy", "matplotlib", "numpy", "pandas"}


def imports_of(path: Path) -> set[str]:
    """Returns what a file imports of ours, as `folder.module`."""
    found = set()
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, ast.ImportFrom) and (node.module or "").startswith("transferbench"):
            module = (node.module or "").removeprefix("transferbench").lstrip(".")
            found |= {f"{module}.{alias.name}" if module.count(".") == 0 else module for alias in node.names}
        elif isinstance(node, ast.Import):
            names = [alias.name for alias in node.names if alias.name.startswith("transferbench")]
            found |= {name.removeprefix("transferbench.") for name in names}
    return found


def name_of(path: Path) -> str:
    return str(path.relative_to(PACKAGE))


@pytest.mark.parametrize("path", FILES, ids=name_of)
def test_a_file_imports_only_what_its_folder_may(path: Path) -> None:
    parts = path.relative_to(PACKAGE).with_suffix("").parts
    folder = parts[0]

    for imported in imports_of(path):
        first, *rest = imported.split(".")
        allowed = MAY_IMPORT[folder] | {folder}
        assert first in allowed or ".".join([first, *rest[:1]]) in allowed or imported == ".__version__", (
            imported
        )


@pytest.mark.parametrize("folder", ["tricks", "tasks"])
def test_siblings_do_not_know_each_other(folder: str) -> None:
    shared = {"base", "catalog", "bag", "loader", "picture_files", "predicted"}
    shared |= {"cache", "decode", "drawing", "faults", "fingerprint"}
    for path in (PACKAGE / folder).rglob("*.py"):
        own = path.relative_to(PACKAGE).with_suffix("").parts
        if own[1] in shared:
            continue
        others = {i.split(".")[1] for i in imports_of(path) if i.startswith(f"{folder}.")} - shared
        assert others <= {own[1]}, (path, others)


@pytest.mark.parametrize("path", FILES, ids=name_of)
def test_files_and_functions_stay_short(path: Path) -> None:
    text = path.read_text()
    functions = [n for n in ast.walk(ast.parse(text)) if isinstance(n, ast.FunctionDef)]

    assert len(text.splitlines()) <= 250
    for function in functions:
        docstring = ast.get_docstring(function, clean=False) or ""
        body = (function.end_lineno or 0) - function.body[0].lineno + 1 - len(docstring.splitlines())
        assert body <= 40, f"{function.name} has {body} lines"


@pytest.mark.parametrize(
    "module",
    [
        "cli.main",
        "runs.record",
        "runs.cell",
        "runs.pool",
        "recipes.load",
        "reports.comparing.comparison",
        "reports.page.page",
        "reports.words.as_json",
        "reports.words.formats",
        "reports.words.table",
        "runs.failure",
        "runs.forecast",
        "runs.index",
        "runs.stand",
        "cli.dry_run",
        "cli.report",
        "cli.compare",
        "tasks.catalog",
        "backbones.catalog",
        "tricks.bag",
        "engine.plan",
    ],
)
def test_what_must_answer_at_once_imports_nothing_heavy(module: str) -> None:
    code = f"import sys, transferbench.{module}; print(*sys.modules)"

    modules = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout

    assert not HEAVY & set(modules.split())


def test_only_the_command_line_prints() -> None:
    for path in FILES:
        if path.relative_to(PACKAGE).parts[0] != "cli":
            calls = [n for n in ast.walk(ast.parse(path.read_text())) if isinstance(n, ast.Call)]
            assert not [c for c in calls if isinstance(c.func, ast.Name) and c.func.id == "print"], path
