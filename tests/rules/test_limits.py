"""Limits: the defaults of docs/protocol.md, how they are set, and the one line that a wrong one gets."""

from typing import Any

import pytest

from labkit.rules.limits import LARGEST, BadLimit, Limits

DEFAULTS = {
    "auth_timeout_s": 5,
    "ping_interval_s": 30,
    "ping_timeout_s": 10,
    "outbox_bytes": 1024**2,
    "outbox_age_s": 5,
    "send_buffer_bytes": 128 * 1024,
    "close_deadline_s": 1,
    "messages_per_s": 50,
    "message_burst": 100,
    "rooms_per_connection": 32,
    "history_events": 256,
    "handshakes_per_s": 500,
    "connections": 10_000,
    "connections_per_address": 2_500,
    "max_message_bytes": 8192,
    "max_frame_bytes": 65536,
    "ticket_ttl_s": 60,
    "session_ttl_s": 28800,
    "dedupe_s": 300,
    "dedupe_entries": 10_000,
    "fast_path": True,
}


def test_defaults_are_those_of_the_protocol() -> None:
    """Every limit of the protocol page, and no other."""
    assert {name: getattr(Limits(), name) for name in Limits.__dataclass_fields__} == DEFAULTS


@pytest.mark.parametrize(
    ("line", "name", "value"),
    [
        ("outbox_bytes=65536", "outbox_bytes", 65536),
        (" outbox_bytes = 65536 ", "outbox_bytes", 65536),
        ("messages_per_s=off", "messages_per_s", None),
        ("messages_per_s=0.5", "messages_per_s", 0.5),
        ("ping_interval_s=2.5", "ping_interval_s", 2.5),
        ("ping_interval_s=off", "ping_interval_s", None),
        ("history_events=0", "history_events", 0),
        ("dedupe_s=0", "dedupe_s", 0),
        ("dedupe_entries=0", "dedupe_entries", 0),
        ("connections=off", "connections", None),
        ("fast_path=off", "fast_path", False),
        ("fast_path=on", "fast_path", True),
    ],
)
def test_a_line_of_the_shell_sets_a_limit(line: str, name: str, value: Any) -> None:
    """NAME=VALUE or NAME=off; the others stay as they are."""
    limits = Limits().set_lines([line])
    assert getattr(limits, name) == value
    assert {other: getattr(limits, other) for other in DEFAULTS if other != name} == {
        other: expected for other, expected in DEFAULTS.items() if other != name
    }


@pytest.mark.parametrize(
    ("name", "value", "expected"),
    [
        ("outbox_bytes", 65536, 65536),
        ("close_deadline_s", 2, 2),
        ("connections", False, None),
        ("outbox_age_s", "off", None),
        ("fast_path", False, False),
    ],
)
def test_a_value_of_toml_sets_a_limit(name: str, value: Any, expected: Any) -> None:
    """TOML gives numbers and booleans; false is off."""
    assert getattr(Limits().set({name: value}), name) == expected


def test_later_lines_win_and_nothing_else_changes() -> None:
    """Settings add up; the limits they start from stay."""
    limits = Limits()
    changed = limits.set_lines(["connections=5", "connections=7", "message_burst=3"])
    assert (changed.connections, changed.message_burst) == (7, 3)
    assert limits == Limits()


@pytest.mark.parametrize(
    ("line", "says"),
    [
        ("outbox_bytes", "'outbox_bytes' is not NAME=VALUE; for example outbox_bytes=65536 or messages_per_s=off"),
        (
            "outbox=5",
            "there is no limit named 'outbox' (did you mean 'outbox_bytes'?); the limits are auth_timeout_s, ",
        ),
        ("__class__=5", "there is no limit named '__class__'"),
        ("outbox_bytes=many", "outbox_bytes=many is not a number"),
        ("outbox_bytes=", "outbox_bytes= is not a number"),
        ("outbox_bytes=1e6", "outbox_bytes=1e6 is not a number"),
        ("outbox_bytes=65536.5", "outbox_bytes=65536.5 is not a number"),
        ("outbox_bytes=off", "outbox_bytes cannot be off; the default is 1048576"),
        ("ping_timeout_s=off", "ping_timeout_s cannot be off; the default is 10"),
        ("ping_timeout_s=nan", "ping_timeout_s=nan is not a number"),
        ("ping_timeout_s=inf", "ping_timeout_s=inf is too large"),
        ("ping_timeout_s=1e400", "ping_timeout_s=inf is too large"),
        ("ping_timeout_s=-inf", "ping_timeout_s=-inf is too small"),
        ("ping_timeout_s=0", "ping_timeout_s=0.0 is too small; the default is 10"),
        ("ping_timeout_s=-1", "ping_timeout_s=-1.0 is too small"),
        ("connections=0", "connections=0 is too small"),
        ("message_burst=0", "message_burst=0 is too small"),
        ("history_events=-1", "history_events=-1 is too small"),
        ("session_ttl_s=1e300", "session_ttl_s=1e+300 is too large; the maximum is 1000000000, the default 28800"),
        ("send_buffer_bytes=" + "9" * 30, "is too large"),
        ("fast_path=5", "fast_path=5 must be on or off"),
        ("fast_path=true", "fast_path=true must be on or off"),
    ],
)
def test_wrong_limit_gets_one_line_with_advice(line: str, says: str) -> None:
    """The name, the value, and the way out, in one line."""
    with pytest.raises(BadLimit) as refused:
        Limits().set_lines([line])
    assert says in str(refused.value)
    assert "\n" not in str(refused.value)


@pytest.mark.parametrize(
    ("wrong", "says"),
    [
        ({"connections": True}, "connections=True is not a number"),
        ({"connections": 5.0}, "connections=5.0 must be a whole number"),
        ({"connections": "5"}, "connections='5' is not a number"),
        ({"fast_path": 1}, "fast_path=1 must be on or off"),
        ({"fast_path": None}, "fast_path=None must be on or off"),
        ({"max_frame_bytes": 8191}, "max_frame_bytes=8191 is below max_message_bytes=8192"),
        ({"outbox_bytes": 65535}, "outbox_bytes=65535 is below max_frame_bytes=65536"),
        ({"history_events": LARGEST + 1}, "history_events=1000000001 is too large"),
    ],
)
def test_an_impossible_value_is_refused_when_it_is_made(wrong: dict[str, Any], says: str) -> None:
    """Whoever makes limits in Python gets the same line: no other module checks them again."""
    with pytest.raises(BadLimit, match=says):
        Limits(**wrong)


def test_the_repr_shows_what_was_chosen() -> None:
    """Only what differs from the defaults, in the form that makes it."""
    limits = Limits(ping_interval_s=5, messages_per_s=None)
    assert repr(limits) == "Limits(ping_interval_s=5, messages_per_s=None)"
    assert repr(Limits()) == "Limits()"


def test_limits_are_a_value() -> None:
    """Frozen, comparable, usable as a key."""
    assert len({Limits(), Limits(), Limits(connections=5)}) == 2
    with pytest.raises(AttributeError):
        Limits().connections = 5  # type: ignore[misc]
