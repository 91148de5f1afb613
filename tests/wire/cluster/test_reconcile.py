"""An audit file and the log: the same, or by how much not; and the command that says so."""

import asyncio
from pathlib import Path
from time import monotonic
from typing import NamedTuple

import pytest
from click.testing import CliRunner, Result

from labkit.brokers.nats.broker import START_S
from labkit.cli import main
from labkit.rules.limits import Limits
from labkit.wire.audit.writer import Audit, Entry
from labkit.wire.cluster.bus_messages import Revoked, SharedPublication, write
from labkit.wire.cluster.reconcile import Reconciled, reconcile
from tests.wire.cluster.house import ROOM, house
from tests.wire.raw import TOKEN, Raw

LIMITS = Limits(dedupe_s=100)


class Line(NamedTuple):
    """One message of a log."""

    place: int
    at: float
    body: bytes


def line(place: int, request: str | None = None, at: float = 0.0) -> Line:
    message = {"type": "chat", "roomId": "a", "text": "x"}
    return Line(
        place, at, write(SharedPublication(id=f"id-{place}", room="a", user="u", request=request, message=message))
    )


def row(place: int, event_id: str | None = None, epoch: str = "e") -> Entry:
    return Entry(0, "event", room="a", epoch=epoch, seq=place, id=event_id or f"id-{place}", connection=str(place))


def compared(log: list[Line], rows: list[Entry]) -> Reconciled:
    return reconcile(log, rows, "e", LIMITS)


def test_the_same_events_in_both_reconcile() -> None:
    """Other rows, other epochs, and messages that are no publications do not matter."""
    other = Line(3, 0.0, write(Revoked(id="r", user="u", at=0.0)))
    rows = [Entry(0, "join", room="a"), row(7, epoch="old"), row(1), row(2)]
    found = compared([line(1), line(2), other, Line(4, 0.0, b"nonsense")], rows)
    assert found == Reconciled(2, 0, (), ())
    assert found.holds
    assert str(found) == "reconciled: 2 events are in both the log and the file (repeated messages: 0)"


def test_a_repetition_belongs_in_no_file() -> None:
    """Within the time in which it is recognised; later it is an event of its own."""
    assert compared([line(1, "r"), line(2, "r", at=99)], [row(1)]) == Reconciled(1, 1, (), ())
    assert compared([line(1, "r"), line(2, "r", at=100)], [row(1)]).missing == (2,)


def test_an_empty_request_id_is_one_and_none_is_none() -> None:
    """A message without one repeats nothing."""
    assert compared([line(1, ""), line(2, "")], [row(1)]).repeats == 1
    assert compared([line(1, ""), line(2)], [row(1)]).missing == (2,)


@pytest.mark.parametrize(
    ("rows", "missing", "strange"),
    [
        ([row(1)], (2,), ()),
        ([row(1), row(2), row(3)], (), (3,)),
        ([row(1), row(2, "another")], (2,), (2,)),
        ([], (1, 2), ()),
    ],
)
def test_every_difference_is_found(rows: list[Entry], missing: tuple[int, ...], strange: tuple[int, ...]) -> None:
    """An event that is missing, one that is nowhere else, one in the place of another."""
    found = compared([line(1), line(2)], rows)
    assert (found.missing, found.unexpected) == (missing, strange)
    assert not found.holds
    assert str(found).startswith("not reconciled: ")


def reconciled(path: Path, url: str, *options: str) -> Result:
    return CliRunner().invoke(main, ["audit", str(path), "--broker", url, *options])


async def test_command_compares_a_file_with_a_running_clusters_log(tmp_path: Path) -> None:
    """Exit code 0 for each server's own file; a repetition is no event; 2 for what cannot be compared."""
    async with house(tmp_path) as built:
        one = await Raw.enter(built.urls[0], TOKEN, ROOM)
        for _ in range(2):
            one.chat(ROOM, "x", requestId="r1")
        one.chat(ROOM, "y")
        await one.hear_many(3, "chat")
        await built.all_have(2)
        for name in ("one.db", "two.db"):
            done = await asyncio.to_thread(reconciled, tmp_path / name, built.broker.url)
            assert (done.exit_code, done.output) == (
                0,
                "reconciled: 2 events are in both the log and the file (repeated messages: 1)\n",
            )
        other = await asyncio.to_thread(reconciled, tmp_path / "one.db", f"{built.broker.url}/another")
        assert other.exit_code == 0 and "0 events" in other.output
        wrong = await asyncio.to_thread(reconciled, tmp_path / "one.db", built.broker.url, "--csv")
        assert wrong.exit_code == 2
        absent = await asyncio.to_thread(reconciled, tmp_path / "no.db", built.broker.url)
        assert absent.exit_code == 2 and "there is no audit file" in absent.output


def test_missing_broker_is_reported_at_once(tmp_path: Path) -> None:
    """Somebody waits at a terminal: a refused port is final there, while a server waits for a broker that starts."""
    Audit(tmp_path / "room.db").close()
    began = monotonic()
    done = reconciled(tmp_path / "room.db", "nats://127.0.0.1:1")
    assert done.exit_code == 2 and "no broker is running at 127.0.0.1:1 (connection refused)" in done.stderr
    assert monotonic() - began < START_S / 4
