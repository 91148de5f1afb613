"""Five policies for slow consumers, on generated traces."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from labkit.bench.slow.policies import (
    MAX_BYTES,
    POLICIES,
    Block,
    CloseAndResume,
    Conflate,
    DropNewest,
    DropOldest,
    QueuedEvent,
)
from labkit.bench.slow.trace import Trace, compare_policies, record, replay


class ReadLog:
    """A policy, and what the member read from it."""

    def __init__(self, kind: type) -> None:
        self.policy = kind()
        self.read: list[QueuedEvent] = []
        give = self.policy.next

        def noted() -> QueuedEvent | None:
            frame: QueuedEvent | None = give()
            if frame is not None:
                self.read.append(frame)
            return frame

        self.policy.next = noted


@st.composite
def traces(draw: st.DrawFn) -> Trace:
    sizes = draw(st.lists(st.integers(100, 4000), min_size=1, max_size=150))
    gaps = draw(st.lists(st.floats(0, 0.1), min_size=len(sizes), max_size=len(sizes)))
    keys = draw(st.lists(st.sampled_from("abc"), min_size=len(sizes), max_size=len(sizes)))
    speeds = draw(st.lists(st.sampled_from([0.0, 2_000.0, 50_000.0]), min_size=1, max_size=4))
    frames, now = [], 0.0
    for number, (size, gap, key) in enumerate(zip(sizes, gaps, keys)):
        now += gap
        frames.append(QueuedEvent(number, now, key, size))
    return Trace(tuple(frames), (*speeds, 80_000.0), 1.0)


@pytest.mark.parametrize("kind", POLICIES, ids=lambda kind: kind.name)
@settings(max_examples=30, deadline=None)
@given(trace=traces())
def test_policy_event_is_read_once_or_lost(kind: type, trace: Trace) -> None:
    noting = ReadLog(kind)
    outcome = replay(trace, noting.policy)
    numbers = [frame.number for frame in noting.read]
    assert len(set(numbers)) == len(numbers)
    assert len(numbers) + outcome.lost == len(trace.events)
    assert outcome.peak_bytes <= MAX_BYTES + 4000


@pytest.mark.parametrize("kind", [kind for kind in POLICIES if kind is not Conflate], ids=lambda kind: kind.name)
@settings(max_examples=30, deadline=None)
@given(trace=traces())
def test_policy_keeps_the_order(kind: type, trace: Trace) -> None:
    noting = ReadLog(kind)
    replay(trace, noting.policy)
    numbers = [frame.number for frame in noting.read]
    assert numbers == sorted(numbers)


@settings(max_examples=30, deadline=None)
@given(trace=traces())
def test_block_loses_nothing(trace: Trace) -> None:
    assert replay(trace, Block()).lost == 0


@settings(max_examples=30, deadline=None)
@given(trace=traces())
def test_conflate_ends_with_the_newest_of_each_key(trace: Trace) -> None:
    noting = ReadLog(Conflate)
    replay(trace, noting.policy)
    newest = {frame.key: frame.number for frame in trace.events}
    assert {frame.key: frame.number for frame in noting.read} == newest


def test_policies_have_different_costs() -> None:
    outcomes = {outcome.policy: outcome for outcome in compare_policies(record(seed=1)).outcomes}
    resume, oldest, newest, conflate, block = (outcomes[kind.name] for kind in POLICIES)
    assert block.lost == 0 and block.room_waited_s > 10
    assert all(outcome.room_waited_s == 0 for outcome in (resume, oldest, newest, conflate))
    assert conflate.peak_bytes * 4 < min(oldest.peak_bytes, newest.peak_bytes, block.peak_bytes)
    assert newest.stale_worst_s > oldest.stale_worst_s
    assert resume.closes > 0
    assert block.stale_p50_s > 100 * oldest.stale_p50_s


def test_policies_fast_reader_costs_nothing() -> None:
    trace = record(seed=2, seconds=10)
    quick = Trace(trace.events, (1_000_000.0,), 10)
    for outcome in compare_policies(quick).outcomes:
        assert (outcome.room_waited_s, outcome.closes) == (0, 0)
        assert outcome.lost_share < 0.01  # two events about one thing within a step of the clock are one to Conflate
        assert outcome.stale_worst_s < 0.1


def test_trace_same_seed_repeats_it() -> None:
    assert record(seed=3) == record(seed=3) != record(seed=4)


def test_drop_policies_keep_their_end_of_the_queue() -> None:
    trace = Trace(tuple(QueuedEvent(n, n * 0.001, "k", 4000) for n in range(40)), (0.0, 100_000.0), 1.0)
    kept = {}
    for kind in (DropOldest, DropNewest):
        noting = ReadLog(kind)
        replay(trace, noting.policy)
        kept[kind] = [frame.number for frame in noting.read]
    assert kept[DropOldest][-1] == 39
    assert kept[DropNewest][-1] < 39
    assert kept[DropNewest][:5] == [0, 1, 2, 3, 4]


def test_close_and_resume_loses_only_what_is_too_much() -> None:
    small = tuple(QueuedEvent(n, n * 0.05, "k", 300) for n in range(120))
    outcome = replay(Trace(small, (0.0,) * 4 + (100_000.0,), 1.0), CloseAndResume())
    assert outcome.closes >= 1 and outcome.lost == 0
    large = tuple(QueuedEvent(n, n * 0.01, "k", 2000) for n in range(400))
    outcome = replay(Trace(large, (0.0,) * 4 + (100_000.0,), 1.0), CloseAndResume())
    assert outcome.closes >= 1 and outcome.lost > 0
