"""The checker finds each planted violation, and none in a sound history."""

from collections.abc import Callable

import pytest

from labkit.bench.torture.checker import MUST_BE_0, TortureResult, check
from labkit.bench.torture.history import Observation, Since, Stored, observed

A, B = "room:a", "room:b"
Histories = dict[str, list[Observation]]
Audits = dict[str, list[Stored]]


def event(seq: int, room: str = A, **changed: object) -> Observation:
    return Observation("event", room, seq=seq, id=f"{room} id {seq}", request=f"{room} said {seq}")._replace(**changed)


def stored(seq: int, room: str = A) -> Stored:
    return Stored(room, "e", seq, f"{room} id {seq}", f"{room} said {seq}")


def said(seq: int, room: str = A) -> list[Observation]:
    answer = event(seq, room)
    return [Observation("sent", room, request=answer.request), answer, answer._replace(what="acked")]


def sound() -> tuple[Histories, Audits]:
    """Two clients, two rooms, two servers; `ann` publishes, reconnects and gets a gap."""
    joined = [Observation("opened"), Observation("joined", A, "e", 0), Observation("joined", B, "e", 0)]
    ann = [*joined, *said(1), *said(2), event(1, B), Observation("closed")]
    ann += [Observation("opened"), Observation("joined", A, "e", 4, since=Since("e", 2)), event(3), event(4)]
    ann += [event(3, repeat=True), Observation("joined", B, "e", 3, since=Since("e", 1), gap=True), event(4, B)]
    bob = [*joined, *(event(seq) for seq in (1, 2, 3, 4)), *(event(seq, B) for seq in (1, 2, 3, 4))]
    bob += [Observation("left", A), Observation("closed")]
    audit = [*(stored(seq) for seq in (1, 2, 3, 4)), *(stored(seq, B) for seq in (1, 2, 3, 4))]
    return {"ann": ann, "bob": bob, "ghosts": [Observation("ghost", A, request="ghost")]}, {
        "one.db": list(audit),
        "two.db": [stored(seq, room) for seq in (1, 2, 3, 4) for room in (A, B)],
    }


def counts(verdict: TortureResult) -> dict[str, int]:
    return {name: getattr(verdict, name) for name in MUST_BE_0 if getattr(verdict, name)}


def test_checker_sound_history_holds() -> None:
    """Reported gaps, marked repeats and rooms interleaved differently in two files are no violations."""
    verdict = check(*sound(), kills=3)
    assert verdict.violations == ()
    assert verdict.holds
    assert verdict.json() == {
        "acked": 2,
        "lost": 0,
        "duplicated": 0,
        "reordered": 0,
        "leaked": 0,
        "kills": 3,
        "audit_missing": 0,
    }


def test_checker_run_without_acks_does_not_hold() -> None:
    assert not check({}, {}).holds


def find(history: list[Observation], record: Observation) -> int:
    return history.index(record)


def hole(histories: Histories, _: Audits) -> None:
    histories["bob"].remove(event(3))


def unheard_end(histories: Histories, _: Audits) -> None:
    histories["ann"].pop()


def never_answered(histories: Histories, _: Audits) -> None:
    histories["ann"].remove(event(2)._replace(what="acked"))


def hole_behind_resume(histories: Histories, _: Audits) -> None:
    at = find(histories["ann"], Observation("joined", A, "e", 4, since=Since("e", 2)))
    assert histories["ann"][at + 1] == event(3)
    del histories["ann"][at + 1]


def other_epoch_without_gap(histories: Histories, audits: Audits) -> None:
    at = find(histories["ann"], Observation("joined", A, "e", 4, since=Since("e", 2)))
    histories["ann"][at] = Observation("joined", A, "f", 0, since=Since("e", 2))
    del histories["ann"][at + 1 : at + 3]
    for audit in audits.values():  # all of it again under the new epoch, so that the epoch alone is at fault
        audit.append(Stored(A, "f", 1, "f id", "f said"))
    histories["ann"].insert(at + 1, Observation("event", A, seq=1, id="f id", request="f said"))
    histories["bob"] = histories["bob"][:-1]
    histories["bob"].append(Observation("closed"))


def end_moved_back(histories: Histories, _: Audits) -> None:
    at = find(histories["ann"], Observation("joined", A, "e", 4, since=Since("e", 2)))
    histories["ann"][at] = Observation("joined", A, "e", 1, since=Since("e", 2))


def hole_in_a_file(_: Histories, audits: Audits) -> None:
    for audit in audits.values():
        audit[:] = [Stored(e.room, e.epoch, e.seq + (e.room == A and e.seq > 3), e.id, e.request) for e in audit]


def twice_on_a_line(histories: Histories, _: Audits) -> None:
    histories["bob"].insert(find(histories["bob"], event(2)) + 1, event(2))


def given_again_after_resume(histories: Histories, _: Audits) -> None:
    at = find(histories["ann"], event(3))
    histories["ann"].insert(at + 1, event(3))


def stored_twice(_: Histories, audits: Audits) -> None:
    for audit in audits.values():
        audit.append(Stored(B, "e", 5, "another id", f"{B} said 4"))


def swapped(histories: Histories, _: Audits) -> None:
    bob = histories["bob"]
    two, three = find(bob, event(2)), find(bob, event(3))
    bob[two], bob[three] = bob[three], bob[two]


def another_event_in_that_place(histories: Histories, audits: Audits) -> None:
    audits["two.db"][audits["two.db"].index(stored(3))] = Stored(A, "e", 3, f"{A} id 4", f"{A} said 4")


def two_histories(histories: Histories, _: Audits) -> None:
    at = find(histories["bob"], event(2))
    histories["bob"][at] = event(2, id=f"{A} id 1")


def in_no_room(histories: Histories, _: Audits) -> None:
    histories["bob"].remove(Observation("joined", B, "e", 0))


def after_left(histories: Histories, _: Audits) -> None:
    histories["bob"].insert(find(histories["bob"], Observation("left", A)) + 1, event(4))


def after_close(histories: Histories, _: Audits) -> None:
    histories["bob"].append(event(4, B))


def across_rooms(histories: Histories, _: Audits) -> None:
    histories["bob"][find(histories["bob"], event(1, B))] = event(1, B, request=f"{A} said 1")


def ghost_was_taken(histories: Histories, _: Audits) -> None:
    histories["bob"][find(histories["bob"], event(4, B))] = event(4, B, request="ghost")


def ghost_was_stored(_: Histories, audits: Audits) -> None:
    for audit in audits.values():
        audit[audit.index(stored(4, B))] = Stored(B, "e", 4, f"{B} id 4", "ghost")


def heard_and_not_stored(histories: Histories, _: Audits) -> None:
    histories["bob"].insert(find(histories["bob"], event(4, B)) + 1, event(5, B))


def acked_and_not_stored(histories: Histories, _: Audits) -> None:
    histories["ann"] += [
        Observation("sent", A, request="new"),
        Observation("acked", A, seq=9, id="new id", request="new"),
    ]


def one_file_lacks_the_end(_: Histories, audits: Audits) -> None:
    audits["two.db"].pop()


VIOLATIONS: dict[Callable[[Histories, Audits], None], str] = {
    hole: "lost",
    unheard_end: "lost",
    never_answered: "lost",
    hole_behind_resume: "lost",
    other_epoch_without_gap: "lost",
    end_moved_back: "lost",
    hole_in_a_file: "lost",
    twice_on_a_line: "duplicated",
    given_again_after_resume: "duplicated",
    stored_twice: "duplicated",
    swapped: "reordered",
    another_event_in_that_place: "reordered",
    two_histories: "reordered",
    in_no_room: "leaked",
    after_left: "leaked",
    after_close: "leaked",
    across_rooms: "leaked",
    ghost_was_taken: "leaked",
    ghost_was_stored: "leaked",
    heard_and_not_stored: "audit_missing",
    acked_and_not_stored: "audit_missing",
    one_file_lacks_the_end: "audit_missing",
}


@pytest.mark.parametrize("plant", VIOLATIONS, ids=lambda plant: plant.__name__)
def test_checker_finds_each_planted_violation(plant: Callable[[Histories, Audits], None]) -> None:
    histories, audits = sound()
    plant(histories, audits)
    verdict = check(histories, audits)
    assert counts(verdict).get(VIOLATIONS[plant], 0) > 0, verdict
    assert not verdict.holds
    assert any(sentence.startswith(f"{VIOLATIONS[plant]}: ") for sentence in verdict.violations)


def test_checker_broken_hash_chain_is_audit_missing() -> None:
    assert counts(check(*sound(), broken=["one.db is broken at row 7"])) == {"audit_missing": 1}


def test_checker_hole_counts_its_missing_events() -> None:
    histories, audits = sound()
    histories["bob"] = [record for record in histories["bob"] if record not in (event(1), event(2), event(3))]
    assert counts(check(histories, audits)) == {"lost": 3}


def test_observed_translates_each_message() -> None:
    since = Since("e", 4)
    joined = {"type": "joined", "roomId": A, "epoch": "e", "seq": 7, "gap": True, "access": "rw"}
    assert observed({"type": "auth_ok"}, None) == Observation("opened")
    assert observed(joined, since) == Observation("joined", A, "e", 7, gap=True, since=since)
    assert observed({"type": "left", "roomId": A}, None) == Observation("left", A)
    chat = {"type": "chat", "roomId": A, "seq": 3, "id": "i", "requestId": "r", "text": "x"}
    assert observed(chat, None) == Observation("event", A, seq=3, id="i", request="r")
    assert observed(chat | {"duplicate": True}, None) == Observation(
        "event", A, seq=3, id="i", request="r", repeat=True
    )
    assert observed({"type": "pong", "sentAt": "now"}, None) is None
