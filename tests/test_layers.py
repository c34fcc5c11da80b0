"""Imports point downwards only, and what begins with an underscore stays in its folder."""

import ast
from pathlib import Path

import pytest

PACKAGE = Path(__file__).parent.parent / "longthink"
LAYERS = [
    ["base"],
    ["registry", "figures"],
    ["plugin_options", "contracts"],
    ["thinking"],
    ["problems", "models", "objectives", "perturbations", "games"],
    ["formats", "measuring"],
    ["training"],
    ["recipes"],
    ["study"],
    ["viewer"],
    ["testing"],
    ["__init__"],
    ["cli"],
]
"""Folders, or files beside them, lowest first."""
WITHOUT_TORCH = ["registry", "figures", "cli"]
"""Pictures are made from rows alone, and names are listed without importing what they name."""
FILES = sorted(PACKAGE.rglob("*.py"))


def name_of(path: Path) -> str:
    """As it is imported: longthink.problems.mazes.problem, of a folder's __init__ the folder."""
    parts = ["longthink", *path.relative_to(PACKAGE).with_suffix("").parts]
    return ".".join(parts[:-1] if parts[-1] == "__init__" else parts)


MODULES = {name_of(path): path for path in FILES}


def imports(path: Path, top_only: bool = False) -> set[str]:
    """The modules that a file imports, wherever in the file, or only when it is imported itself."""
    tree = ast.parse(path.read_text())
    found = set()
    for node in tree.body if top_only else ast.walk(tree):
        if isinstance(node, ast.Import):
            found |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom) and node.module:
            inside = {f"{node.module}.{alias.name}" for alias in node.names}
            found |= {name if name in MODULES else node.module for name in inside}
    return found


def layer_of(module: str) -> int:
    folder = [*module.split("."), "__init__"][1]
    return next(index for index, layer in enumerate(LAYERS) if folder in layer)


@pytest.mark.parametrize("path", FILES, ids=lambda path: str(path.relative_to(PACKAGE)))
def test_imports_point_downwards_and_private_files_stay_private(path: Path) -> None:
    own = name_of(path)
    for name in imports(path):
        if name.partition(".")[0] != "longthink" or own == "longthink":
            continue
        folder, other = [*own.split("."), "__init__"][1], [*name.split("."), "__init__"][1]
        assert folder == other or layer_of(name) < layer_of(own), f"{own} must not import {name}"
        inside, _, last = name.rpartition(".")
        assert not last.startswith("_") or f"{own}.".startswith(f"{inside}."), f"{name} is private to its folder"


@pytest.mark.parametrize("module", WITHOUT_TORCH)
def test_some_modules_are_imported_without_torch(module: str) -> None:
    folder = PACKAGE / module
    pending = [folder.with_suffix(".py")] if folder.with_suffix(".py").exists() else list(folder.glob("*.py"))
    seen = set(pending)
    while pending:
        path = pending.pop()
        for name in imports(path, top_only=True):
            assert name.partition(".")[0] != "torch", f"{module} imports torch by way of {name_of(path)}"
            if name in MODULES and MODULES[name] not in seen:
                seen.add(MODULES[name])
                pending.append(MODULES[name])
