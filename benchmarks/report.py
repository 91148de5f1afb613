"""Show the figures as Markdown tables and as a plot."""

from pathlib import Path

from benchmarks.figures import BASE, Store, Summary
from benchmarks.servers import NAMES
from benchmarks.workloads import WORKLOADS

SHOWN = {"ours": "tab:blue", "ideas": "tab:green", "aiohttp": "tab:orange", "ceiling": "lightgrey"}


def overview(store: Store) -> str:
    """Return a table with one row per workload: the article's figure, ours, and each server's ratio to it."""
    others = [name for name in ("ideas", "aiohttp", "ceiling") if any(store.ratio(one, name) for one in WORKLOADS)]
    head = ["workload", BASE, "ours", "ours / article's", *others, "generator busy"]
    lines = [f"| {' | '.join(head)} |", "|---" * len(head) + "|"]
    for name in (name for name in WORKLOADS if store.summary(name, "ours")):
        cells = [
            f"{name}: {WORKLOADS[name].title}",
            _median(store.summary(name, BASE)),
            f"{_median(store.summary(name, 'ours'))} {WORKLOADS[name].unit}",
            _figure(store.ratio(name, "ours")),
            *(_median(store.ratio(name, other)) for other in others),
            _median(store.summary(name, "ours", "busy")),
        ]
        lines.append(f"| {' | '.join(cells)} |")
    return "\n".join(lines)


def details(store: Store) -> str:
    """Return a table with one row per workload and server: the figure, and its ratio to the article's."""
    lines = [
        "| workload | server | median (min to max) | ratio to the article's | p99 ms | server CPU | generator busy |",
        "|---|---|---|---|---|---|---|",
    ]
    for name in (name for name in WORKLOADS if name in store.workloads):
        for server in (server for server in NAMES if server in store.servers(name)):
            ratio = store.ratio(name, server) if server != BASE else None
            cells = [
                f"{name}: {WORKLOADS[name].title}",
                server,
                f"{_figure(store.summary(name, server))} {WORKLOADS[name].unit}",
                "" if ratio is None else f"{_figure(ratio)}, {ratio.rounds} pairs",
                *(_median(store.summary(name, server, column)) for column in ("p99_ms", "cpu", "busy")),
            ]
            lines.append(f"| {' | '.join(cells)} |")
    return "\n".join(lines)


def plot(store: Store, path: Path) -> None:
    """Plot how many times better each server is than the article's, per workload, on a logarithmic scale."""
    from matplotlib.figure import Figure

    names = [name for name in WORKLOADS if store.ratio(name, "ours")]
    figure = Figure(figsize=(9, 4.2), layout="constrained")
    axes = figure.subplots()
    width = 0.8 / len(SHOWN)
    for number, (server, color) in enumerate(SHOWN.items()):
        for at, name in enumerate(names):
            better = _better(store, name, server)
            if better is None:
                continue
            place = at + (number - (len(SHOWN) - 1) / 2) * width
            axes.bar(place, better.median - 1, width, bottom=1, color=color, label=server if at == 0 else None)
            axes.plot([place, place], [better.least, better.most], color="black", linewidth=0.8)
    axes.axhline(1, color="black", linewidth=0.8)
    axes.set_yscale("log", base=2)
    axes.yaxis.set_major_formatter("{x:g}x")
    axes.set_xticks(range(len(names)), names)
    axes.set_ylabel("times better than the article's server")
    axes.set_title("Room servers on one core: median of paired rounds; the line shows minimum to maximum")
    axes.legend(loc="upper right")
    figure.savefig(path, dpi=110)


def _better(store: Store, workload: str, server: str) -> Summary | None:
    ratio = store.ratio(workload, server)
    if ratio is None or WORKLOADS[workload].more_is_better:
        return ratio
    return Summary(1 / ratio.median, 1 / ratio.most, 1 / ratio.least, ratio.rounds)


def _figure(summary: Summary | None) -> str:
    return "" if summary is None else f"{_short(summary.median)} ({_short(summary.least)} to {_short(summary.most)})"


def _median(summary: Summary | None) -> str:
    return "" if summary is None else _short(summary.median)


def _short(value: float) -> str:
    """Format a number with three digits."""
    return f"{value:,.0f}" if value >= 100 else f"{value:.3g}"
