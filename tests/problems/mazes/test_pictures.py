"""Mazes found in pictures of every style, answers drawn back, and pictures that are refused."""

from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image

from longthink.base.errors import UserError
from longthink.base.pictures import MOST_PIXELS
from longthink.figures import scene
from longthink.problems.mazes import _kernels as kernels
from longthink.problems.mazes._cells import to_cells
from longthink.problems.mazes._pictures import PATH_COLOUR, find_maze, open_picture
from longthink.problems.mazes.problem import Mazes

COLOURS = np.array([[0, 0, 0], [1, 1, 1], [0, 1, 0], [1, 0, 0]])
"""Of wall, open, green and red cells."""


def painted(cells: np.ndarray, way: int = 8, wall: int = 8, border: int = 8, margin: int = 0) -> np.ndarray:
    """A picture (H, W, 3) with ways and walls of their own thickness, a border, and a white margin around."""
    heights, widths = ([border, *[way, wall] * (size // 2), way, border] for size in cells.shape)
    pixels = COLOURS[np.pad(cells, 1)].repeat(heights, 0).repeat(widths, 1) * 255
    return np.pad(pixels, ((margin, margin), (margin, margin), (0, 0)), constant_values=255).astype(np.uint8)


def maze(rows: int, columns: int, seed: int = 0) -> np.ndarray:
    """The cells of a rectangular maze, cut from a larger square one, with ends that a path joins."""
    cells = to_cells(Mazes(openings=0.3).sample(2 * max(rows, columns) + 1, 1, seed).x[0])[:rows, :columns].copy()
    cells[cells != kernels.WALL] = kernels.OPEN
    cells[0, 0] = kernels.GREEN
    here, joined = (0, 0), {(0, 0)}
    pending = [here]
    while pending:
        here = pending.pop()
        for there in ((here[0] + 1, here[1]), (here[0] - 1, here[1]), (here[0], here[1] + 1), (here[0], here[1] - 1)):
            inside = 0 <= there[0] < rows and 0 <= there[1] < columns
            if inside and cells[there] != kernels.WALL and there not in joined:
                joined.add(there)
                pending.append(there)
    nodes = [cell for cell in sorted(joined - {(0, 0)}) if cell[0] % 2 == cell[1] % 2 == 0]
    cells[nodes[-1]] = kernels.RED
    return cells


STYLES = st.fixed_dictionaries(
    {"way": st.integers(1, 20), "wall": st.integers(1, 20), "border": st.integers(1, 25), "margin": st.integers(0, 12)}
)


@settings(deadline=None, max_examples=80, derandomize=True)
@given(
    level=st.sampled_from([9, 13, 21]),
    seed=st.integers(0, 1000),
    style=STYLES,
    algorithm=st.sampled_from(["depth_first", "prim"]),
)
def test_a_maze_is_found_whatever_the_thickness_of_ways_walls_and_border(
    level: int, seed: int, style: dict[str, int], algorithm: str
) -> None:
    cells = to_cells(Mazes(algorithm=algorithm).sample(level, 1, seed, "train").x[0])
    found = find_maze(painted(cells, **style))
    assert np.array_equal(found.cells, cells)


@settings(deadline=None, max_examples=40, derandomize=True)
@given(level=st.sampled_from([5, 7]), seed=st.integers(0, 1000), style=STYLES.filter(lambda style: style["way"] > 2))
def test_small_mazes_may_show_fewer_lines_than_they_have_but_keep_their_ways(
    level: int, seed: int, style: dict[str, int]
) -> None:
    """Two lines of cells that look the same may be taken for one: the path stays, and is drawn where it is."""
    puzzles = Mazes().sample(level, 1, seed, "train")
    cells = to_cells(puzzles.x[0])
    found = find_maze(painted(cells, **style))
    path, true_path = np.empty_like(found.cells), np.empty_like(cells)
    assert kernels.shortest_path(found.cells, path) > 0
    kernels.shortest_path(cells, true_path)
    true_path[cells != kernels.OPEN] = 0
    expected = (painted(np.where(true_path, kernels.RED, kernels.WALL).astype(np.uint8), **style) == (255, 0, 0)).all(2)
    drawn = (scene.pixels(found.scene(path.astype(float))) != found.pixels).any(2)
    assert not (drawn & ~expected).any()


def test_the_smallest_pictures_of_small_mazes() -> None:
    for seed in range(300):
        cells = to_cells(Mazes().sample(5, 1, seed, "train").x[0])
        assert np.array_equal(find_maze(painted(cells, way=1, wall=1, border=1)).cells, cells)


@pytest.mark.parametrize(("rows", "columns"), [(9, 21), (33, 5), (13, 15)])
@pytest.mark.parametrize("style", [{}, {"way": 12, "wall": 2, "border": 3, "margin": 7}])
def test_rectangular_mazes(rows: int, columns: int, style: dict[str, int]) -> None:
    cells = maze(rows, columns)
    assert np.array_equal(find_maze(painted(cells, **style)).cells, cells)
    puzzles = Mazes().from_maze(cells)
    assert puzzles.x.shape[2:] == (2 * rows + 6, 2 * columns + 6)
    assert puzzles.level == max(rows, columns)


@pytest.mark.parametrize("kind", ["jpg", "webp", "gif", "bmp", "tiff"])
def test_other_kinds_near_colours_and_resized_pictures(tmp_path: Path, kind: str) -> None:
    cells = to_cells(Mazes().sample(13, 1).x[0])
    pixels = painted(cells, way=14, wall=5, border=6, margin=3).astype(float)
    rng = np.random.default_rng(0)
    pixels = np.clip(pixels * 0.8 + 20 + rng.normal(0, 6, pixels.shape), 0, 255).astype(np.uint8)
    image = Image.fromarray(pixels)
    image.resize((image.width * 3 // 2, image.height * 3 // 2)).save(tmp_path / f"maze.{kind}")
    assert np.array_equal(find_maze(open_picture(tmp_path / f"maze.{kind}")).cells, cells)


def test_ends_may_be_dots_and_what_is_transparent_is_white(tmp_path: Path) -> None:
    cells = to_cells(Mazes().sample(9, 1).x[0])
    bare = np.where(cells == kernels.WALL, kernels.WALL, kernels.OPEN).astype(np.uint8)
    pixels = painted(bare, way=15, wall=15, border=15)
    alpha = np.where(pixels.any(2), 0, 255).astype(np.uint8)
    for colour, rgb in ((kernels.GREEN, (30, 160, 60)), (kernels.RED, (200, 40, 50))):
        row, column = np.argwhere(cells == colour)[0]
        dot = np.s_[15 * (row + 1) + 4 : 15 * (row + 1) + 11, 15 * (column + 1) + 4 : 15 * (column + 1) + 11]
        pixels[dot], alpha[dot] = rgb, 255
    Image.fromarray(np.dstack([pixels, alpha])).save(tmp_path / "maze.png")
    assert np.array_equal(find_maze(open_picture(tmp_path / "maze.png")).cells, cells)


def test_the_answer_is_drawn_on_the_open_cells_of_the_picture_and_nowhere_else(tmp_path: Path) -> None:
    cells = to_cells(Mazes().sample(9, 1).x[0])
    pixels = painted(cells, way=11, wall=3, border=5, margin=4)
    Image.fromarray(pixels).save(tmp_path / "maze.png")
    puzzles = Mazes().view.parse(str(tmp_path / "maze.png"))
    drawn = scene.pixels(Mazes().view.scene(puzzles))
    assert drawn.shape == pixels.shape
    path = np.empty_like(cells)
    kernels.shortest_path(cells, path)
    on_path = painted(
        np.where((path == 1) & (cells == kernels.OPEN), kernels.RED, kernels.WALL).astype(np.uint8), 11, 3, 5
    )
    expected = np.pad((on_path == (255, 0, 0)).all(2), 4)
    assert np.array_equal((drawn != pixels).any(2), expected)
    assert (drawn[expected] == PATH_COLOUR).all()


def spoilt(**edits: tuple[int, int]) -> np.ndarray:
    cells = np.array([[2, 1, 1, 1, 3], [1, 0, 0, 0, 1], [1, 1, 1, 0, 1], [0, 0, 0, 0, 1], [1, 1, 1, 1, 1]], np.uint8)
    for name, cell in edits.items():
        cells[cell] = {"wall": 0, "way": 1, "green": 2, "red": 3}[name.rstrip("0123456789")]
    return painted(cells)


@pytest.mark.parametrize(
    ("pixels", "sentence"),
    [
        (spoilt(way=(0, 4)), "no red end"),
        (spoilt(way=(0, 0)), "no green end"),
        (spoilt(green=(4, 4)), "more than one green end"),
        (spoilt(red=(4, 0)), "more than one red end"),
        (spoilt(way=(0, 4), red=(1, 2), wall0=(0, 2), wall1=(2, 2)), "stands on a wall"),
        (spoilt(wall0=(0, 2), wall1=(2, 2)), "No path joins"),
        (np.full((40, 40, 3), 255, np.uint8), "no maze"),
        (np.array([255, 200, 0], np.uint8) * (np.indices((40, 40)).sum(0) > 30)[..., None], "no maze on a grid"),
    ],
)
def test_pictures_that_are_no_solvable_maze_are_refused(pixels: np.ndarray, sentence: str) -> None:
    with pytest.raises(UserError, match=sentence):
        find_maze(pixels)


def test_a_photograph_is_no_maze() -> None:
    rng = np.random.default_rng(0)
    noise = np.asarray(Image.fromarray(rng.integers(0, 256, (40, 40, 3), dtype=np.uint8)).resize((400, 400)))
    with pytest.raises(UserError, match=r"no maze|more than one|stands on|No path"):
        find_maze(noise)
    y, x = np.mgrid[:400, :400]
    rings = np.where(np.hypot(x - 200, y - 190) % 60 < 30, 0, 255)[..., None].repeat(3, 2).astype(np.uint8)
    rings[5:15, 5:15], rings[180:190, 195:205] = (255, 0, 0), (0, 255, 0)
    with pytest.raises(UserError, match=r"no maze on a grid|stands on"):
        find_maze(rings)


def test_files_that_are_no_pictures_are_refused(tmp_path: Path) -> None:
    with pytest.raises(UserError, match="There is no picture"):
        open_picture(tmp_path / "none.png")
    (tmp_path / "text.png").write_text("not a picture")
    with pytest.raises(UserError, match="not a picture of a kind"):
        open_picture(tmp_path / "text.png")
    Image.fromarray(np.random.default_rng(0).integers(0, 256, (200, 200, 3), dtype=np.uint8)).save(tmp_path / "cut.png")
    content = (tmp_path / "cut.png").read_bytes()
    (tmp_path / "cut.png").write_bytes(content[: len(content) // 2])
    with pytest.raises(UserError, match="damaged, cut short"):
        open_picture(tmp_path / "cut.png")
    with pytest.raises(UserError):
        open_picture(tmp_path)


@pytest.mark.parametrize("side", [9_000, 30_000])
def test_a_decompression_bomb_is_refused_unread(tmp_path: Path, side: int) -> None:
    assert side**2 > MOST_PIXELS
    Image.new("1", (side, side)).save(tmp_path / "bomb.png")
    assert (tmp_path / "bomb.png").stat().st_size < 1_000_000
    with pytest.raises(UserError, match=r"make it smaller"):
        open_picture(tmp_path / "bomb.png")
