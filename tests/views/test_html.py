"""Text from the wire is escaped, and no status depends on colour alone."""

from html.parser import HTMLParser
from unicodedata import east_asian_width

from hypothesis import given
from hypothesis import strategies as st

from labkit.views import html


class Reader(HTMLParser):
    """The tags and the text of a piece of HTML."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.tags: list[str] = []
        self.text: list[str] = []
        self.feed(text)
        self.close()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append(tag)

    def handle_data(self, data: str) -> None:
        self.text.append(data)


PRINTABLE = st.text(st.characters(blacklist_categories=("Cs", "Cc")), min_size=1, max_size=30)


@given(PRINTABLE, PRINTABLE)
def test_table_cell_is_escaped(head: str, body: str) -> None:
    read = Reader(html.table([head], [[body]]))
    assert read.tags == ["table", "thead", "tr", "th", "tbody", "tr", "td"]
    assert "".join(read.text) == head + body


def test_script_stays_text() -> None:
    read = Reader(html.bars({"<script>alert(1)</script>": 50}, {}))
    assert "script" not in read.tags
    assert "<script>alert(1)</script>" in read.text


@given(PRINTABLE)
def test_mark_shows_its_word(word: str) -> None:
    read = Reader(html.mark(word))
    assert read.tags == ["span", "b"]
    assert read.text[-1].strip() == word.strip()


def test_every_status_has_its_own_shape() -> None:
    for family in (("pass", "fail", "started", "help", "inconclusive"), ("critical", "warning", "info")):
        assert len({html.MARKS[word][0] for word in family}) == len(family)


def luminance(colour: str) -> float:
    """Relative luminance as WCAG 2 defines it, from 0 to 1."""
    parts = (int(colour[at : at + 2], 16) / 255 for at in (1, 3, 5))
    red, green, blue = (part / 12.92 if part <= 0.04045 else ((part + 0.055) / 1.055) ** 2.4 for part in parts)
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue


def test_every_colour_is_visible_on_light_and_dark() -> None:
    for _, colour in html.MARKS.values():
        assert 1.05 / (luminance(colour) + 0.05) >= 3
        assert (luminance(colour) + 0.05) / (luminance("#111111") + 0.05) >= 3


def test_shapes_are_not_emoji() -> None:
    """Browsers draw emoji in their own colours."""
    assert [word for word, (shape, _) in html.MARKS.items() if east_asian_width(shape) == "W"] == []
