"""Still pictures show their values, and each type of result has its own."""

from IPython.core.interactiveshell import InteractiveShell

from labkit.bench.slow.trace import compare_policies, record
from labkit.bench.storm.run import storm
from labkit.bench.timeline.merge import timeline
from labkit.bench.transports.compare import Comparison, Measured
from labkit.review import Finding, Report
from labkit.views import display_hooks, slow_policies, transports
from labkit.views import timeline as timeline_view
from labkit.wire.client.state import Journal


def words(figure: object) -> str:
    """All text in a figure."""
    axes = figure.axes  # type: ignore[attr-defined]
    titles = [ax.get_title(loc="left") for ax in axes]
    return "\n".join(
        [*titles, *(text.get_text() for ax in axes for text in [*ax.texts, ax.xaxis.label, ax.yaxis.label])]
    )


def test_every_result_type_has_a_picture() -> None:
    row = Measured("push", (1.0, 2.0), 100.0, 0.0, 0.0, 0.0)
    values = [Comparison((row,)), compare_policies(record(seconds=6)), storm(clients=50), ended()]
    assert {type(value) for value in values} == set(display_hooks.PICTURES)
    for value in values:
        assert display_hooks.PICTURES[type(value)](value).axes


def ended() -> object:
    log = Journal()
    for at, kind in ((100.0, "connecting"), (100.1, "authenticating")):
        log.add(at, kind)
    log.add(100.2, "auth_ok", connection="c1", user="ana", previous_close=None)
    log.add(104.0, "closed", code=1006, reason="")
    return timeline(log)


def test_policy_mark_shows_memory_and_wait() -> None:
    comparison = compare_policies(record(seed=1))
    shown = words(slow_policies.picture(comparison))
    for outcome in comparison.outcomes:
        assert outcome.policy in shown
        assert f"{outcome.peak_bytes / 1000:.0f} kB" in shown
    assert shown.count("the room waits") == 1
    assert len(slow_policies.text(comparison).splitlines()) == len(comparison.outcomes)


def test_moments_are_on_their_side_first_visible_bold() -> None:
    figure = timeline_view.picture(ended())  # type: ignore[arg-type]
    texts = [text for text in figure.axes[0].texts if " s  " in text.get_text()]
    assert len(texts) == 4
    assert [text.get_weight() for text in texts] == ["normal", "normal", "normal", "bold"]
    assert "closed because" in words(figure)


def test_timeline_long_keeps_its_ends() -> None:
    log = Journal()
    log.add(100.0, "connecting")
    log.add(100.1, "authenticating")
    for number in range(100):
        log.add(101.0 + number, "joined", room=f"room:{number}")
    log.add(300.0, "closed", code=1006, reason="")
    shown = words(timeline_view.picture(timeline(log)))
    assert "connecting" in shown and "closed 1006" in shown
    assert "(79 more)" in shown


def test_transports_have_a_row_per_option() -> None:
    rows = tuple(Measured(f"option {n}", (1.0 * n, 2.0 * n), 50.0 * n, 0.0, 10.0, 1.0) for n in (1, 2, 3))
    late, cost = transports.picture(Comparison(rows)).axes
    assert [label.get_text() for label in late.get_yticklabels()] == ["option 1", "option 2", "option 3"]
    assert len(cost.patches) == 6


def test_report_is_folded_by_verdict_without_scripts() -> None:
    finding = Finding("auth/1", "title", "P0", "broken", "this", "<script>that", ("a -> <b>",), (), "f", "t", 1.5)
    report = Report("ws://localhost", "core", (finding,), 2.5)
    shell = InteractiveShell.instance()
    display_hooks.register()
    data, _ = shell.display_formatter.format(report)
    assert data["text/plain"] == "<review, profile core: 0 held, 1 broken, 0 unknown>"
    html = data["text/html"]
    assert "<script" not in html and "&lt;script&gt;that" in html
    assert '<details class="group broken" open>' in html and '<details class="group held">' in html
    assert "2.5" not in html and "1.5" not in html.replace("16px/1.5", "")
