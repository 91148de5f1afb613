"""What came over the wire is shown as text, and no status depends on its colour."""

from html.parser import HTMLParser

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
def test_whatever_is_said_is_text_in_a_table(head: str, said: str) -> None:
    read = Reader(html.table([head], [[said]]))
    assert read.tags == ["table", "thead", "tr", "th", "tbody", "tr", "td"]
    assert "".join(read.text) == head + said


def test_a_script_stays_text() -> None:
    read = Reader(html.bars({"<script>alert(1)</script>": 50}, {}))
    assert "script" not in read.tags
    assert "<script>alert(1)</script>" in read.text


@given(PRINTABLE)
def test_a_mark_says_its_word(word: str) -> None:
    read = Reader(html.mark(word))
    assert read.tags == ["span", "b"]
    assert read.text[-1].strip() == word.strip()


def test_every_known_status_has_a_shape_of_its_own_kind() -> None:
    for family in (("pass", "fail", "started", "help", "inconclusive"), ("critical", "warning", "info")):
        assert len({html.MARKS[word][0] for word in family}) == len(family)
