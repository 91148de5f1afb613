"""The class list, read from CSV."""

from pathlib import Path

import pytest

from labkit.classroom.roster import BadRoster, Student, read_roster


def read(tmp_path: Path, text: str) -> list[Student]:
    path = tmp_path / "roster.csv"
    path.write_text(text, encoding="utf-8")
    return read_roster(path)


def test_roster_with_pseudonyms_is_read(tmp_path: Path) -> None:
    """Other columns, blank lines and Excel's byte order mark are ignored."""
    text = "\ufeffEmail,Name,shown_as\na@x.org, Ana  Lima ,otter\n\n,Ben Okafor,\n"
    assert read(tmp_path, text) == [Student("Ana Lima", "otter"), Student("Ben Okafor", "Ben Okafor")]


def test_roster_plain_list_is_read(tmp_path: Path) -> None:
    assert read(tmp_path, "Ana\nBen\n") == [Student("Ana", "Ana"), Student("Ben", "Ben")]


@pytest.mark.parametrize(
    ("text", "fault"),
    [
        ("", "lists no students"),
        ("name\n", "lists no students"),
        ("first,last\nAna,Lima\n", "has no column `name`"),
        ("name;shown_as\nAna Lima;otter\n", "the columns are separated by semicolons or tabs"),
        ("name\tshown_as\nAna Lima\totter\n", "the columns are separated by semicolons or tabs"),
        ("name,pseudonym\nAna Lima,otter\n", "'pseudonym' is not a roster column"),
        ("name,shown as\nAna Lima,otter\n", "'shown as' is not a roster column"),
        ("Ana;otter\n", "the columns are separated by semicolons or tabs"),
        ("name\nAna\nAna\n", "lists a student twice"),
        ("name,shown_as\nAna,otter\nBen,OTTER\n", "two students would be shown as 'OTTER'"),
        ("name\nAna: the first\n", "line 2: 'Ana: the first' is not a valid name"),
        ("name,shown_as\n,otter\n", "line 2: '' is not a valid name"),
    ],
)
def test_roster_fault_names_its_line(tmp_path: Path, text: str, fault: str) -> None:
    with pytest.raises(BadRoster, match=fault):
        read(tmp_path, text)


def test_roster_missing_file_is_reported(tmp_path: Path) -> None:
    with pytest.raises(BadRoster, match="No such file"):
        read_roster(tmp_path / "none.csv")
