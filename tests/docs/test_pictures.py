"""The animated picture at the top of the README."""

from PIL import Image

from tests.moving_picture import MOST_BYTES, PICTURE
from tests.test_repository import ROOT


def test_readme_opens_with_a_moving_picture() -> None:
    opening = (ROOT / "README.md").read_text(encoding="utf-8").split("\n## ")[0]
    assert f"(docs/{PICTURE.name})" in opening
    assert PICTURE.stat().st_size < MOST_BYTES
    with Image.open(PICTURE) as picture:
        assert getattr(picture, "n_frames", 1) > 40
        assert picture.info["loop"] == 0
