"""`labkit storm`: JSON, the picture, and its errors."""

import json
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner, Result

from labkit.bench.storm.policies import POLICIES
from labkit.bench.storm.run import run
from labkit.bench.storm.run import storm as run_storm
from labkit.bench.storm.tally import StormPlan
from labkit.cli import main

KEYS = ["clients", "policy", "mode", "peak_100ms", "peak_1s", "t99_s", "lost"]


def storm(*options: str) -> Result:
    return CliRunner().invoke(main, ["storm", *options])


def figures(*options: str) -> list[dict[str, Any]]:
    done = storm("--json", *options)
    assert done.exit_code == 0, done.output
    return [json.loads(line) for line in done.stdout.splitlines()]


def test_json_is_one_object_with_storm_figures() -> None:
    (result,) = figures("--clients", "300", "--policy", "full", "--seed", "4", "--rate", "100", "--down", "1")
    assert list(result) == KEYS
    assert result == run(StormPlan(clients=300, policy="full", seed=4, handshakes_per_s=100, down_s=1)).json()


def test_policies_all_print_one_line_each() -> None:
    assert [line["policy"] for line in figures("--clients", "100", "--policy", "all")] == list(POLICIES)


def test_text_output_is_a_table() -> None:
    table = storm("--clients", "100", "--policy", "article", "--policy", "ours").stdout.splitlines()
    assert [line.split()[0] for line in table] == ["policy", "article", "ours"]


def test_table_shows_refusals() -> None:
    """Without them, the fastest policy looks best, although the server refused its clients."""
    plan = {"clients": 2000, "policy": ["none", "ours"], "handshakes_per_s": 500}
    storms = run_storm(**plan)
    lines = storms.table().splitlines()
    place = lines[0].index("refused") + len("refused")
    shown = [int(line[:place].split()[-1].replace(",", "")) for line in lines[1:]]
    assert shown == [storms["none"].refused, storms["ours"].refused] and shown[0] > shown[1]


def test_rate_off_is_accepted() -> None:
    (result,) = figures("--clients", "300", "--policy", "none", "--rate", "off")
    assert result["peak_1s"] == 300  # nobody is refused, so nobody comes twice


def test_real_clients_reconnect() -> None:
    (result,) = figures("--real", "--clients", "50", "--policy", "article")
    assert result["mode"] == "real"
    assert (result["clients"], result["lost"]) == (50, 0)


def test_plot_is_a_png(tmp_path: Path) -> None:
    plot = tmp_path / "storms.png"
    done = storm("--clients", "100", "--policy", "all", "--plot", str(plot))
    assert done.exit_code == 0
    assert plot.read_bytes().startswith(b"\x89PNG")
    assert "storms.png" in done.stderr


@pytest.mark.parametrize(
    ("options", "says"),
    [
        (["--policy", "hope"], "there is no policy 'hope'; use one of none, fixed"),
        (["--clients", "0"], "from 1 to"),
        (["--rate", "fast"], "give handshakes per second, or off"),
        (["--real", "--down", "3"], "--down works with --virtual only"),
        (["--plot", "storms.pdf"], "a name that ends in .png"),
        (["--clients", "5", "--plot", "no/such/folder/a.png"], "cannot write"),
    ],
)
def test_storm_impossible_exits_2_with_reason(options: list[str], says: str) -> None:
    done = storm(*options)
    assert done.exit_code == 2
    assert says in done.output


def test_help_has_examples_and_names_policies() -> None:
    help_text = storm("--help").output
    assert "labkit storm --policy all --plot storms.png" in help_text
    assert all(policy in help_text for policy in POLICIES)
