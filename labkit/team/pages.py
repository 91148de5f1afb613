"""The text of each file. Every rule names the probe or the command that proves it."""

from labkit.brief.constraints import CONSTRAINTS
from labkit.review.client.probes import CLIENT_PROBES
from labkit.review.probes import PROBES
from labkit.team import close_codes

BEGIN, END = "<!-- labkit team: begin -->", "<!-- labkit team: end -->"
SEVERITIES = {
    "P0": "Data reaches the wrong person, or one client ends the server. Do not merge, do not release.",
    "P1": "The server or a client fails under load or on a bad network. Mend it before the release.",
    "P2": "A client cannot tell what happened. Mend it, or file an issue with an owner and a date.",
}
SERVER_REVIEW = 'labkit review ws://localhost:8080 --profile article --start "$SERVER_COMMAND"'
AUDIT_REVIEW = 'labkit review ws://localhost:8080 --only audit --start "$SERVER_COMMAND" --audit "$AUDIT_FILE"'
CLIENT_REVIEW = 'labkit review --client "$CLIENT_COMMAND"'


def section() -> str:
    """Return the section for CLAUDE.md and AGENTS.md, between its two marks."""
    return "\n".join((BEGIN, "## Realtime over WebSocket", "", _INTRODUCTION, "", *rules(), END, ""))


def rules() -> list[str]:
    """Return one line for each rule, with the probes that prove it."""
    return [f"- {one.rule} Proof: {', '.join(one.probes)}." for one in CONSTRAINTS]


def files() -> dict[str, str]:
    """Return the new files by path: each is written only where there is none."""
    return {
        "REVIEW.md": _review(),
        "docs/realtime/close-codes.md": close_codes.markdown(),
        "docs/realtime/close-codes.json": close_codes.as_json(),
        "docs/realtime/close-codes.ts": close_codes.typescript(),
        "docs/realtime/audit-storage.md": _AUDIT,
        "docs/realtime/rollback.md": _ROLLBACK,
        ".github/workflows/realtime-review.yml": _WORKFLOW,
    }


def _review() -> str:
    lines = ["# Review of realtime code", "", _REVIEWING]
    for severity, meaning in SEVERITIES.items():
        lines += ["", f"## {severity}", "", meaning, ""]
        lines += [f"- {one.id}: {one.title}." for one in (*PROBES, *CLIENT_PROBES) if one.severity == severity]
    return "\n".join((*lines, ""))


_INTRODUCTION = f"""\
Before you write code for the server or a client, read `labkit brief`. Before you say that it works, run:

```sh
{SERVER_REVIEW}
{CLIENT_REVIEW}
```

If the audit is a file with labkit's columns, its rule has a run of its own: `{AUDIT_REVIEW}`.

Exit code 1 is a finding: mend it as REVIEW.md says. Names such as auth/1 are probes; `labkit review --list` shows
them. Close codes are in docs/realtime/close-codes.md."""
_REVIEWING = f"""\
Put findings first, ordered by severity. For each one give its probe, the steps that reproduce it, the smallest patch,
and the test that was missing. A probe decides the severity, not the reviewer. What no probe covers is a question.

```sh
{SERVER_REVIEW} --json review.json
{CLIENT_REVIEW}
```"""
_AUDIT = """\
# Audit storage

| question | rule | proof |
|---|---|---|
| What is stored? | every accepted event, before its first delivery | audit/1, audit/2 |
| What else? | joins, refused joins, closes with their code | audit/3, audit/4, audit/5 |
| What is never stored? | tokens, tickets and other secrets | audit/6, secrets/4 |
| Is it complete? | each row holds a hash of the row before it | `labkit audit FILE --verify` |
| Who reads it? | fill in: names or roles, and who grants access | `ls -l FILE` shows no access for others |
| How long? | fill in: days; `labkit audit FILE --seal`, then `--drop-before DATE` | `--verify` says since which row |
| What about erasure? | fill in: who decides; `labkit audit FILE --erase USER` | `--verify` exits with 0 afterwards |

Verify once a day, and store the printed anchor on another machine.
"""
_ROLLBACK = """\
# Rollback

Roll back first, then look for the cause. Decide within five minutes.

1. Roll back if one of these holds after a deploy: `/readyz` is not 200 for a minute; a close code that was rare is
   frequent; clients reconnect more than once. Proof: `/metrics`, and `labkit explain CODE` for the code.
2. Keep the audit file of the new version. Proof: `labkit audit FILE --verify` exits with 0.
3. Send SIGTERM to the new version, once. It closes its clients with 1012 and spreads their return. Proof: waits/2.
4. Start the old version on the same audit file. Proof: `/readyz` answers 200.
5. Check that nothing is lost. Proof: `labkit audit FILE --verify`, and the newest event of a busy room is in it.
6. Review the old version where it runs as a copy, never in production. Proof: the review exits with 0.

Practise it once a quarter. Proof: `labkit drill deploy` exits with 0.
"""
_WORKFLOW = """\
name: realtime review
on: [pull_request]
permissions:
  contents: read
env:
  SERVER_COMMAND: npm start
jobs:
  review:
    runs-on: ubuntu-latest
    steps:
      - uses: actions/checkout@v5
      - uses: actions/setup-python@v6
        with:
          python-version: "3.13"
      - run: pip install realtime-labkit
      - run: >-
          labkit review ws://localhost:8080 --profile article --start "$SERVER_COMMAND"
          --junit review.xml --html review.html
      - uses: actions/upload-artifact@v6
        if: always()
        with:
          name: review
          path: review.*
"""
