"""Storms as a picture and as text: the same figures in both."""

from dataclasses import replace

import pytest
from matplotlib.colors import to_rgb

import labkit
from labkit.bench.storm.run import Storms
from labkit.views.display_hooks import PICTURES
from labkit.views.storm import MEASURED, picture, text


@pytest.fixture(scope="module")
def storms() -> Storms:
    return labkit.storm(policy=["article", "ours"], clients=1000, handshakes_per_s=200)


def test_each_policy_has_a_row_with_arrivals(storms: Storms) -> None:
    made = picture(storms)
    for ax, result in zip(made.axes, storms, strict=True):
        (drawn,) = ax.patches
        values, edges, _ = drawn.get_data()  # type: ignore[attr-defined]
        assert tuple(values) == result.arrivals
        assert edges[-1] == pytest.approx(len(result.arrivals) / 10)
        assert ax.get_title(loc="left").startswith(f"{result.policy}: {result.peak_100ms:,} in the worst 100 ms")
        assert ax.lines[0].get_ydata()[0] == 20  # type: ignore[index]


def test_rows_share_one_scale(storms: Storms) -> None:
    assert len({ax.get_ylim() for ax in picture(storms).axes}) == 1


def test_text_has_every_figure_of_picture(storms: Storms) -> None:
    words = text(storms)
    assert words.startswith("1,000 clients dropped at once, accept rate 200 a second, virtual.")
    for result in storms:
        assert (
            f"{result.policy}: {result.peak_100ms:,} in the worst 100 ms, {result.peak_1s:,} in the worst sec" in words
        )
        assert f"99 % back after {result.t99_s:.1f} s" in words


def test_clients_that_never_returned_are_reported() -> None:
    gone = labkit.storm(clients=10, down_s=9, seconds=10, policy="none", handshakes_per_s=1)
    assert "99 % never came back, 9 lost" in text(gone)


def test_jupyter_shows_picture() -> None:
    assert PICTURES[Storms] is picture


def test_policy_has_same_color_in_every_picture(storms: Storms) -> None:
    alone = picture(labkit.storm(policy="ours", clients=100, handshakes_per_s=200))
    colors = [ax.patches[0].get_facecolor() for ax in picture(storms).axes]
    assert colors[1] == alone.axes[0].patches[0].get_facecolor() != colors[0]


def test_what_is_no_policy_is_grey(storms: Storms) -> None:
    """A class that was drilled, for example."""
    measured = replace(storms.results[0], policy="this class")
    made = picture(replace(storms, results=(measured, *storms.results[1:])))
    assert made.axes[0].patches[0].get_facecolor()[:3] == to_rgb(MEASURED)


@pytest.mark.parametrize(("clients", "scale"), [(100, "linear"), (10_000, "symlog")])
def test_scale_is_logarithmic_only_far_above_accept_rate(clients: int, scale: str) -> None:
    made = picture(labkit.storm(policy=["article", "ours"], clients=clients, handshakes_per_s=1000))
    assert {ax.get_yscale() for ax in made.axes} == {scale}


@pytest.fixture(scope="module")
def hashing() -> Storms:
    return labkit.storm(policy=["fixed", "ours"], clients=200, stands_for=10_000, hash_ms=8, seconds=8)


def test_hashing_storms_share_one_picture_of_who_is_back(hashing: Storms) -> None:
    top, *rows = picture(hashing).axes
    everybody, *lines = top.lines
    assert [line.get_label() for line in lines] == ["fixed", "ours"]
    assert [line.get_ydata()[-1] for line in lines] == [result.back for result in hashing]  # type: ignore[index]
    assert everybody.get_ydata()[0] == 200  # type: ignore[index]
    assert len({str(line.get_linestyle()) for line in lines}) == 2
    assert len(rows) == 2


def test_hashing_storms_show_work_for_nobody_hatched(hashing: Storms) -> None:
    for ax, result in zip(picture(hashing).axes[1:], hashing, strict=True):
        work, useful = ax.patches
        assert work.get_hatch() and not useful.get_hatch()
        for drawn, total in ((work, sum(result.hashed)), (useful, result.back)):
            values, edges, _ = drawn.get_data()  # type: ignore[attr-defined]
            assert sum(values) * (edges[1] - edges[0]) == pytest.approx(total)
        assert f"{result.back:,} of 200 back" in ax.get_title(loc="left")
        assert f"{result.wasted:,} for clients that had given up" in text(hashing)


def test_hashing_storms_table_counts_work_for_nobody(hashing: Storms) -> None:
    fixed = hashing["fixed"]
    line = next(line for line in hashing.table().splitlines() if line.startswith("fixed"))
    assert line.split()[1] == str(fixed.back) and f"{fixed.wasted:,}" in line and line.endswith("never")


def test_added_storms_are_one_picture(hashing: Storms) -> None:
    both = Storms(hashing.results[:1]) + Storms(hashing.results[1:])
    assert both == hashing
