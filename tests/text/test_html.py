"""Text becomes HTML in one place."""

import pytest

from labkit.text.html import Markup, described, fill, text


@pytest.mark.parametrize(
    ("value", "shown"),
    [("<b> & \"'", "&lt;b&gt; &amp; &#34;&#39;"), (Markup("<b>"), "<b>"), ("\ud800", "\\ud800"), (3, "3")],
    ids=["text", "markup", "lone surrogate", "number"],
)
def test_all_but_markup_is_escaped(value: object, shown: str) -> None:
    assert text(value) == shown
    assert fill("<i>{}</i>", value) == f"<i>{shown}</i>"
    assert described([("a", value)]) == f"<dl><dt>a</dt><dd>{shown}</dd></dl>"
