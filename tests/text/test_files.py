"""Text files of other programs: read right, or refused with the encoding, the line and the way out."""

import ast
import codecs
from pathlib import Path
from zipfile import ZipFile

import pytest

import labkit
from labkit.classroom.roster import BadRoster, read_roster
from labkit.text import files as text_files
from labkit.wire.http.users import BadUsers, read_users
from tests.package import modules

NAMES = ("José Muñoz", "Zoë O\u2019Brien", "Björn Åström", "Élise Gélinas", "André Sóto")
ROSTER = "name,shown_as\r\n" + "".join(f"{name},animal{number}\r\n" for number, name in enumerate(NAMES))
USERS = "name,code,rooms\n" + "".join(f"{name},code-number-{number},room:*\n" for number, name in enumerate(NAMES))
READ_RIGHT = ("utf-8", "utf-8-sig", "utf-16", "utf-32")
REFUSED = {
    "cp1252": "line 2 is not UTF-8; it looks like Windows-1252",
    "mac_roman": "line 2 is not UTF-8; it looks like Mac Roman",
    "utf-16-le": "line 1 contains null bytes and looks like UTF-16 without a BOM",
    "utf-16-be": "line 1 contains null bytes and looks like UTF-16 without a BOM",
}
SAVE = "save it as UTF-8"


@pytest.mark.parametrize("encoding", READ_RIGHT)
def test_marked_encodings_are_read_right(encoding: str, tmp_path: Path) -> None:
    (tmp_path / "r.csv").write_bytes(ROSTER.encode(encoding))
    (tmp_path / "u.csv").write_bytes(USERS.encode(encoding))
    assert [student.name for student in read_roster(tmp_path / "r.csv")] == list(NAMES)
    assert read_users(tmp_path / "u.csv").grants(NAMES[0], "code-number-0", "", 0.0) is not None


@pytest.mark.parametrize("encoding", REFUSED)
def test_other_encodings_are_named_with_the_line(encoding: str, tmp_path: Path) -> None:
    (tmp_path / "r.csv").write_bytes(ROSTER.encode(encoding))
    (tmp_path / "u.csv").write_bytes(USERS.encode(encoding))
    with pytest.raises(BadRoster, match=REFUSED[encoding]) as roster:
        read_roster(tmp_path / "r.csv")
    with pytest.raises(BadUsers, match=REFUSED[encoding]) as users:
        read_users(tmp_path / "u.csv")
    assert SAVE in str(roster.value)
    assert SAVE in str(users.value)
    assert "code-number" not in str(users.value)


@pytest.mark.parametrize(
    "name", [*NAMES, "García", "O\u2019Neil", "Müller", "Nuñez", "Åse", "Łukasz".replace("Ł", "É")]
)
@pytest.mark.parametrize("encoding", ["cp1252", "mac_roman"])
def test_one_name_is_enough_to_guess(name: str, encoding: str, tmp_path: Path) -> None:
    (tmp_path / "r.csv").write_bytes(f"name\nAnna Smith\n{name}\n".encode(encoding))
    guessed = {"cp1252": "Windows-1252", "mac_roman": "Mac Roman"}[encoding]
    with pytest.raises(BadRoster, match=f"line 3 is not UTF-8; it looks like {guessed}"):
        read_roster(tmp_path / "r.csv")


def test_chinese_names_in_gbk_are_named(tmp_path: Path) -> None:
    (tmp_path / "r.csv").write_bytes("name\n王小明\n李雷\n".encode("gbk"))
    with pytest.raises(BadRoster, match="looks like GBK"):
        read_roster(tmp_path / "r.csv")


def test_a_damaged_utf16_file_is_called_so(tmp_path: Path) -> None:
    (tmp_path / "r.csv").write_bytes(codecs.BOM_UTF16_LE + b"n\0a")
    with pytest.raises(BadRoster, match="line 1 is not UTF-8; it looks like broken UTF-16"):
        read_roster(tmp_path / "r.csv")


@pytest.mark.parametrize("mark", [";", "\t"])
def test_other_dividers_are_refused_with_the_line(mark: str, tmp_path: Path) -> None:
    """As `Unicode text` of a spreadsheet has them, too."""
    (tmp_path / "u.csv").write_bytes(USERS.replace(",", mark).encode("utf-16"))
    with pytest.raises(BadUsers, match="line 1: the columns are separated by semicolons or tabs"):
        read_users(tmp_path / "u.csv")


def test_line_ends_of_an_old_mac_count(tmp_path: Path) -> None:
    (tmp_path / "r.csv").write_bytes("name\rAnna\rJosé\r".encode("cp1252"))
    with pytest.raises(BadRoster, match="line 3 "):
        read_roster(tmp_path / "r.csv")


def test_every_text_names_its_encoding() -> None:
    """In the whole package: what a locale says must not decide how a file or a pipe is read."""
    package = Path(labkit.__file__).parent
    found = [
        f"{path.relative_to(package)}:{node.lineno}"
        for path in modules()
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8")))
        if isinstance(node, ast.Call) and _is_text(node) and "encoding" not in {one.arg for one in node.keywords}
    ]
    assert found == []


def _is_text(call: ast.Call) -> bool:
    name = call.func.attr if isinstance(call.func, ast.Attribute) else getattr(call.func, "id", "")
    named = {one.arg: one.value for one in call.keywords}
    if name in ("read_text", "write_text"):
        return True
    if name in ("open", "fdopen") and "force_zip64" not in named:  # a member of an archive holds bytes
        modes = [one.value for one in [*call.args, named.get("mode")] if isinstance(one, ast.Constant)]
        return any(isinstance(mode, str) and mode in ("r", "w", "a", "x", "r+", "w+", "a+") for mode in modes)
    return "text" in named and name in ("Popen", "run", "check_output")


def test_the_rule_sees_a_text_without_encoding() -> None:
    """Positive control."""
    calls = ["p.read_text()", "open(p, 'w')", "p.open('a')", "subprocess.run(c, text=True)", "open(p, 'rb')"]
    assert [_is_text(call) for line in calls if isinstance(call := ast.parse(line).body[0].value, ast.Call)] == [  # type: ignore[attr-defined]
        *(True, True, True, True, False)
    ]


def test_only_the_reader_knows_the_marks(tmp_path: Path) -> None:
    """Line ends stay as they are, for whoever counts lines."""
    (tmp_path / "a.txt").write_bytes(b"a\r\nb\rc\n")
    assert text_files.read(tmp_path / "a.txt") == "a\r\nb\rc\n"


SCRIPTS = {
    "cp1251": ("Windows-1251", ["Анна Ильина", "Борис"]),
    "koi8-r": ("KOI8-R", ["Анна Ильина", "Борис"]),
    "cp866": ("DOS code page 866", ["Анна Ильина", "Борис"]),
    "shift_jis": ("Shift-JIS", ["田中ソラ", "鈴木", "佐藤 健"]),
    "big5": ("Big5", ["王小明", "許功蓋"]),
    "gbk": ("GBK", ["王小明", "李雷", "张伟"]),
    "euc-kr": ("EUC-KR", ["김민수", "이서연", "박 지훈"]),
}


@pytest.mark.parametrize("encoding", SCRIPTS)
@pytest.mark.parametrize("more", [["Ben Smith"], []], ids=["among latin names", "alone"])
def test_names_in_other_scripts_are_not_taken_for_latin(encoding: str, more: list[str], tmp_path: Path) -> None:
    name, names = SCRIPTS[encoding]
    (tmp_path / "r.csv").write_bytes("\n".join(["name", *names, *more, ""]).encode(encoding))
    with pytest.raises(BadRoster, match=f"line 2 is not UTF-8; it looks like {name}; save it as UTF-8"):
        read_roster(tmp_path / "r.csv")


@pytest.mark.parametrize("encoding", SCRIPTS)
def test_one_name_in_another_script_is_enough(encoding: str, tmp_path: Path) -> None:
    name, names = SCRIPTS[encoding]
    for one in names[:2]:
        (tmp_path / "r.csv").write_bytes(f"name,shown_as\n{one},fox\n".encode(encoding))
        with pytest.raises(BadRoster, match=f"looks like {name};"):
            read_roster(tmp_path / "r.csv")


@pytest.mark.parametrize("inside", ["xl/workbook.xml", "content.xml", "Index/Document.iwa"])
def test_a_spreadsheet_is_called_so(inside: str, tmp_path: Path) -> None:
    """Not UTF-16, for the null bytes in it."""
    with ZipFile(tmp_path / "r.csv", "w") as sheet:
        sheet.writestr(inside, "<workbook/>")
    with pytest.raises(BadRoster, match=r"not a text file but a spreadsheet .* or an archive; save it as UTF-8: `CSV"):
        read_roster(tmp_path / "r.csv")


@pytest.mark.parametrize(
    ("data", "name"), [(b"%PDF-1.7\n\0", "a PDF"), (b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1\0", "an old spreadsheet")]
)
def test_another_file_is_called_by_its_kind(data: bytes, name: str, tmp_path: Path) -> None:
    (tmp_path / "r.csv").write_bytes(data)
    with pytest.raises(BadRoster, match=f"it is not a text file but {name}"):
        read_roster(tmp_path / "r.csv")
