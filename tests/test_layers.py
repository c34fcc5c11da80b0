"""Imports point downwards only."""

import ast
from pathlib import Path

import pytest

PACKAGE = Path(__file__).parent.parent / "longthink"
LAYERS = [
    ["errors", "seeds", "files"],
    ["memory", "figures", "tiles", "group_tables", "houses", "gradient_flow"],
    ["groups"],
    ["contracts", "staircase"],
    ["registry", "thinking", "step_layers"],
    ["frontier"],
    ["problems", "models", "objectives", "stabilisers"],
    ["recipe"],
    ["recipes", "runs"],
    ["formats", "perturbations", "evaluate", "dynamics"],
    ["train", "solving", "analysis"],
    ["trials", "readings"],
    ["experiment"],
    ["experiments", "miners"],
    ["reproduce"],
    ["report"],
    ["__init__"],
    ["cli"],
]
WITHOUT_TORCH = ["errors", "seeds", "files", "figures"]
"""Pictures are made from rows alone."""


def module_name(path: Path) -> str:
    return path.relative_to(PACKAGE).with_suffix("").parts[0]


def imports(path: Path) -> set[str]:
    """Dotted names a file imports, wherever in the file."""
    found = set()
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, ast.Import):
            found |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom) and node.module:
            found |= {f"{node.module}.{alias.name}" for alias in node.names}
    return found


def rank(module: str) -> int:
    return next(index for index, layer in enumerate(LAYERS) if module in layer)


@pytest.mark.parametrize("path", sorted(PACKAGE.rglob("*.py")), ids=lambda path: str(path.relative_to(PACKAGE)))
def test_imports_point_downwards(path: Path) -> None:
    own = module_name(path)
    for name in imports(path):
        parts = name.split(".")
        if parts[0] != "longthink" or own == "__init__":
            continue
        module = parts[1] if any(parts[1] in layer for layer in LAYERS) else "__init__"
        assert rank(module) < rank(own) or module == own, f"{own} must not import {module}"


@pytest.mark.parametrize("module", WITHOUT_TORCH)
def test_some_modules_never_import_torch(module: str) -> None:
    pending, seen = [module], set()
    while pending:
        current = pending.pop()
        seen.add(current)
        alone, folder = PACKAGE / f"{current}.py", PACKAGE / current
        for path in [alone] if alone.exists() else folder.glob("*.py"):
            for name in imports(path):
                assert not name.startswith("torch"), f"{module} imports torch by way of {current}"
                if name.startswith("longthink."):
                    pending += {name.split(".")[1]} - seen


def test_every_module_has_a_layer() -> None:
    for path in PACKAGE.rglob("*.py"):
        rank(module_name(path))
