"""What a written test expects, given the recordings of two servers."""

from typing import Any

from labkit.review.dialect import dialect_of
from labkit.review.finding import Finding
from labkit.review.promise import DANGER, KIT
from labkit.review.recording import Act, Recording
from labkit.written_tests.expecting import Expected, planned

OURS = dialect_of({})
OPEN = Act("a", "open", ("/", {}))


def recording(*acts: Act, refusals: tuple[int, ...] = (), canary: Act | None = None) -> Recording:
    """Return a recording in which the last act is marked."""
    return Recording((OPEN, *acts), len(acts), refusals, canary)


def received(peer: str = "a", **message: Any) -> Act:
    """Return the act of a connection that receives this message."""
    return Act(peer, "receive", message)


def finding(theirs: Recording | None, promise: str = DANGER, actual: str = "") -> Finding:
    """Return a broken finding."""
    parts: dict[str, Any] = {"promise": promise, "recording": theirs}
    return Finding("rooms/2", "title", "P0", "broken", "expected", actual, (), (), "fix", "test", 0, **parts)


def expected(theirs: Recording, ours: Recording, *, is_strict: bool = True, **more: Any) -> Expected | None:
    """Return what the test expects at its end."""
    plan = planned(finding(theirs, **more), ours, OURS, is_strict=is_strict)
    return None if plan is None else plan.expected


SEND = Act("a", "text", '{"type":"chat","text":"last"}')


def test_field_of_the_kit_counts_only_where_the_kit_promised_it() -> None:
    """The article's server sends no gap, and that is not the fault."""
    theirs = recording(SEND, received(type="joined"), received(type="chat", text="leaked"))
    ours = recording(SEND, received(type="joined", gap=False), received(type="chat", text="last"))
    assert expected(theirs, ours) == Expected("a", "message", {"type": "chat", "text": "last"})
    assert expected(theirs, ours, promise=KIT) == Expected("a", "message", {"type": "joined", "gap": False})


def test_close_is_expected_with_the_codes_of_the_probe() -> None:
    theirs, ours = recording(SEND, received(type="pong"), refusals=(1008, 4403)), recording(SEND, Act("a", "end", 1008))
    assert expected(theirs, ours) == Expected("a", "close", codes=(1008, 4403))


def test_refusal_may_take_any_form_where_no_code_is_promised() -> None:
    ours = recording(SEND, Act("a", "end", 1008))
    assert expected(recording(SEND, received(type="joined")), ours, is_strict=False) == Expected(
        "a", "refused", {"type": "joined"}
    )
    assert expected(recording(SEND, Act("a", "end", 4000)), ours, is_strict=False) is None


def test_value_that_our_server_chooses_is_not_expected() -> None:
    theirs = recording(SEND, received(type="chat", text="leaked", requestId="r1"))
    ours = recording(SEND, received(type="chat", text="last", requestId="made-by-ours"))
    assert expected(theirs, ours) == Expected("a", "message", {"type": "chat", "text": "last"})


def test_field_that_the_verdict_names_must_not_be_there() -> None:
    theirs, ours = recording(SEND, received(type="chat", colour="red")), recording(SEND, received(type="chat", seq=1))
    found = expected(theirs, ours, actual="forwarded: colour")
    assert found == Expected("a", "message", {"type": "chat"}, absent=("colour",))


def test_crash_is_shown_by_a_healthy_connection() -> None:
    canary = Act("canary", "open", ("/", {}))
    plan = planned(finding(recording(SEND, canary=canary)), None, OURS, is_strict=False)
    assert plan is not None
    assert plan.acts[0] == canary
    assert plan.expected == Expected("canary", "alive")


def test_traffic_that_does_not_show_the_fault_gives_no_test() -> None:
    same = recording(SEND, received(type="pong"))
    assert expected(same, same) is None
    assert planned(finding(None), same, OURS, is_strict=True) is None
    refused = recording(Act("a", "end", 1006))
    assert expected(recording(SEND), refused) is None  # a handshake that is refused: no library repeats that


def test_connections_without_a_part_in_it_are_left_out() -> None:
    other = (Act("z", "open", ("/", {})), received("z", type="pong"))
    theirs = Recording((*other, OPEN, SEND, received(type="chat", text="leaked")), 4, (), None)
    ours = Recording((*other, OPEN, SEND, received(type="chat", text="last")), 4, (), None)
    plan = planned(finding(theirs), ours, OURS, is_strict=True)
    assert plan is not None
    assert {act.peer for act in plan.acts} == {"a"}


def test_names_are_those_of_the_server() -> None:
    theirs, ours = (
        recording(SEND, received(type="chat", text="leaked")),
        recording(SEND, received(type="chat", text="last")),
    )
    dialect = dialect_of({"types": {"chat": "message"}, "fields": {"text": "body", "type": "kind"}})
    plan = planned(finding(theirs), ours, dialect, is_strict=True)
    assert plan is not None
    assert plan.kind == "kind"
    assert plan.expected.fields == {"kind": "message", "body": "last"}
