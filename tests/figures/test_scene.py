"""Scenes: every part at its place in pixels, in SVG and in JSON."""

import base64
import io
import json
import subprocess
import sys
from xml.etree import ElementTree

import numpy as np
import pytest
from PIL import Image

from longthink.figures.scene import Cells, Line, Scene, Text, as_json, pixels, svg

RED, BLUE = (255, 0, 0), (0, 0, 255)
SVG = "{http://www.w3.org/2000/svg}"


def cell(left: float, top: float, right: float, bottom: float, *colour: int, blend: str = "normal") -> Cells:
    """A single one, of red, green, blue and opacity."""
    return Cells(np.array([top, bottom]), np.array([left, right]), np.array([[colour]], np.uint8), blend)


@pytest.fixture
def scene() -> Scene:
    """One of each part."""
    return Scene(
        width=40,
        height=30,
        cells=(
            Cells.squares(np.array([[RED, BLUE]], np.uint8), side=5, left=2, top=1),
            Cells(np.array([20.0, 24.0]), np.array([0.0, 2.0, 4.0]), np.zeros((1, 2, 4), np.uint8)),
        ),
        lines=(Line(0, 10.5, 40, 10.5, colour=RED), Line(35, 0, 35, 30, colour=BLUE, thickness=2)),
        texts=(Text(20, 20, "<&♞", 12, BLUE), Text(10, 25, "a", 8, RED, edge=(0, 0, 0))),
        picture=np.full((3, 4, 3), 200, np.uint8),
    )


def test_pixels_of_each_part(scene: Scene) -> None:
    drawn = pixels(scene)
    assert drawn.shape == (30, 40, 3)
    assert (drawn[1:6, 2:7] == RED).all()
    assert (drawn[1:6, 7:12] == BLUE).all()
    assert (drawn[10, :34] == RED).all()
    assert (drawn[:, 34:36] == BLUE).all()
    assert (drawn[20:24, :4] == 200).all()  # cells of no opacity
    rest = drawn.copy()
    rest[1:6, 2:12] = rest[10] = rest[:, 34:36] = 200
    rest[12:30, 4:33] = 200
    assert (rest == 200).all()
    assert {RED, BLUE, (0, 0, 0)} <= {tuple(pixel) for pixel in drawn[12:30, 4:33].reshape(-1, 3).tolist()}


def test_a_text_is_in_the_middle() -> None:
    inked = (pixels(Scene(60, 40, texts=(Text(30, 20, "♞", 24),))) < 128).all(2)
    rows, columns = np.flatnonzero(inked.any(1)), np.flatnonzero(inked.any(0))
    assert abs((columns[0] + columns[-1] + 1) / 2 - 30) <= 1
    assert abs((rows[0] + rows[-1] + 1) / 2 - 20) <= 3


@pytest.mark.parametrize("scale", [0.5, 2, 3])
def test_a_scale_makes_everything_larger(scene: Scene, scale: float) -> None:
    drawn = pixels(scene, scale)
    assert drawn.shape == (30 * scale, 40 * scale, 3)
    assert drawn[int(3 * scale), int(5 * scale)].tolist() == [*RED]
    assert drawn[int(10.5 * scale), 0].tolist() == [*RED]
    assert drawn[0, int(35 * scale)].tolist() == [*BLUE]


def test_opacity_and_multiply() -> None:
    behind = np.array([[[255, 255, 255], [0, 0, 0], [200, 100, 0]]], np.uint8)

    def over(*colour: int, blend: str = "normal") -> list[list[int]]:
        return pixels(Scene(3, 1, (cell(0, 0, 3, 1, *colour, blend=blend),), picture=behind))[0].tolist()

    assert over(10, 20, 30, 255) == [[10, 20, 30]] * 3
    assert over(10, 20, 30, 0) == over(10, 20, 30, 0, blend="multiply") == behind[0].tolist()
    assert over(0, 0, 0, 51) == [[204] * 3, [0] * 3, [160, 80, 0]]
    assert over(255, 0, 0, 51) == [[255, 204, 204], [51, 0, 0], [211, 80, 0]]
    assert over(51, 255, 0, 255, blend="multiply") == [[51, 255, 0], [0, 0, 0], [40, 100, 0]]
    assert over(0, 255, 0, 51, blend="multiply") == [[204, 255, 204], [0, 0, 0], [160, 100, 0]]


def test_a_picture_is_stretched_without_smoothing_and_not_written_to() -> None:
    picture = np.arange(4 * 3, dtype=np.uint8).reshape(2, 2, 3)
    drawn = pixels(Scene(6, 4, (cell(0, 0, 1, 1, *RED, 255),), picture=picture))
    assert (drawn[2:, 3:] == picture[1, 1]).all()
    assert (drawn[1:2, :3] == picture[0, 0]).all()
    assert drawn[0, 0].tolist() == [*RED]
    assert picture[0, 0].tolist() == [0, 1, 2]


def test_what_is_outside_is_cut_off() -> None:
    drawn = pixels(Scene(4, 4, (cell(-2, 3, 2, 9, *RED, 255), cell(7, 0, 9, 2, *BLUE, 255))))
    assert (drawn[3, :2] == RED).all()
    assert (drawn == 255).all(2).sum() == 14


def test_svg_has_every_part_that_can_be_seen(scene: Scene) -> None:
    root = ElementTree.fromstring(svg(scene))
    found = {name: root.findall(f".//{SVG}{name}") for name in ("rect", "line", "text", "image", "g")}
    assert {name: len(some) for name, some in found.items()} == {"rect": 2, "line": 2, "text": 2, "image": 1, "g": 2}
    assert [text.text for text in found["text"]] == ["<&♞", "a"]
    assert found["rect"][1].attrib == {"x": "7", "y": "1", "width": "5", "height": "5", "fill": "#0000ff"}
    assert root.attrib["viewBox"] == "0 0 40 30"
    embedded = base64.b64decode(found["image"][0].attrib["href"].removeprefix("data:image/png;base64,"))
    assert np.array_equal(np.asarray(Image.open(io.BytesIO(embedded))), scene.picture)


def test_svg_blends_and_lets_shine_through() -> None:
    root = ElementTree.fromstring(svg(Scene(4, 4, (cell(0, 0, 2, 2, *RED, 51, blend="multiply"),))))
    (group,) = root.findall(f"{SVG}g")
    assert group.attrib["style"] == "mix-blend-mode:multiply"
    assert float(group[0].attrib["fill-opacity"]) == pytest.approx(0.2)


def test_json_has_everything(scene: Scene) -> None:
    text = as_json(scene)
    assert text.endswith("}\n")
    read = json.loads(text)
    assert np.array_equal(np.asarray(Image.open(io.BytesIO(base64.b64decode(read.pop("picture"))))), scene.picture)
    cells = tuple(
        Cells(np.array(one["rows"]), np.array(one["columns"]), np.array(one["colours"], np.uint8), blend=one["blend"])
        for one in read.pop("cells")
    )
    lines = tuple(Line(**one | {"colour": tuple(one["colour"])}) for one in read.pop("lines"))
    colours = ("colour", "edge")
    texts = tuple(Text(**one | {name: one[name] and tuple(one[name]) for name in colours}) for one in read.pop("texts"))
    again = Scene(**read, cells=cells, lines=lines, texts=texts, picture=scene.picture)
    assert (again.lines, again.texts) == (scene.lines, scene.texts)
    assert np.array_equal(pixels(again), pixels(scene))
    assert json.loads(as_json(Scene(1, 1)))["picture"] is None


def test_figures_leave_pyplot_and_its_backend_alone_and_need_no_torch() -> None:
    program = """
import sys
import longthink.figures.scene
assert not {"torch", "matplotlib", "pandas"} & {*sys.modules}
import matplotlib
matplotlib.use("svg")
from longthink import figures
assert all(getattr(figures, name) for name in figures.__all__)
assert matplotlib.get_backend() == "svg"
assert not {"torch", "matplotlib.pyplot"} & {*sys.modules}
"""
    subprocess.run([sys.executable, "-c", program], check=True)
