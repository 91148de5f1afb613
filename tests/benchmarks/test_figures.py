"""Figures as they are kept, compared and shown."""

from pathlib import Path

from benchmarks.figures import Store
from benchmarks.report import details, overview, plot


def _store(path: Path) -> Store:
    store = Store(path)
    for workload, ours in (("W1a", [200.0, 300.0, 100.0]), ("W5", [4.0, 5.0, 6.0])):
        store.forget(workload, ["ours", "article"])
        for number, value in enumerate(ours):
            store.add(workload, "ours", {"value": value, "p99_ms": 1.0, "busy": 0.5})
            store.add(workload, "article", {"value": 100.0 if number else 50.0, "p99_ms": 2.0, "busy": 0.4})
    return store


def test_a_ratio_is_of_the_same_round_and_the_median_counts(tmp_path: Path) -> None:
    """200/50, 300/100, 100/100: the median is 3, not the quotient of the medians."""
    ratio = _store(tmp_path / "f.json").ratio("W1a", "ours")
    assert ratio is not None and (ratio.median, ratio.least, ratio.most, ratio.rounds) == (3.0, 1.0, 4.0, 3)


def test_figures_are_kept_and_what_is_measured_again_replaces_them(tmp_path: Path) -> None:
    """One workload of one server again: all else stays."""
    _store(tmp_path / "f.json").save()
    again = Store(tmp_path / "f.json")
    again.forget("W5", ["ours"])
    again.add("W5", "ours", {"value": 1.0})
    again.save()
    kept = Store(tmp_path / "f.json")
    assert kept.summary("W5", "ours") == (1.0, 1.0, 1.0, 1)
    assert kept.summary("W5", "article") == (100.0, 50.0, 100.0, 3) and kept.servers("W1a") == ["ours", "article"]


def test_the_table_names_the_workload_beside_every_number(tmp_path: Path) -> None:
    """And the generator's busy share; the picture is drawn from the same figures."""
    store = _store(tmp_path / "f.json")
    assert overview(store).splitlines()[2:] == [
        "| W1a: a room of 500, one sender, one message in flight | 100 | 200 deliveries/s | 3 (1 to 4) | 0.5 |",
        "| W5: 2000 idle members | 100 | 5 KB each | 0.06 (0.05 to 0.08) | 0.5 |",
    ]
    rows = details(store).splitlines()
    assert rows[2] == (
        "| W1a: a room of 500, one sender, one message in flight | ours "
        "| 200 (100 to 300) deliveries/s | 3 (1 to 4), 3 pairs | 1 |  | 0.5 |"
    )
    assert len(rows) == 6
    plot(store, tmp_path / "f.png")
    assert (tmp_path / "f.png").read_bytes().startswith(b"\x89PNG")
