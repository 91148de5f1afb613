"""The lines of a test in Python and in Node. Every text is written as a literal: a server cannot write code."""

import json
import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from itertools import groupby
from textwrap import wrap
from typing import Any

from labkit.review.finding import Finding
from labkit.review.recording import Act
from labkit.written_tests.expecting import Expected, Plan

WIDTH = 110
CREDENTIALS = ("$TOKEN", "$TOKEN_COMMAND")
_RUN = re.compile(r"(.{1,12}?)\1{39,}", re.DOTALL)


@dataclass(frozen=True, slots=True)
class Language:
    """How one language writes the parts of a test."""

    name: str
    file: str  # a template with {name}
    client: str
    command: tuple[str, ...]
    quoted: Callable[[str], str]
    repeated: str
    none: str


def _python_quoted(text: str) -> str:
    is_plain = not set(text) & {"'", '"', "\\"}
    return f'"{ascii(text)[1:-1]}"' if is_plain else ascii(text)


def _node_quoted(text: str) -> str:
    is_plain = text.isascii() and text.isprintable() and not set(text) & {"'", "\\"}
    return f"'{text}'" if is_plain and '"' in text else json.dumps(text)


PYTHON = Language(
    "python", "test_{name}.py", "review_client.py", ("python", "-m", "pytest"), _python_quoted, "{0} * {1}", "None"
)
NODE = Language(
    "node", "{name}.test.mjs", "review_client.mjs", ("node", "--test"), _node_quoted, "{0}.repeat({1})", "null"
)
LANGUAGES = {"python": PYTHON, "node": NODE}


def literal(text: str, language: Language) -> str:
    """Return a text as an expression; a long repetition is a product."""
    found = _RUN.search(text)
    if found is None:
        return language.quoted(text)
    times = (found.end() - found.start()) // len(found[1])
    parts = [text[: found.start()], "", text[found.end() :]]
    shown = [literal(part, language) if part else "" for part in parts]
    shown[1] = language.repeated.format(language.quoted(found[1]), times)
    return " + ".join(part for part in shown if part)


def _value(value: Any, language: Language) -> str:
    if isinstance(value, str):
        return literal(value, language)
    return ascii(value) if language is PYTHON else json.dumps(value)


def heading(finding: Finding) -> list[str]:
    """Return the promise that the test checks, and the repair, as lines of text."""
    first = f"{finding.id}, {finding.severity}: {finding.title}."
    more = [f"Promise: {finding.promise}.", f"Expected: {finding.expected}.", f"Fix: {finding.fix}"]
    return [first, "", *(line for part in more for line in wrap(part, WIDTH - 4))]


def replayed(plan: Plan, finding: Finding, language: Language) -> str:
    """Return the whole file of a test."""
    write = _python if language is PYTHON else _node
    return "\n".join(write(plan, finding)) + "\n"


def by_probe(finding: Finding, language: Language, options: list[str]) -> str:
    """Return the file of a test that runs the probe itself: of a finding that a few messages cannot show."""
    command = ["--only", finding.id, *options]
    template = _PROBE_IN_PYTHON if language is PYTHON else _PROBE_IN_NODE
    shown = ", ".join(_word(word, language) for word in command)
    head = heading(finding)
    comment = "\n".join(head if language is PYTHON else [f"// {line}".rstrip() for line in head])
    title = json.dumps(f"{finding.id}: {finding.title}")
    return template.format(head=comment, name=_name(finding.id), title=title, command=shown)


def _word(word: str, language: Language) -> str:
    """Write a word of a command; a credential is read from the environment."""
    if word not in CREDENTIALS:
        return literal(word, language)
    return f'os.environ["{word[1:]}"]' if language is PYTHON else f"process.env.{word[1:]}"


_PROBE_IN_PYTHON = '''\
"""{head}

A few messages cannot show it, so this test runs the probe of labkit itself.
"""

import json
import os
import subprocess
import sys

OPTIONS = [{command}, "--json", "-"]


def test_{name}() -> None:
    command = [sys.executable, "-m", "labkit", "review", os.environ["URL"]]
    done = subprocess.run([*command, *OPTIONS], stdout=subprocess.PIPE, text=True)
    assert done.returncode != 2, "the review could not run"
    finding = json.loads(done.stdout)["probes"][0]
    assert finding["verdict"] == "held", finding["actual"]
'''
_PROBE_IN_NODE = """\
{head}
//
// A few messages cannot show it, so this test runs the probe of labkit itself.
import assert from "node:assert/strict";
import {{ spawnSync }} from "node:child_process";
import test from "node:test";

const OPTIONS = [{command}, "--json", "-"];

test({title}, () => {{
  const command = ["review", process.env.URL, ...OPTIONS];
  const done = spawnSync("labkit", command, {{ stdio: ["inherit", "pipe", "inherit"], encoding: "utf8" }});
  assert.ok(done.status === 0 || done.status === 1, "the review could not run");
  const finding = JSON.parse(done.stdout).probes[0];
  assert.equal(finding.verdict, "held", finding.actual);
}});
"""


# Python


def _python(plan: Plan, finding: Finding) -> Iterator[str]:
    first, *rest = heading(finding)
    yield from (f'"""{first}', *rest, '"""', "")
    statements = list(_python_statements(plan))
    if any("sleep(" in one for one in statements):
        yield from ("from time import sleep", "")
    yield from ("from review_client import clients", "", "")
    yield from (f"def test_{_name(finding.id)}() -> None:", "    with clients() as client:")
    yield from (f"        {one}" for one in statements)


def _python_statements(plan: Plan) -> Iterator[str]:
    for act, texts in _grouped(plan.acts):
        name = act.peer
        loop = f"for _ in range({act.times}): " if act.times > 1 else ""
        if act.pause_s:
            yield f"sleep({act.pause_s:g})"
        match act.kind:
            case "open":
                yield f"{name} = client({_arguments(act, PYTHON)})"
            case "text":
                yield from _call(f"{loop}{name}.send", [literal(text, PYTHON) for text in texts])
            case "frame":
                first, payload, mask = act.value
                more = "" if mask else ", 0"
                yield f"{loop}{name}.send_frame({first}, {literal(payload, PYTHON)}{more})"
            case "raw":
                yield f"{loop}{name}.send_bytes({literal(act.value, PYTHON)})"
            case "receive" if act.value == "None":
                yield f"{name}.receive()"
            case "receive":
                yield f"assert {name}.receive().get({_python_quoted(plan.kind)}) == {literal(act.value, PYTHON)}"
            case "end":
                yield f'assert "close" in {name}.receive()'
            case "settle":
                yield f"{name}.until_close()"
    yield from _python_expected(plan.expected, plan.kind)


def _python_expected(expected: Expected, kind: str) -> Iterator[str]:
    name = expected.peer
    match expected.kind:
        case "alive":
            yield f"assert {name}.is_open()"
        case "close" if not expected.codes:
            yield f"{name}.close_code()"
        case "close":
            shown = ", ".join(map(str, expected.codes))
            test = f"== {shown}" if len(expected.codes) == 1 else f"in ({shown})"
            yield f"assert {name}.close_code() {test}"
        case "refused":
            yield f"assert {literal(expected.fields['type'], PYTHON)} not in {name}.until_close()"
        case "message":
            yield f"message = {name}.receive()"
            for field, value in expected.fields.items():
                yield f"assert message.get({_python_quoted(field)}) == {_filled(value, PYTHON)}, message"
            for field in expected.absent:
                yield f"assert {_python_quoted(field)} not in message"
            for field, value in expected.wrong.items():
                yield f"assert message.get({_python_quoted(field)}) != {_filled(value, PYTHON)}, message"


# Node


def _node(plan: Plan, finding: Finding) -> Iterator[str]:
    yield from (f"// {line}".rstrip() for line in heading(finding))
    yield from ('import assert from "node:assert/strict";', 'import test from "node:test";')
    statements = list(_node_statements(plan))
    names = [name for name in ("Client", "fill", "pause") if any(f"{name}" in one for one in statements)]
    yield from (f'import {{ {", ".join(names)} }} from "./review_client.mjs";', "")
    yield f"test({json.dumps(finding.id + ': ' + finding.title)}, async () => {{"
    yield from (f"  {one}" for one in statements)
    yield "});"


def _node_statements(plan: Plan) -> Iterator[str]:
    for act, texts in _grouped(plan.acts):
        name = act.peer
        loop = f"for (let n = 0; n < {act.times}; n++) " if act.times > 1 else ""
        if act.pause_s:
            yield f"await pause({act.pause_s * 1000:.0f});"
        match act.kind:
            case "open":
                yield f"const {name} = await Client.open({_arguments(act, NODE)});"
            case "text":
                yield from _call(f"{loop}{name}.send", [literal(text, NODE) for text in texts], ";")
            case "frame":
                first, payload, mask = act.value
                more = "" if mask else ", 0"
                yield f"{loop}{name}.sendFrame({first}, {literal(payload, NODE)}{more});"
            case "raw":
                yield f"{loop}{name}.sendBytes({literal(act.value, NODE)});"
            case "receive" if act.value == "None":
                yield f"await {name}.receive();"
            case "receive":
                yield f"assert.equal((await {name}.receive()){_property(plan.kind)}, {literal(act.value, NODE)});"
            case "end":
                yield f'assert.ok("close" in (await {name}.receive()));'
            case "settle":
                yield f"await {name}.untilClose();"
    yield from _node_expected(plan.expected)


def _node_expected(expected: Expected) -> Iterator[str]:
    name = expected.peer
    match expected.kind:
        case "alive":
            yield f"assert.ok(await {name}.isOpen());"
        case "close" if not expected.codes:
            yield f"await {name}.closeCode();"
        case "close":
            yield f"assert.ok([{', '.join(map(str, expected.codes))}].includes(await {name}.closeCode()));"
        case "refused":
            effect = literal(expected.fields["type"], NODE)
            yield f"assert.ok(!(await {name}.untilClose()).includes({effect}));"
        case "message":
            yield f"const message = await {name}.receive();"
            for field, value in expected.fields.items():
                yield f"assert.deepEqual(message{_property(field)}, {_filled(value, NODE)});"
            for field in expected.absent:
                yield f"assert.ok(!Object.hasOwn(message, {json.dumps(field)}));"
            for field, value in expected.wrong.items():
                yield f"assert.notDeepEqual(message{_property(field)} ?? null, {_filled(value, NODE)});"


def _property(name: str) -> str:
    return f".{name}" if re.fullmatch(r"[A-Za-z_]\w*", name, re.ASCII) else f"[{json.dumps(name)}]"


# Both


def _name(probe_id: str) -> str:
    return probe_id.replace("/", "_")


def _filled(value: Any, language: Language) -> str:
    shown = _value(value, language)
    return f"fill({shown})" if isinstance(value, str) and "$" in value else shown


def _arguments(act: Act, language: Language) -> str:
    path, headers = act.value
    if not headers:
        return literal(path, language) if path else ""
    pairs = ", ".join(f"{json.dumps(name)}: {literal(value, language)}" for name, value in headers.items())
    return f"{literal(path, language)}, {{{pairs}}}"


def _grouped(acts: tuple[Act, ...]) -> Iterator[tuple[Act, list[str]]]:
    """Yield each act, and the texts of those that follow it in the same write."""
    for _, group in groupby(acts, lambda one: (one.kind, one.peer, one.times)):
        alike = list(group)
        if alike[0].kind == "text" and alike[0].times == 1:
            batch: list[Act] = []
            for one in alike:
                if batch and one.pause_s:
                    yield batch[0], [each.value for each in batch]
                    batch = []
                batch.append(one)
            yield batch[0], [each.value for each in batch]
        else:
            yield from ((one, [one.value]) for one in alike)


def _call(function: str, arguments: list[str], end: str = "") -> Iterator[str]:
    """Write a call on one line, or one line for each argument if it would be too long."""
    one_line = f"{function}({', '.join(arguments)}){end}"
    if len(one_line) <= WIDTH or len(arguments) == 1:
        yield one_line
    else:
        yield from (f"{function}(", *(f"    {one}," for one in arguments), f"){end}")
