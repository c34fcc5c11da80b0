"""Plugins: of the library, of a package, of a script, of a cell of a notebook."""

import subprocess
import sys
from pathlib import Path

import pytest

import longthink as lt
from longthink import registry
from longthink.base.errors import UserError


def make_shift(module: str = "__main__", qualname: str = "Shift") -> type[lt.Perturbation]:
    """A class as a notebook makes it anew each time that its cell is run."""

    class Shift(lt.Perturbation):
        """Moves nothing yet."""

    Shift.__module__, Shift.__qualname__ = module, qualname
    return Shift


def test_an_unknown_name_lists_the_known_ones() -> None:
    with pytest.raises(UserError, match=r"no problem 'prefix_sum' \(did you mean 'prefix_sums'\?\); known are: "):
        registry.find("problems", "prefix_sum")


def test_dashes_are_as_good_as_underscores() -> None:
    assert registry.find("formats", "easy-to-hard") is registry.find("formats", "easy_to_hard")


def test_helpers_are_no_plugins() -> None:
    assert registry.names("miners") == ["chess_puzzles"]
    assert {"prefix_sums_laptop", "prefix_sums_thesis"} <= set(registry.names("recipes"))
    assert not {"Recipe", "net"} & set(registry.names("recipes"))


def test_what_is_read_from_files_is_what_is_registered_when_they_are_imported() -> None:
    for kind, written in registry._written().items():
        for name, found in written.items():
            plugin = registry.find(kind, name)
            assert plugin.__module__ == found.module
            assert registry.kind_of(plugin) == kind


def test_a_class_is_known_by_its_name_in_snake_case_or_by_another() -> None:
    shift = lt.register(make_shift())
    assert registry.find("perturbations", "shift") is shift
    assert lt.perturbation("shift", strength=2).strength == 2
    other = lt.register(name="sideways")(make_shift("somewhere"))
    assert registry.find("perturbations", "sideways") is other
    assert registry.name_of(other) == "sideways"
    assert {"shift", "sideways"} <= set(registry.names("perturbations"))


def test_a_cell_that_is_run_again_replaces_what_it_made() -> None:
    first = lt.register(make_shift())
    second = lt.register(make_shift())
    assert registry.find("perturbations", "shift") is second
    with pytest.raises(UserError, match="Shift has been defined anew since"):
        registry.check_known(first)


@pytest.mark.parametrize(
    ("thing", "name", "sentence"),
    [
        (make_shift("another_module"), "noise", "There is a perturbation 'noise' already, in longthink.perturbations"),
        (make_shift(), "No Name", "a plugin's name is of a-z"),
        (dict, None, "is no plugin: a subclass of Problem"),
        (len, None, "is no plugin"),
        (3, None, "is no plugin"),
    ],
)
def test_what_is_no_plugin_or_has_anothers_name_is_refused(thing: object, name: str | None, sentence: str) -> None:
    with pytest.raises(UserError, match=f"(?i){sentence}"):
        lt.register(thing) if name is None else lt.register(name=name)(thing)


def test_what_is_not_there_yet_says_what_to_import() -> None:
    with pytest.raises(UserError, match="There is no model 'knot_net' yet; import knots.nets first, which registers"):
        registry.find("models", "knot_net", "knots.nets")
    with pytest.raises(UserError, match="run what defines it first"):
        registry.find("models", "knot_net", "__main__")


def test_names_are_listed_without_torch() -> None:
    program = (
        "import sys\nfrom longthink import registry\n"
        "print([registry.summary(kind, name) for kind in registry.KINDS for name in registry.names(kind)])\n"
        "assert 'torch' not in sys.modules and 'numba' not in sys.modules and 'pandas' not in sys.modules\n"
        "import longthink as lt\nassert 'torch' not in sys.modules\nlt.Problem\nassert 'torch' in sys.modules\n"
    )
    subprocess.run([sys.executable, "-c", program], check=True, capture_output=True)


OF_CLASSES = [(kind, name) for kind in registry.BASES.values() for name in registry.names(kind)]


@pytest.mark.parametrize(("kind", "name"), OF_CLASSES, ids=" ".join)
def test_options_read_from_files_are_those_that_a_plugin_takes(kind: str, name: str) -> None:
    written = registry.written_of(kind, name)
    assert written is not None
    assert set(written) == set(registry.options(registry.find(kind, name)).model_fields)


def test_options_of_a_function_are_its_arguments() -> None:
    written = registry.written_of("miners", "chess_puzzles")
    assert written is not None
    assert {"engine", "count", "folder", "seed"} < set(written)


def test_plugins_of_others_are_checked_when_they_are_made() -> None:
    registry.check("perturbations", "swap", ["strength"])
    with pytest.raises(UserError, match="Swap has no option 'strenght' \\(did you mean 'strength'\\?\\)"):
        registry.check("perturbations", "swap", ["strenght"])

    @lt.register
    class Own(lt.Perturbation):
        """Has an option of its own."""

        far: int = 3

    assert registry.written_of("perturbations", "own") is None
    registry.check("perturbations", "own", ["whatever"])
    with pytest.raises(UserError, match="Own has no option 'whatever'"):
        lt.perturbation("own", whatever=3)


def test_an_entry_point_that_registers_nothing_is_told(tmp_path: Path) -> None:
    (tmp_path / "empty_pack.py").write_text("")
    info = tmp_path / "empty_pack-1.0.dist-info"
    info.mkdir()
    (info / "METADATA").write_text("Metadata-Version: 2.1\nName: empty-pack\nVersion: 1.0\n")
    (info / "entry_points.txt").write_text("[longthink.problems]\ncount_down = empty_pack\n")
    program = f"import sys; sys.path.insert(0, {str(tmp_path)!r})\nimport longthink as lt\nlt.problem('count_down')"
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=False)
    assert "empty_pack was to register the problem 'count_down', as its package says, and does not" in done.stderr
