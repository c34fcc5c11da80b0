"""Mazes found in pictures of every style, answers drawn back, and pictures that are refused."""

import runpy
from dataclasses import replace
from pathlib import Path
from types import SimpleNamespace

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
from longthink.problems.mazes._pictures import PATH_COLOUR, MazePicture, find_maze, open_picture
from longthink.problems.mazes.problem import Mazes

drawings = SimpleNamespace(**runpy.run_path(str(Path(__file__).with_name("drawings.py"))))
Style = drawings.Style
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


@pytest.mark.parametrize("light_walls", [False, True])
@pytest.mark.parametrize("style", [{}, {"wall": 4}, {"way": 20, "wall": 20, "border": 20, "scale": 1.13, "margin": 9}])
def test_ends_may_lie_in_passages(style: dict[str, float], light_walls: bool) -> None:
    """Walls taken for ways have ends in passages too, and would have a way all around."""
    colours = {"paper": (0, 0, 0), "ink": (255, 255, 255)} if light_walls else {}
    for seed in range(6):
        cells = to_cells(Mazes(ends="cells").sample(9, 1, seed).x[0])
        pixels, expected = drawings.drawn(cells, Style(**{"margin": 5, **style, **colours}), seed)
        assert np.array_equal(find_maze(pixels).cells, expected)


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
    drawn = scene.pixels(Mazes().view.scene(puzzles, puzzles.y[0]))
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


def same_maze(found: np.ndarray, cells: np.ndarray) -> bool:
    """Whether the cells are the same, and the ends, whichever is called the start."""
    other = np.array([kernels.WALL, kernels.OPEN, kernels.RED, kernels.GREEN], np.uint8)[cells]
    return np.array_equal(found, cells) or np.array_equal(found, other)


LINES = Style(way=16, wall=3, border=3, margin=14)
SCAN = Style(way=14, wall=4, border=4, margin=16, jpeg=70, noise=4.0, blur=0.5, shadow=0.4, scale=1.1)
BLOCKS = Style(way=9, wall=9, border=9, margin=9)
BLUE_AND_YELLOW = ((0, 90, 255), (255, 220, 0))
NEON = {"paper": (30, 30, 30), "ink": (0, 230, 118), "ends": ((255, 80, 0), (255, 0, 200))}


@pytest.mark.parametrize(
    ("level", "style"),
    [
        (9, Style(way=1, wall=1, border=1, ends=None)),
        (19, Style(way=1, wall=1, border=1, in_border=True)),
        (13, replace(LINES, ends=None)),
        (13, replace(BLOCKS, ends=None)),
        (13, replace(BLOCKS, in_border=True)),
        (13, replace(LINES, in_border=True, ends=BLUE_AND_YELLOW)),
        (13, replace(LINES, dots=True, ends=BLUE_AND_YELLOW)),
        (13, replace(BLOCKS, ends=((230, 0, 0), (230, 0, 0)))),
        (13, replace(BLOCKS, ends=((255, 140, 0), (0, 80, 220)))),
        (13, replace(LINES, ends=((220, 0, 200), (0, 190, 200)), scale=1.3, jpeg=60)),
        (13, replace(BLOCKS, paper=(20, 20, 24), ink=(240, 240, 240))),
        (13, replace(BLOCKS, paper=(20, 20, 24), ink=(240, 240, 240), ends=None)),
        (13, replace(BLOCKS, paper=(20, 20, 24), ink=(240, 240, 240), in_border=True)),
        (13, replace(LINES, paper=(0, 0, 0), ink=(255, 255, 255), dots=True)),
        (13, replace(LINES, paper=(20, 50, 140), ink=(255, 255, 255))),
        (13, replace(BLOCKS, paper=(20, 50, 140), ink=(255, 255, 255), dots=True, scale=1.4, jpeg=75)),
        (13, replace(LINES, paper=(255, 255, 255), ink=(40, 60, 160))),
        (13, replace(LINES, paper=(250, 240, 215), ink=(90, 50, 20), ends=None)),
        (13, replace(LINES, **NEON)),
        (13, replace(BLOCKS, **NEON, in_border=True)),
        (13, replace(LINES, shadow=0.6)),
        (19, replace(BLOCKS, shadow=0.6, ends=None)),
        (13, replace(LINES, noise=10.0, jpeg=40)),
        (13, replace(LINES, wall=2, scale=0.9, blur=0.8, dots=True)),
        (9, replace(LINES, angle=5.0)),
        (19, replace(LINES, angle=-5.0, dots=True)),
        (19, replace(BLOCKS, angle=3.0)),
        (19, replace(BLOCKS, angle=-1.0, ends=None)),
        (13, replace(BLOCKS, angle=2.0, paper=(20, 20, 24), ink=(240, 240, 240))),
        (9, replace(SCAN, angle=4.5)),
        (13, replace(SCAN, angle=-3.3, ends=None)),
        (19, replace(SCAN, angle=1.1, dots=True)),
        (25, replace(SCAN, angle=-0.6)),
        (13, replace(SCAN, angle=2.5, in_border=True, ends=BLUE_AND_YELLOW)),
        (19, replace(SCAN, angle=-4.0, way=10, wall=10, border=10)),
    ],
)
def test_mazes_in_many_styles(level: int, style: object) -> None:
    pixels, cells = drawings.drawn(drawings.square_maze(level, seed=level), style, seed=3)
    assert same_maze(find_maze(pixels).cells, cells)


@pytest.mark.parametrize("marks", ["openings", "painted"])
def test_the_upper_opening_is_the_start_and_a_path_leads_from_it_to_the_other(marks: str) -> None:
    """
    #G#####
    #   # #
    ### # #
    #     #
    #####R#
    """
    walls = np.array([list(row) for row in ("# #####", "#   # #", "### # #", "#     #", "##### #")]) == "#"
    pixels = np.where(walls, 0, 255).astype(np.uint8)[..., None].repeat(3, 2)
    if marks == "painted":
        pixels[0, 1], pixels[4, 5] = (255, 0, 0), (0, 255, 0)
    ends = [kernels.RED, kernels.GREEN] if marks == "painted" else [kernels.GREEN, kernels.RED]
    found = find_maze(pixels)
    expected = np.array([[1, 1, 1, 0, 1], [0, 0, 1, 0, 1], [1, 1, 1, 1, 1]], np.uint8)
    expected[0, 0], expected[2, 4] = ends
    assert np.array_equal(found.cells, expected)
    assert (found.rows[0], found.columns[0]) == (1, 1)
    path = np.empty_like(found.cells)
    assert kernels.shortest_path(found.cells, path) == 7


def opened(*openings: tuple[int, int]) -> np.ndarray:
    """A picture of a maze of thin lines without marks, with openings in its frame's cells."""
    cells = np.where(drawings.square_maze(9, 0) == kernels.WALL, kernels.WALL, kernels.OPEN).astype(np.uint8)
    framed = np.pad(cells, 1)
    for opening in openings:
        framed[opening] = kernels.OPEN
    sizes = [3, *[15, 3] * 5]
    return COLOURS[framed].repeat(sizes, 0).repeat(sizes, 1).astype(np.uint8) * 255


@pytest.mark.parametrize(
    ("openings", "sentence"),
    [
        ([], "no marks in colour, and no opening"),
        ([(0, 1)], "no marks in colour, and one opening"),
        ([(0, 1), (10, 9), (5, 0)], "no marks in colour, and 3 openings"),
    ],
)
def test_where_not_two_openings_are_the_ends_it_is_said_how_many_there_are(
    openings: list[tuple[int, int]], sentence: str
) -> None:
    with pytest.raises(UserError, match=f"{sentence}.*coordinates"):
        find_maze(opened(*openings))


def test_a_mark_and_an_opening_are_ends_and_a_mark_beyond_an_opening_means_it() -> None:
    pixels = opened((10, 9))
    pixels[6:15, 6:15] = (0, 90, 255)
    found = find_maze(pixels)
    assert found.cells[0, 0] == kernels.GREEN
    assert found.cells[8, 8] == kernels.RED
    pixels = np.pad(opened((0, 1), (10, 9)), ((20, 20), (20, 20), (0, 0)), constant_values=255)
    pixels[6:16, 25:35], pixels[-16:-6, -35:-25] = (255, 0, 0), (0, 200, 0)
    found = find_maze(pixels)
    assert found.cells[0, 0] == kernels.RED
    assert found.cells[8, 8] == kernels.GREEN
    assert not found.painted


@pytest.mark.parametrize("angle", [0.0, 4.0])
def test_ends_may_be_given_in_pixels_of_the_picture_also_of_one_that_is_turned(angle: float) -> None:
    style = replace(LINES, angle=angle, dots=True)
    pixels, cells = drawings.drawn(drawings.square_maze(13, 1), style)
    marks = [(pixels[..., channel].astype(int) - pixels.min(2) > 150).nonzero() for channel in (1, 0)]
    places = [(float(columns.mean()), float(rows.mean())) for rows, columns in marks]
    bare = np.where((pixels.max(2) - pixels.min(2) > 20)[..., None], 255, pixels).astype(np.uint8)
    found = find_maze(bare, (places[0], places[1]))
    assert np.array_equal(found.cells, cells)
    drawn = scene.pixels(found.scene(np.zeros(cells.shape)))
    changed = (drawn != found.pixels).any(2)
    assert set(map(tuple, drawn[changed & (found.pixels == 255).all(2)].tolist())) == {(0, 200, 0), (230, 0, 0)}


def test_given_ends_must_be_two_ways_of_the_maze() -> None:
    pixels = opened()
    assert find_maze(pixels, ((10, 10), (83, 83))).cells.shape == (9, 9)
    for ends, sentence in (
        (((10, 10), (500, 10)), r"no cell at \(500, 10\)"),
        (((10, 10), (12, 12)), "the same cell"),
        (((10, 10), (1, 1)), "stands on a wall"),
    ):
        with pytest.raises(UserError, match=sentence):
            find_maze(pixels, ends)


def test_a_way_that_is_drawn_in_colour_is_no_end_but_a_way() -> None:
    cells = drawings.square_maze(13, 2)
    path = np.empty_like(cells)
    kernels.shortest_path(cells, path)
    pixels = painted(cells, 12, 4, 4, 5)
    line = painted(np.where(path, kernels.OPEN, kernels.WALL).astype(np.uint8), 12, 4, 4, 5)
    on_line = (line == 255).all(2) & (pixels == 255).all(2)
    on_line[:5], on_line[-5:], on_line[:, :5], on_line[:, -5:] = False, False, False, False
    assert on_line.sum() > 1000
    pixels[on_line] = (80, 80, 255)
    assert np.array_equal(find_maze(pixels).cells, cells)
    with pytest.raises(UserError, match="over many cells is taken for a way"):
        find_maze(np.where((pixels == (0, 255, 0)).all(2, keepdims=True), (80, 80, 255), pixels).astype(np.uint8))


NO_GRIDS = {
    "round": drawings.round_maze(1),
    "round, thick": drawings.round_maze(2, 400, 9, 5),
    "hexagons": drawings.tiled_maze(1, 6),
    "hexagons, thick": drawings.tiled_maze(2, 6, 400, 20, 4, 0.75),
    "triangles": drawings.tiled_maze(1, 3),
    "triangles, large": drawings.tiled_maze(2, 3, 400, 25, 3, 0.5),
    "noise": drawings.noise(1, 250),
    "coarse noise": drawings.noise(2, 400, 20),
    "text": drawings.text_page(1),
    "turned too far": drawings.drawn(drawings.square_maze(13, 0), replace(LINES, angle=30.0))[0],
}


@pytest.mark.parametrize("name", NO_GRIDS)
def test_what_is_no_grid_is_refused_with_the_share_that_the_best_grid_explains(name: str) -> None:
    with pytest.raises(UserError, match=r"no maze on a grid: the best grid.* explains only \d+%"):
        find_maze(NO_GRIDS[name])


@pytest.mark.parametrize("shape", [(1, 1), (2, 2), (1, 60), (60, 1), (3, 3), (7, 300)])
def test_pictures_of_few_pixels_are_refused(shape: tuple[int, int]) -> None:
    rng = np.random.default_rng(0)
    for values in (np.zeros(shape), np.full(shape, 255), rng.integers(0, 2, shape) * 255, rng.integers(0, 256, shape)):
        pixels = values.astype(np.uint8)[..., None].repeat(3, 2)
        for ends in (None, ((0, 0), (shape[1] - 1, shape[0] - 1))):
            with pytest.raises(UserError, match="shows no maze"):
                find_maze(pixels, ends)


def test_pictures_of_one_colour_or_one_wall_are_refused() -> None:
    wall = np.full((80, 80, 3), 255, np.uint8)
    wall[40:44] = 0
    for pixels in (np.zeros((80, 80, 3), np.uint8), np.full((80, 80, 3), 255, np.uint8), wall):
        with pytest.raises(UserError, match="shows no maze"):
            find_maze(pixels)


def test_a_large_picture_is_made_smaller() -> None:
    cells = drawings.square_maze(9, 0)
    found = find_maze(painted(cells, 300, 100, 100, 51))
    assert np.array_equal(found.cells, cells)
    assert max(found.pixels.shape) <= 2000


def test_photographs_are_turned_upright(tmp_path: Path) -> None:
    cells = drawings.square_maze(13, 0)
    exif = Image.Exif()
    exif[0x0112] = 6  # the camera was held so that the picture has to be turned clockwise
    Image.fromarray(np.rot90(painted(cells, 14, 5, 5, 5))).save(tmp_path / "maze.jpg", exif=exif, quality=95)
    assert np.array_equal(find_maze(open_picture(tmp_path / "maze.jpg")).cells, cells)


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


def test_the_answer_is_seen_on_light_ways_and_on_dark_ones() -> None:
    cells = np.array([[kernels.GREEN, kernels.OPEN, kernels.RED]], np.uint8)
    for way in (20, 240):
        pixels = np.full((9, 27, 3), way, np.uint8)
        found = MazePicture(pixels, cells, np.array([0, 9]), np.array([0, 9, 18, 27]))
        red, _, blue = scene.pixels(found.scene(np.ones(cells.shape)))[4, 13].astype(int)
        assert blue > red + 100
