"""The store: every sample once, in order, from any thread, in bounded memory."""

import threading

import pytest
from hypothesis import given
from hypothesis import strategies as st

from labkit.samples import Store


@given(st.lists(st.floats(allow_nan=False), max_size=60), st.integers(1, 20), st.integers(1, 7))
def test_store_frequent_reader_sees_every_sample_once(values: list[float], size: int, every: int) -> None:
    store, seen, after = Store(size), [], 0
    for number, value in enumerate(values):
        store.add("x", value, at=number)
        if number % min(every, size) == 0:
            window = store.window("x", after)
            after = window.seen
            seen += window.values
    seen += store.window("x", after).values
    assert seen == values


@given(st.lists(st.integers(), max_size=60), st.integers(1, 20))
def test_store_keeps_the_newest_samples(values: list[int], size: int) -> None:
    store = Store(size)
    for number, value in enumerate(values):
        store.add("x", value, at=number)
    times, kept, seen = store.window("x")
    assert list(kept) == [float(value) for value in values[-size:]]
    assert list(times) == list(range(len(values)))[-size:]
    assert seen == len(values)


def test_store_threads_lose_no_sample() -> None:
    store = Store(100_000)

    def add() -> None:
        for number in range(5_000):
            store.add("x", number)

    threads = [threading.Thread(target=add) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    window = store.window("x")
    assert window.seen == 20_000
    assert sorted(window.values) == sorted([float(number) for number in range(5_000)] * 4)


def test_store_unknown_series_is_empty() -> None:
    assert Store().window("nothing") == Store().window("nothing", after=7)
    assert Store().window("nothing").seen == 0


def test_store_frame_is_sorted_by_time() -> None:
    store = Store()
    store.add("b ms", 2.0, at=20.0)
    store.add("a ms", 1.0, at=10.0)
    frame = store.frame()
    assert list(frame["name"]) == ["a ms", "b ms"]
    assert list(frame["value"]) == [1.0, 2.0]
    assert [stamp.timestamp() for stamp in frame["time"]] == [10.0, 20.0]


def test_store_empty_frame_has_columns() -> None:
    assert list(Store().frame().columns) == ["time", "name", "value"]


def test_store_size_0_is_refused() -> None:
    with pytest.raises(ValueError, match="at least 1 sample, not 0"):
        Store(0)
