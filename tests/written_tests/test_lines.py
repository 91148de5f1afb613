"""The text of a test: whatever a server sent stays a literal."""

import ast
import json
import subprocess
from pathlib import Path

import pytest

from labkit.review.finding import Finding
from labkit.review.recording import Act
from labkit.written_tests.expecting import Expected, Plan
from labkit.written_tests.lines import NODE, PYTHON, by_probe, replayed
from tests.e2e.need import node_path

HOSTILE = (
    '"); raise SystemExit(7)  #',
    "'); process.exit(7); //",
    '"""\nraise SystemExit(7)\n"""',
    "`${process.exit(7)}`\\",
    "\u2028process.exit(7)\n*/",
    "x" * 500 + "'\"",
)
FINDING = Finding("rooms/2", "A title", "P0", "broken", "expected", "actual", (), (), "fix", "test", 0)


def plan(text: str) -> Plan:
    """Return a test in which the server's text is everywhere where it can be."""
    acts = (
        Act("a", "open", ("/" + text, {"X-Name": text})),
        Act("a", "text", json.dumps({"type": text})),
        Act("a", "frame", (129, "payload", 128)),
        Act("a", "receive", text),
    )
    expected = Expected("a", "message", {"type": text, text: text}, absent=(text,), wrong={text: text})
    return Plan(acts, expected, text)


@pytest.mark.parametrize("text", HOSTILE)
def test_text_of_a_server_is_a_literal_in_python(text: str) -> None:
    tree = ast.parse(replayed(plan(text), FINDING, PYTHON))
    names = {node.id for node in ast.walk(tree) if isinstance(node, ast.Name)}
    assert names <= {"clients", "client", "a", "message", "fill"}
    assert not any(isinstance(node, ast.Raise) for node in ast.walk(tree))


@pytest.mark.parametrize("text", HOSTILE)
def test_text_of_a_server_is_a_literal_in_node(text: str, tmp_path: Path) -> None:
    """Run without the client: nothing of it is called, so only foreign code could end it with 7."""
    lines = replayed(plan(text), FINDING, NODE).splitlines()
    code = "\n".join(line for line in lines if not line.startswith("import"))
    stubs = "const it = new Proxy(() => it, { get: (_, name) => name === 'then' ? undefined : it, apply: () => it });\n"
    stubs += "const [assert, Client, fill] = [it, it, it]; const test = (_, run) => run();\n"
    (tmp_path / "one.mjs").write_text(stubs + code, encoding="utf-8")
    done = subprocess.run([node_path(), "one.mjs"], cwd=tmp_path, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr


def test_test_says_what_was_promised_and_how_to_repair_it() -> None:
    for text in (replayed(plan("x"), FINDING, PYTHON), by_probe(FINDING, NODE, [])):
        assert "rooms/2, P0: A title." in text
        assert "Promise: labkit's protocol." in text
        assert "Fix: fix" in text


def test_credential_is_read_from_the_environment() -> None:
    assert '"--token", os.environ["TOKEN"]' in by_probe(FINDING, PYTHON, ["--token", "$TOKEN"])
    assert '"--token-command", process.env.TOKEN_COMMAND' in by_probe(
        FINDING, NODE, ["--token-command", "$TOKEN_COMMAND"]
    )


def test_options_of_a_probe_are_literals() -> None:
    options = ["--dialect", "it's.toml", "--log", 'a"b']
    ast.parse(by_probe(FINDING, PYTHON, options))
    assert "'a\"b'" in by_probe(FINDING, NODE, options)
