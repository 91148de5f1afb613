"""The close-code policy, from the table of close codes: as Markdown, JSON and TypeScript."""

import json

from labkit.rules.close_codes import TABLE, Then


def markdown() -> str:
    """Return the policy as a page with one row per code."""
    rows = [
        f"| {row.code} | `{row.reason}` | {row.when} | {row.then.value} | {_wait(row.code)} | {row.credential.value} |"
        for row in TABLE.values()
    ]
    head = "| code | reason | when | the client | after | credential |\n|---|---|---|---|---|---|"
    return "\n".join(("# Close codes", "", _RULES, "", head, *rows, ""))


def as_json() -> str:
    """Return the policy as a JSON object by code."""
    rows = {
        str(row.code): {
            "name": row.name,
            "reason": row.reason,
            "when": row.when,
            "then": row.then.value,
            "wait": row.wait.value,
            "credential": row.credential.value,
        }
        for row in TABLE.values()
    }
    return json.dumps(rows, indent=2) + "\n"


def typescript() -> str:
    """Return the codes, and whether a client reconnects after each, as a TypeScript module."""
    codes = [f"  {row.name}: {row.code}," for row in TABLE.values()]
    final = ", ".join(str(row.code) for row in TABLE.values() if row.then is Then.STOP)
    return "\n".join(("export const CloseCode = {", *codes, "} as const;", f"export const FINAL = [{final}];", ""))


def _wait(code: int) -> str:
    row = TABLE[code]
    return row.wait.value if row.then is Then.RECONNECT else ""


_RULES = """\
Take codes and reasons from this table only. A reason has at most 123 bytes and holds nothing that a client sent
(probes secrets/2 and protocol/2). A client stops after the final codes (codes/2) and reconnects after the others
(codes/3). An unknown code from 4400 to 4499 is final; after any other unknown code, reconnect."""
