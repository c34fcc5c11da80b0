"""docs/gallery.md says what there is today."""

import importlib.util
import re
from pathlib import Path

DOCS = Path(__file__).parent.parent.parent / "docs"


def test_the_gallery_is_what_its_script_makes() -> None:
    spec = importlib.util.spec_from_file_location("make_gallery", DOCS / "make_gallery.py")
    assert spec is not None
    assert spec.loader is not None
    script = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(script)
    page = (DOCS / "gallery.md").read_text(encoding="utf-8")
    assert page == script.page(), "run python docs/make_gallery.py"
    pictures = re.findall(r"!\[.*?\]\((.*?)\)", page)
    assert [Path(picture).stem for picture in pictures] == [*script.own("problems"), *script.own("games")]
    assert all((DOCS / picture).is_file() for picture in pictures)
