"""Scenes as files: pictures of every kind, strips and films."""

import json
from pathlib import Path
from xml.etree import ElementTree

import numpy as np
import pytest
from PIL import Image

from longthink.base.errors import UserError
from longthink.figures import FILMS, PICTURES, film, picture, strip
from longthink.figures.scene import Scene, pixels

SCENES = [Scene.of_shares(np.full((2, 3), share)) for share in (0.0, 0.5, 1.0)]


@pytest.mark.parametrize("suffix", PICTURES)
def test_a_picture_of_each_kind(tmp_path: Path, suffix: str) -> None:
    path = picture(SCENES[1], tmp_path / f"scene{suffix}")
    if suffix == ".svg":
        assert ElementTree.parse(path).getroot().attrib["width"] == "72"
    elif suffix == ".json":
        assert json.loads(path.read_text())["width"] == 72
    else:
        found = np.asarray(Image.open(path)).astype(int)
        assert np.abs(found - pixels(SCENES[1])).max() <= (2 if suffix == ".jpg" else 0)


@pytest.mark.parametrize("suffix", FILMS)
def test_a_film_of_each_kind(tmp_path: Path, suffix: str) -> None:
    if suffix == ".mp4":
        pytest.importorskip("av")
    path = film(SCENES, tmp_path / f"scenes{suffix}", seconds=0.3)
    if suffix != ".mp4":
        with Image.open(path) as opened:
            assert (opened.n_frames, opened.size) == (3, (72, 48))
    assert path.stat().st_size > 0


def test_a_strip_has_a_panel_for_each_scene(tmp_path: Path) -> None:
    found = np.asarray(Image.open(strip(dict(zip("abc", SCENES, strict=True)), tmp_path / "strip.png")))
    assert found.shape == (345, 900, 4)
    middle = found[200, :, 0]
    assert (middle[150], middle[450], middle[750]) == (0, 128, 255)


def test_other_kinds_are_refused(tmp_path: Path) -> None:
    with pytest.raises(UserError, match=r"one of \.png, \.jpg, \.svg, \.json, not as '\.bmp'"):
        picture(SCENES[0], tmp_path / "scene.bmp")
    with pytest.raises(UserError, match="A film is written as one of"):
        film(SCENES, tmp_path / "scenes.png")
    assert not [*tmp_path.iterdir()]
