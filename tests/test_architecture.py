"""Imports run one way: docs/architecture.md draws the arrows, this test holds them."""

import ast
from pathlib import Path

import pytest

PACKAGE = Path(__file__).parent.parent / "hanlib"
# Modules without imports of ours that every part may use.
SHARED = {"atomic_files", "blas_threads", "checks", "presets"}
# part -> the parts it may import; a part that is not listed here is an error.
ALLOWED = {
    **{name: set() for name in SHARED},
    "ops": set(),
    "text": set(),
    "data": set(),
    "optimizers": set(),
    "losses": set(),
    "metrics": set(),
    "evidence": set(),
    "embeddings": set(),
    "evaluation": {"evidence"},
    "layers": {"ops", "text"},
    "explain": {"layers", "ops", "text", "evidence"},
    "serving": {"explain", "layers", "ops", "text", "evidence"},
    "beam": {"data", "serving"},
    "models": {
        *("data", "evidence", "explain", "layers", "losses", "metrics", "ops", "optimizers"),
        *("serving", "text"),
    },
    "sklearn": {"data", "layers", "models", "training"},
    "training": {
        *("data", "embeddings", "evaluation", "layers", "losses", "metrics", "models", "ops"),
        *("evidence", "optimizers"),
    },
    "__main__": {"cli"},
    "cli": {
        *(
            "beam",
            "data",
            "embeddings",
            "evaluation",
            "evidence",
            "explain",
            "layers",
            "models",
            "ops",
            "serving",
            "text",
            "training",
        )
    },
}


def part_of(path):
    return path.relative_to(PACKAGE).parts[0].removesuffix(".py")


def imported_parts(tree):
    """The parts of hanlib that a module imports, at its top or inside its functions."""
    return parts_of_nodes(ast.walk(tree))


def parts_of_nodes(nodes):
    for node in nodes:
        if isinstance(node, ast.ImportFrom):
            assert node.level == 0, f"relative import in line {node.lineno}: write the full name"
            modules = [node.module]
            if node.module == "hanlib":
                modules = [f"hanlib.{alias.name}" for alias in node.names]
        elif isinstance(node, ast.Import):
            modules = [alias.name for alias in node.names]
        else:
            continue
        for module in modules:
            if module.startswith("hanlib."):
                yield module.split(".")[1]


FILES = sorted(path for path in PACKAGE.rglob("*.py") if path != PACKAGE / "__init__.py")


@pytest.mark.parametrize("path", FILES, ids=lambda path: str(path.relative_to(PACKAGE)))
def test_imports_run_one_way(path):
    part = part_of(path)
    assert part in ALLOWED, f"{part} has no place in the import direction"
    tree = ast.parse(path.read_text())
    imported = set(imported_parts(tree)) - {part, "__version__"}
    if part not in SHARED:
        imported -= SHARED
    wrong = imported - ALLOWED[part]
    assert not wrong, f"{part} may not import {wrong}"


def test_the_direction_has_no_cycle():
    order = []
    while len(order) < len(ALLOWED):
        ready = [p for p in ALLOWED if p not in order and ALLOWED[p] <= set(order)]
        assert ready, f"cycle among {set(ALLOWED) - set(order)}"
        order += ready


def test_the_checker_sees_every_form_of_import():
    source = "import hanlib.data.files\nfrom hanlib import models\n"
    source += "def f():\n    from hanlib.cli import x"
    assert set(imported_parts(ast.parse(source))) == {"data", "models", "cli"}
