"""Command lines of each system's users."""

import subprocess

import pytest

from labkit.platform import shell

LINES = {
    r"C:\tools\server.exe --port 8080": [r"C:\tools\server.exe", "--port", "8080"],
    r'"C:\Program Files\node\node.exe" server.mjs': [r"C:\Program Files\node\node.exe", "server.mjs"],
    r"node 'server.mjs'": ["node", "'server.mjs'"],
    r'say "a \"b\" c" ""': ["say", 'a "b" c', ""],
    r'dir "C:\a\\" x': ["dir", "C:\\a\\", "x"],
    "  \t": [],
}


@pytest.mark.parametrize("line", LINES)
def test_windows_splits_like_its_c_runtime(line: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(shell, "IS_POSIX", False)
    assert shell.split(line) == LINES[line]


@pytest.mark.parametrize("is_posix", [True, False])
@pytest.mark.parametrize("words", [["a b", 'c"d', "e\\", "e \\", "", "\u00e9"], ["C:\\x y\\", "'"]])
def test_what_is_joined_is_split_again(words: list[str], is_posix: bool, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(shell, "IS_POSIX", is_posix)
    assert shell.split(shell.join(words)) == words


@pytest.mark.parametrize("is_posix", [True, False])
def test_an_open_quote_is_refused(is_posix: bool, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(shell, "IS_POSIX", is_posix)
    with pytest.raises(ValueError, match="quotation"):
        shell.split('server "--port')


def test_windows_joins_as_subprocess_does(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(shell, "IS_POSIX", False)
    assert shell.quote("a b") == subprocess.list2cmdline(["a b"]) == '"a b"'


def test_a_pasted_program_is_complete_on_each_system(monkeypatch: pytest.MonkeyPatch) -> None:
    assert shell.python_to_paste(["print(1)"]) == ["python3 - <<'END'", "print(1)", "END"]
    monkeypatch.setattr(shell, "IS_POSIX", False)
    assert shell.python_to_paste(["print(1)"]) == ["@'", "print(1)", "'@ | python -"]
