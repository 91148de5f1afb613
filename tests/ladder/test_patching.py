"""Unified diffs, applied strictly."""

import difflib

import pytest

from labkit.ladder.patching import DoesNotApply, patched

OLD = "a\nb\nc\nd\ne\nf\ng\nh\ni\nj\n"


@pytest.mark.parametrize(
    "new",
    [
        OLD.replace("a\n", "A\n"),
        OLD.replace("j\n", "j\nk\n"),
        OLD.replace("a\n", "").replace("j\n", ""),
        OLD.replace("e\n", "--- e\n+++ e\n@@ -1,2 +3,4 @@\n"),
        OLD.replace("c\n", "").replace("h\n", "h\n\nx\n"),
        "x\n" + OLD,
        OLD,
    ],
)
@pytest.mark.parametrize("context", [0, 3])
def test_patch_made_by_difflib_gives_the_new_text(new: str, context: int) -> None:
    diff = "".join(difflib.unified_diff(OLD.splitlines(True), new.splitlines(True), "a", "b", n=context))
    assert patched(OLD, f"What failed: what it does\n\n{diff}") == new


@pytest.mark.parametrize("text", [OLD.replace("c\n", "C\n"), "x\n" + OLD, "a\nb\n", ""])
def test_patch_for_another_text_is_refused_with_the_line(text: str) -> None:
    new = OLD.replace("d\n", "D\n")
    diff = "".join(difflib.unified_diff(OLD.splitlines(True), new.splitlines(True), "a", "b"))
    with pytest.raises(DoesNotApply, match=r"line \d+ is not '[a-d]'"):
        patched(text, diff)
