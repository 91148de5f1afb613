"""A reproduction pasted into a shell: it repeats the traffic, and the shell expands nothing in it."""

import asyncio
import json
import os
import pty
import subprocess
import sys
from contextlib import suppress
from pathlib import Path

import pytest

from labkit.review import CannotReview, Finding, examine
from labkit.review.transcript import Transcript, literal
from tests.commands.certificates import certificate
from tests.review.full_server import promised
from tests.wire.raw import TOKEN, process, serving

READY = "ready$ "


async def pasted(finding: Finding, **environment: str) -> tuple[int | None, str]:
    """Run a finding's reproduction in a shell; return the exit code and the output."""
    env = {"PATH": os.environ["PATH"], **environment}
    streams = {"stdin": subprocess.DEVNULL, "stdout": subprocess.PIPE, "stderr": subprocess.STDOUT}
    script = "\n".join(finding.reproduce)
    shell = await asyncio.create_subprocess_exec("sh", "-c", script, env=env, start_new_session=True, **streams)
    out, _ = await asyncio.wait_for(shell.communicate(), 30)
    return shell.returncode, out.decode()


async def test_pasted_reproduction_shows_what_the_probe_saw() -> None:
    """The scripts get the same answers from the same server; without a token they ask for one."""
    async with serving(limits={"auth_timeout_s": 2}) as server:
        report = await examine(server.url, only=["auth/8", "auth/12", "rooms/15", "slow/4"], promised=promised())
        said = {finding.id: await pasted(finding, TOKEN=TOKEN) for finding in report}
        asked = await pasted(report["rooms/15"])
    assert {code for code, _ in said.values()} == {0}, said
    assert "b < close 4403" in said["auth/8"][1]
    assert said["auth/12"][1].count('"auth_ok"') == 2
    assert '"text":"three"' in said["rooms/15"][1]
    assert "a < the connection ended" in said["slow/4"][1]
    assert asked[0] == 1
    assert "set TOKEN in the environment" in asked[1]


async def typed(finding: Finding, token: str) -> str:
    """Paste a reproduction into an interactive shell and type the token; return what the terminal shows."""
    terminal, shells = pty.openpty()
    take = (
        "import fcntl, os, termios; fcntl.ioctl(0, termios.TIOCSCTTY, 0); os.execvp('bash', ['bash', '--norc', '-i'])"
    )
    env = {"PATH": os.environ["PATH"], "PS1": READY, "TERM": "dumb", "HISTFILE": ""}
    streams = {"stdin": shells, "stdout": shells, "stderr": shells}
    shell = subprocess.Popen([sys.executable, "-c", take], env=env, start_new_session=True, **streams)
    os.close(shells)
    os.set_blocking(terminal, False)
    shown, todo = b"", "".join(f"{one}\r" for one in finding.reproduce).encode()
    try:
        async with asyncio.timeout(30):
            while todo or not shown.endswith(READY.encode()):
                with suppress(BlockingIOError):
                    shown += os.read(terminal, 65536)
                with suppress(BlockingIOError):
                    todo = todo[os.write(terminal, todo[:512]) :] if READY.encode() in shown else todo
                if shown.endswith(b"TOKEN: "):
                    todo, shown = f"{token}\r".encode(), shown + b"\n"
                await asyncio.sleep(0.005)
    finally:
        shell.kill()
        shell.wait()
        os.close(terminal)
    return shown.decode().replace("\r", "").rpartition("> END\n")[2]


async def test_reproduction_works_at_an_interactive_prompt() -> None:
    """The terminal accepts every line, hides the typed token, and reports a server that is gone."""
    async with serving(limits={"auth_timeout_s": 2}) as server:
        report = await examine(server.url, only=["rooms/4", "protocol/6"], promised=promised())
        said = await typed(report["rooms/4"], TOKEN)
    gone = await typed(report["protocol/6"], TOKEN)
    assert "b < close 1008" in said
    assert '"the last chat"' in said
    assert TOKEN not in said
    assert "a < no connection" in gone
    assert "Traceback" not in gone


async def test_reproduction_contains_nothing_a_shell_expands() -> None:
    """No exclamation mark (history), no tab (completion), and no line too long for a terminal."""
    async with serving(limits={"auth_timeout_s": 0.6}) as server:
        report = await examine(server.url, only=["validation", "protocol", "rooms/9"], promised=promised())
    for finding in report:
        lines = finding.reproduce
        assert lines[0] == "python3 - <<'END'"
        assert lines.count("END") == 1
        odd = [one for one in lines if "!" in one or "\t" in one or not one.isascii() or len(one) > 4000]
        assert not odd, finding.id
    assert literal("!" + "x" * 100) == "'\\x21' + 'x' * 100"
    assert literal("ab" * 200 + "c") == "'ab' * 200 + 'c'"
    assert literal(b"!") == "b'\\x21'"


async def test_cafile_makes_the_review_trust_a_certificate(tmp_path: Path) -> None:
    """Without --cafile the error suggests it; with it the review and the reproduction work."""
    made = certificate(tmp_path)
    async with process(tmp_path, "--certfile", str(made.certfile), "--keyfile", str(made.keyfile)) as served:
        url = served.url.replace("127.0.0.1", "localhost")
        with pytest.raises(CannotReview, match="--cafile"):
            await examine(url, only=["auth/1"])
        report = await examine(url, only=["auth/1"], cafile=made.certfile)
        code, said = await pasted(report["auth/1"], TOKEN=TOKEN)
    assert report["auth/1"].verdict == "held"
    assert (code, "a < close 4403" in said) == (0, True), said


@pytest.mark.parametrize("token", ["Sommer!2026pass", "pässwörd-12", "it's\\a\"quoted/one", "plain-secret"])
def test_credential_is_hidden_in_every_escaped_form(token: str) -> None:
    """Escaped by JSON, by Python and by both, as text and as bytes, also in a server's message."""
    transcript = Transcript("ws://localhost", {token: "$TOKEN"})
    message, raw = json.dumps({"token": token}), json.dumps({"token": token}, ensure_ascii=False)
    said = [token, message, raw, raw.replace("/", "\\/"), f"Bearer {token}"]
    for number, one in enumerate(said):
        values = (one, one.encode())
        transcript.note(
            str(number), one, " ".join([str(number), literal(one), literal(one.encode()), *map(repr, values)])
        )
    shown = "\n".join(transcript.lines() + tuple(transcript.codes))
    assert shown.count("$TOKEN") == 5 * len(said)
    assert token[-5:-2] not in shown
    assert transcript.hide("no credential") == "no credential"
