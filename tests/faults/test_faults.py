"""Each fault on a virtual clock."""

from itertools import pairwise

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from labkit.faults import (
    After,
    Blackhole,
    CloseIgnorer,
    Die,
    Dribble,
    Duplicate,
    Fault,
    HalfClose,
    Jitter,
    Latency,
    NeverRead,
    Pass,
    PongMute,
    Reorder,
    Reset,
    Slice,
    Stall,
    Throttle,
)
from labkit.faults.fault import HELD_BYTES, End, Item
from labkit.faults.frame_stage import LARGEST_FRAME_BYTES
from labkit.faults.schedule import from_dict
from labkit.review.frames import CLOSE, PING, PONG, TEXT, frame
from tests.faults.streams import HEAD, Wire, cut_at, frame_lists, places, through

KEEPING = [Pass(), Latency(0.2), Jitter(0.3), Throttle(50_000), Stall(1.0, after_bytes=50), Dribble(0), Slice(9)]
KEEPING += [After(Slice(3), messages=1), After(Latency(0.5)), Reset(10**9), Die(10**9), HalfClose(10**9)]
chains = st.lists(st.sampled_from(KEEPING), max_size=4)
ONE, TWO, THREE = (frame(TEXT, letter) for letter in (b"one", b"two", b"three"))


# All of them


@settings(max_examples=60, deadline=None)
@given(chains, st.lists(st.binary(max_size=60), max_size=6), st.floats(0, 2))
def test_lossless_chain_keeps_all_bytes_in_order(faults: list[Fault], chunks: list[bytes], gap: float) -> None:
    wire = Wire(faults)
    for chunk in chunks:
        wire.push(chunk)
        wire.wait(gap)
    wire.push(End.FIN)
    wire.wait(1000)
    assert wire.data == b"".join(chunks)
    assert wire.ends == [End.FIN]
    assert isinstance(wire.out[-1].item, End)
    assert wire.chain.held_bytes() == 0


@settings(max_examples=60, deadline=None)
@given(
    st.lists(st.sampled_from([*KEEPING, Stall(), Reorder(), NeverRead(), PongMute()]), max_size=4),
    st.lists(frame_lists.map(b"".join), max_size=3),
    st.floats(0, 1),
)
def test_chain_release_returns_all_held_bytes(faults: list[Fault], chunks: list[bytes], wait: float) -> None:
    """At any moment, output and released bytes together are the input (without pongs)."""
    wire = Wire(faults)
    wire.push(HEAD, *chunks)
    wire.wait(wait)
    released = wire.chain.release()
    came = HEAD + b"".join(chunks)
    together = wire.data + b"".join(item for item in released if isinstance(item, bytes))
    if PongMute() in faults:
        came, together = (through([PongMute()], data).data for data in (came, together))
    assert len(together) == len(came)
    assert together == came or Reorder() in faults
    assert wire.chain.held_bytes() == 0
    assert wire.chain.release() == []


def test_chain_release_begins_with_the_last_stage() -> None:
    """Two bytes are in the delay, two wait before it."""
    wire = Wire([Stall(after_bytes=2), Latency(1)])
    wire.push(b"abcd")
    assert wire.chain.release() == [b"ab", b"cd"]


@pytest.mark.parametrize("fault", [Jitter(0.5), Slice(50), After(Jitter(0.5)), Duplicate(0.5)], ids=repr)
def test_fault_same_seed_repeats_its_draws(fault: Fault) -> None:
    def out(seed: str) -> list[object]:
        wire = Wire([fault], seed, behind=HEAD)
        for number in range(20):
            wire.push(frame(TEXT, b"%03d" % number, masked=False))
            wire.wait(0.1)
        return list(wire.out)

    assert out("7 0 down") == out("7 0 down")
    assert out("7 0 down") != out("7 0 up") != out("7 1 up") != out("8 1 up")


def test_fault_draws_do_not_depend_on_neighbours() -> None:
    alone, with_jitter = through([Slice(9)], b"x" * 99), through([Slice(9), Jitter(1.0)], b"x" * 99)
    assert alone.pieces == with_jitter.pieces


@pytest.mark.parametrize(
    "make",
    [
        lambda: Latency(-1),
        lambda: Throttle(0),
        lambda: Slice(0),
        lambda: Stall(float("nan")),
        lambda: Latency(float("inf")),
        lambda: Die(after_bytes=-1),
        lambda: from_dict({"fault": "Latency", "seconds": "0.1"}),
        lambda: from_dict({"fault": "Latency", "seconds": None}),
        lambda: from_dict({"fault": "Stall", "seconds": [1]}),
        lambda: from_dict({"fault": "Duplicate", "share": True}),
    ],
)
def test_fault_invalid_setting_is_refused(make) -> None:  # type: ignore[no-untyped-def]
    with pytest.raises(ValueError, match=r"\w+\(\w+=.*\) is invalid; the default is"):
        make()


# Bytes


def test_pass_changes_nothing() -> None:
    wire = Wire([Pass()])
    wire.push(b"a", b"bc")
    assert wire.out == [(0.0, b"a"), (0.0, b"bc")]


def test_latency_delays_each_piece_equally() -> None:
    wire = Wire([Latency(0.5)])
    wire.push(b"a")
    wire.wait(0.2)
    wire.push(b"b", End.FIN)
    wire.wait(10)
    assert wire.out == [(0.5, b"a"), (0.7, b"b"), (0.7, End.FIN)]


def test_jitter_stays_in_bounds_and_keeps_the_order() -> None:
    wire = Wire([Jitter(0.5)])
    for number in range(200):
        wire.push(b"%03d" % number)
        wire.wait(0.1)
    wire.wait(1)
    assert wire.pieces == [b"%03d" % number for number in range(200)]
    late = [arrived.at - 0.1 * number for number, arrived in enumerate(wire.out)]
    assert -1e-9 <= min(late) < 0.1 and 0.4 < max(late) <= 0.5 + 1e-9
    assert all(first.at <= second.at for first, second in pairwise(wire.out))


def test_throttle_keeps_the_rate() -> None:
    wire = through([Throttle(1000)], b"x" * 2000)
    assert wire.out[-1].at == pytest.approx(2, abs=0.1)
    half = sum(len(arrived.item) for arrived in wire.out if arrived.at <= 1)  # type: ignore[arg-type]
    assert half == pytest.approx(1000, abs=100)
    assert max(map(len, wire.pieces)) == 20


def test_throttle_below_a_byte_per_piece_sends_single_bytes() -> None:
    wire = through([Throttle(0.5)], b"abc")
    assert [arrived.item for arrived in wire.out] == [b"a", b"b", b"c"]
    assert [after.at - before.at for before, after in pairwise(wire.out)] == pytest.approx([2, 2], abs=0.1)


def test_throttle_idle_time_gives_no_burst() -> None:
    wire = Wire([Throttle(1000)])
    wire.push(b"x")
    wire.wait(60)
    wire.push(b"x" * 1000)
    wire.wait(0.5)
    assert len(wire.data) < 600


def test_dribble_sends_single_bytes() -> None:
    wire = through([Dribble(0.3)], b"abcd")
    assert wire.pieces == [b"a", b"b", b"c", b"d"]
    assert all(after.at - before.at == pytest.approx(0.3, abs=0.05) for before, after in pairwise(wire.out))


@settings(deadline=None)
@given(st.binary(max_size=300), places)
def test_slice_cuts_depend_on_the_seed_alone(data: bytes, where: list[int]) -> None:
    def cuts(wire: Wire) -> set[int]:
        total, found = 0, set()
        for piece in wire.pieces:
            total += len(piece)
            found.add(total)
        return found

    whole, chunked = through([Slice(7)], data), through([Slice(7)], *cut_at(data, where))
    assert cuts(whole) <= cuts(chunked)
    assert all(1 <= len(piece) <= 7 for piece in whole.pieces + chunked.pieces)


def test_slice_draws_every_size_evenly() -> None:
    sizes = [len(piece) for piece in through([Slice(7)], *[b"x" * 100] * 40).pieces]
    assert {sizes.count(size) > 50 for size in range(1, 8)} == {True}


def test_stall_without_seconds_holds_everything() -> None:
    wire = through([Stall()], b"a", b"b", End.FIN)
    assert wire.out == []
    assert wire.chain.held_bytes() == 2
    assert wire.chain.release() == [b"a", b"b", End.FIN]


def test_stall_starts_after_bytes_and_ends_after_seconds() -> None:
    """The input chunks do not matter."""
    wire = Wire([Stall(seconds=2, after_bytes=3)])
    wire.push(b"ab", b"cd")
    assert wire.data == b"abc"
    wire.push(b"e", End.FIN)
    wire.wait(1.9)
    assert wire.data == b"abc"
    wire.wait(0.2)
    assert wire.data == b"abcde"
    assert wire.out[-1] == (2.0, End.FIN)
    wire.push(b"f")
    assert wire.data == b"abcdef"


@pytest.mark.parametrize(
    ("fault", "end"),
    [(Reset(5), End.RESET), (HalfClose(5), End.FIN), (Die(5), End.CLOSE), (Blackhole(5), None)],
    ids=repr,
)
def test_cut_after_bytes_discards_the_rest(fault: Fault, end: End | None) -> None:
    for chunks in ([b"abcdefgh", b"ij"], [b"abc", b"de", b"fgh"], [b"a"] * 3 + [b"bcdef"]):
        wire = through([fault], *chunks, End.FIN)
        assert wire.data == b"".join(chunks)[:5]
        assert wire.ends == ([] if end is None else [end])
        assert wire.chain.held_bytes() == 0


@pytest.mark.parametrize(("fault", "end"), [(Reset(), End.RESET), (HalfClose(), End.FIN), (Die(), End.CLOSE)], ids=repr)
def test_cut_after_0_bytes_is_immediate(fault: Fault, end: End) -> None:
    assert Wire([fault]).chain.pull(0.0) is end


@pytest.mark.parametrize("fault", [Reset(5), HalfClose(5), Die(5), Blackhole(5)], ids=repr)
def test_cut_earlier_end_passes(fault: Fault) -> None:
    wire = through([fault], b"abc", End.FIN)
    assert (wire.data, wire.ends) == (b"abc", [End.FIN])


@given(st.integers(0, 40), places)
def test_die_ends_inside_a_frame(after: int, where: list[int]) -> None:
    """After `after` bytes, or one more at a border, and never after a whole last frame."""
    stream = ONE + TWO + THREE
    borders = [0, len(ONE), len(ONE + TWO), len(stream)]
    wire = through([Die(after)], *cut_at(stream, where), behind=HEAD)
    expected = after + (after in borders)
    assert wire.data == stream[:expected]
    assert wire.ends == ([End.CLOSE] if expected <= len(stream) and expected not in borders else [])


# Frames

STREAM = [ONE, frame(PONG, b"p"), TWO, frame(PING, b"q"), THREE, frame(CLOSE, b"\x03\xe8")]


@pytest.mark.parametrize(
    ("fault", "order"),
    [
        (PongMute(), (0, 2, 3, 4, 5)),
        (CloseIgnorer(), (0, 1, 2, 3, 4)),
        (Duplicate(), (0, 0, 1, 2, 2, 3, 4, 4, 5)),
        (Reorder(), (1, 2, 0, 3, 4, 5)),
    ],
    ids=repr,
)
@given(where=places)
def test_frame_fault_changes_only_its_frames(fault: Fault, order: tuple[int, ...], where: list[int]) -> None:
    wire = through([fault], *cut_at(HEAD + b"".join(STREAM), where), End.FIN)
    assert wire.data == HEAD + b"".join(STREAM[number] for number in order)
    assert wire.ends == [End.FIN]


def test_duplicate_repeats_its_share() -> None:
    wire = through([Duplicate(0.3)], *[ONE] * 1000, behind=HEAD)
    assert 1200 < len(wire.data) / len(ONE) < 1400
    assert through([Duplicate(0.0)], ONE, behind=HEAD).data == ONE


def test_reorder_message_without_neighbour_passes_alone() -> None:
    wire = Wire([Reorder(0.2)], behind=HEAD)
    wire.push(ONE)
    wire.wait(0.1)
    assert wire.out == []
    assert wire.chain.held_bytes() == len(ONE)
    wire.wait(0.2)
    assert wire.out == [(0.2, ONE)]
    wire.push(TWO, End.FIN)
    assert [item for _, item in wire.out[1:]] == [TWO, End.FIN]


@pytest.mark.parametrize("fault", [Duplicate(), Reorder()], ids=repr)
def test_frame_faults_leave_fragments_alone(fault: Fault) -> None:
    """Changing them would break the message, and the peer would close with 1002."""
    parts = [frame(TEXT, b"a", fin=False), frame(PING, b""), frame(0, b"b", fin=False), frame(0, b"c")]
    assert through([fault], b"".join(parts), behind=HEAD).data == b"".join(parts)


def test_reorder_passes_a_message_before_fragments() -> None:
    parts = [ONE, frame(TEXT, b"a", fin=False), frame(0, b"b")]
    assert through([Reorder()], b"".join(parts), behind=HEAD).data == b"".join(parts)


@pytest.mark.parametrize("fault", [Duplicate(), Reorder(), PongMute(), CloseIgnorer()], ids=repr)
def test_frame_faults_pass_frames_too_long_to_hold(fault: Fault) -> None:
    long = frame(TEXT, b"x" * 3 * LARGEST_FRAME_BYTES)
    wire = Wire([fault], behind=HEAD)
    for at in range(0, len(long), 1000):
        wire.push(long[at : at + 1000])
    assert wire.data == long
    assert wire.most_held <= LARGEST_FRAME_BYTES + 1000
    wire.push(STREAM[-1], End.FIN)
    assert wire.data == long + (b"" if fault == CloseIgnorer() else STREAM[-1])


@given(st.integers(1, len(STREAM[1]) + len(ONE) - 1))
def test_frame_fault_started_inside_a_frame_spares_it(at: int) -> None:
    """Its first bytes have passed already."""
    stream = STREAM[1] + ONE
    wire = through([PongMute(), Duplicate()], stream[at:], STREAM[1], TWO, behind=HEAD + stream[:at])
    rest = ONE * 2 if at == len(STREAM[1]) else stream[at:] + (ONE if at < len(STREAM[1]) else b"")
    assert wire.data == rest + TWO * 2


def test_frame_faults_pass_other_protocols() -> None:
    stream = b"HTTP/1.1 200 OK\r\n\r\n" + b"".join(STREAM)
    for fault in (PongMute(), CloseIgnorer(), Duplicate(), Reorder(), NeverRead(), After(Stall())):
        assert through([fault], stream).data == stream


@given(places)
def test_never_read_stops_after_its_messages(where: list[int]) -> None:
    wire = Wire([NeverRead(after_messages=1)])
    assert wire.chain.free_bytes() > 0
    wire.push(*cut_at(HEAD + ONE + TWO, where))
    assert wire.data == HEAD + ONE
    assert wire.chain.free_bytes() <= 0
    assert wire.chain.release() != []


@given(places)
def test_after_begins_between_two_messages(where: list[int]) -> None:
    passes = HEAD + STREAM[3] + ONE
    wire = Wire([After(Blackhole(), messages=1)])
    wire.push(*cut_at(passes + TWO, where))
    assert wire.data == passes


def test_after_0_messages_begins_after_the_handshake() -> None:
    """At once, if the handshake is already over."""
    assert through([After(Blackhole())], HEAD, ONE).data == HEAD
    assert through([After(Blackhole())], ONE, behind=HEAD).data == b""
    assert through([After(Blackhole())], ONE[2:], TWO, behind=HEAD + ONE[:2]).data == ONE[2:]


# Bounds


@pytest.mark.parametrize(
    "fault", [Stall(), NeverRead(), Throttle(1), Dribble(10), Latency(10), Jitter(10), Reorder(10), Slice()], ids=repr
)
def test_chain_full_takes_no_more_bytes(fault: Fault) -> None:
    """At most 64 KiB for delays and 16 KiB for faults that stop a reader; the rest never fills up."""
    wire, taken = Wire([fault], behind=HEAD), 0
    message = frame(TEXT, b"x" * 990)
    while (room := wire.chain.free_bytes()) > 0 and taken < 200_000:
        piece: Item = (message * 2)[taken % len(message) :][: min(room, 500)]
        wire.push(piece)
        taken += len(piece)
    moves = isinstance(fault, Slice | Reorder)
    assert (taken >= 200_000) == moves
    assert wire.chain.held_bytes() <= (4 if isinstance(fault, Latency | Jitter) else 1) * HELD_BYTES
