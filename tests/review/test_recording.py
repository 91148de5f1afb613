"""The recording of a probe: values without a credential, from which a test can be written."""

import pytest

from labkit.review.recording import Act, recorded
from labkit.review.transcript import Did, Transcript

URL = "ws://localhost:8080/ws?key=of-the-url"
HEAD = "GET {path} HTTP/1.1\r\nHost: localhost:8080\r\nUpgrade: websocket\r\nX-Token: secret-token\r\n\r\n"


def transcript(*dids: Did | None) -> Transcript:
    """Return a transcript of these steps."""
    found = Transcript(URL, {"secret-token": "$TOKEN"})
    found.unique = "0badcafe"
    for number, did in enumerate(dids):
        found.note("a", f"-> {number}", f"a.step({number})", did)
    return found


def acts(*dids: Did | None) -> tuple[Act, ...] | None:
    """Return the acts that are recorded."""
    found = recorded(transcript(*dids))
    return None if found is None else found.acts


def test_credentials_and_names_of_the_run_are_replaced() -> None:
    assert acts(
        Did("a", "open", HEAD.format(path="/other")),
        Did("a", "text", '{"token":"secret-token","roomId":"r:0badcafe:x"}'),
        Did("a", "frame", (129, b"r:0badcafe\xff", 128)),
        Did("a", "receive", {"text": "secret-token", "n": 1}),
        Did("a", "end", 1008),
    ) == (
        Act("a", "open", ("/other", {"X-Token": "$TOKEN"})),
        Act("a", "text", '{"token":"$TOKEN","roomId":"r:$UNIQUE:x"}'),
        Act("a", "frame", (129, "r:$UNIQUE\xff", 128)),
        Act("a", "receive", {"text": "$TOKEN", "n": 1}),
        Act("a", "end", 1008),
    )


def test_path_of_the_url_is_not_recorded_because_it_may_contain_a_secret() -> None:
    found = acts(Did("a", "open", HEAD.format(path="/ws?key=of-the-url")))
    assert found is not None
    assert found[0].value[0] == ""


@pytest.mark.parametrize("did", [None, Did("a", "flood", ("b", "x", 1, 1)), Did("a", "unread", (b"", 1))])
def test_step_that_a_few_messages_cannot_repeat_gives_no_recording(did: Did | None) -> None:
    assert acts(Did("a", "open", HEAD.format(path="/")), did) is None


def test_credential_that_no_environment_has_gives_no_recording() -> None:
    found = transcript(Did("a", "text", "almost-the-token"))
    found.secrets["almost-the-token"] = "almost $TOKEN"
    assert recorded(found) is None


def test_repetition_at_a_pace_gives_no_recording() -> None:
    found = transcript(Did("a", "text", "x"))
    assert recorded(found) is not None
    found.steps[0].lasted_s = 2
    assert recorded(found) is None


def test_pause_before_a_message_is_recorded_and_one_before_an_answer_is_not() -> None:
    found = transcript(Did("a", "text", "x"), Did("a", "text", "y"), Did("a", "receive", {}))
    for place, step in enumerate(found.steps):
        step.at = 100.0 + 2 * place
    recording = recorded(found)
    assert recording is not None
    assert [act.pause_s for act in recording.acts] == [0, 2, 0]
