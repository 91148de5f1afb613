"""The key beside the audit file: made once, for its owner only, and never shown."""

import os
import stat
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from labkit.wire.keyfile import Key, KeyFileError, key_path, load_or_create_key, new_key

HEX = "5ec2e7" * 10 + "5ec2"


def test_the_key_is_made_once_and_found_again(tmp_path: Path) -> None:
    """Credentials of the server before stay good: same name, same secret."""
    key = load_or_create_key(tmp_path / "room.db")
    assert load_or_create_key(tmp_path / "room.db") == key
    assert len(key.secret) == 32
    assert [file.name for file in tmp_path.iterdir()] == ["room.key"]


def test_two_keys_differ_in_secret_and_in_name() -> None:
    """A credential names its key; a name shared by two keys would call strangers forgers."""
    one, other = new_key(), new_key()
    assert one.secret != other.secret and one.key_id != other.key_id


def test_key_id_reveals_nothing_of_the_secret() -> None:
    """The name travels in every credential: no part of the secret is in it, nor in what Python prints."""
    key = new_key()
    assert key.key_id not in key.secret.hex()
    assert key.secret.hex() not in f"{key!r} {key}" and repr(key.secret) not in repr(key)


@pytest.mark.parametrize(
    ("audit", "key"),
    [("audit.db", "audit.key"), ("room.sqlite", "room.key"), ("log", "log.key"), ("a.b.db", "a.b.key")],
)
def test_the_key_lies_beside_the_audit_file(audit: str, key: str) -> None:
    """The suffix is replaced."""
    assert key_path(Path("/x") / audit) == Path("/x") / key


def test_an_audit_file_named_like_a_key_is_refused() -> None:
    """The two would be one file."""
    with pytest.raises(KeyFileError, match=r"name the audit file room\.db"):
        key_path(Path("room.key"))


def test_the_file_is_for_its_owner_only_whatever_the_umask(tmp_path: Path) -> None:
    """Mode 0600 from its first moment."""
    before = os.umask(0)
    try:
        load_or_create_key(tmp_path / "room.db")
    finally:
        os.umask(before)
    assert stat.S_IMODE((tmp_path / "room.key").stat().st_mode) == 0o600


@pytest.mark.parametrize("mode", [0o640, 0o604, 0o620, 0o601])
def test_a_key_that_others_can_reach_is_refused(tmp_path: Path, mode: int) -> None:
    """The line says what to run, and does not show the key."""
    path = tmp_path / "room.key"
    path.write_text(HEX)
    path.chmod(mode)
    with pytest.raises(KeyFileError, match=f"run: chmod 600 {path}") as caught:
        load_or_create_key(tmp_path / "room.db")
    assert HEX not in str(caught.value)


@pytest.mark.parametrize(
    "content", [b"", b"\n", HEX[:-2].encode(), (HEX + "00").encode(), b"key: " + HEX.encode(), b"\xff" * 64]
)
def test_a_file_that_holds_no_key_is_refused(tmp_path: Path, content: bytes) -> None:
    """Not replaced silently: somebody put it there; and what it holds is not shown."""
    path = tmp_path / "room.key"
    path.write_bytes(content)
    path.chmod(0o600)
    with pytest.raises(KeyFileError, match="contains no key; move it away") as caught:
        load_or_create_key(tmp_path / "room.db")
    assert HEX[:20] not in str(caught.value) and caught.value.__cause__ is None
    assert path.read_bytes() == content


def test_what_is_no_file_is_refused(tmp_path: Path) -> None:
    """A folder in its place, or no folder to put it in."""
    (tmp_path / "room.key").mkdir()
    with pytest.raises(KeyFileError, match="is not a file"):
        load_or_create_key(tmp_path / "room.db")
    with pytest.raises(KeyFileError, match="cannot be used: No such file or directory"):
        load_or_create_key(tmp_path / "nowhere" / "room.db")


def test_servers_that_start_at_once_agree_on_one_key(tmp_path: Path) -> None:
    """Whoever is first makes it; nobody reads half of it; no draft is left behind."""
    with ThreadPoolExecutor(16) as pool:
        keys = list(pool.map(load_or_create_key, [tmp_path / "room.db"] * 64))
    assert set(keys) == {keys[0]} and isinstance(keys[0], Key)
    assert [file.name for file in tmp_path.iterdir()] == ["room.key"]
