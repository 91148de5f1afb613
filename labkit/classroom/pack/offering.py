"""The routes under /setup: a page of three steps per system, and the files of a pack.

    GET  /setup             the page (labkit/web/setup.html)
    GET  /setup/about.json  what the page shows: the fingerprint, the systems, the versions
    GET  /setup/NAME        a file of the pack: install.py, pack.json, SHA256SUMS, course.zip, wheels/...

Each file has its own route, so that no path reaches anything else. Range requests resume a download.
"""

import re
from functools import partial
from http import HTTPStatus
from typing import Any

from websockets.http11 import Request, Response

from labkit.classroom.pack.reading import SUMS, Member, Pack
from labkit.rules.answers import encode
from labkit.wire.admission import Peer
from labkit.wire.http.reply import reply
from labkit.wire.http.routes import Route, Routes
from labkit.wire.http.streaming import streamed

RANGE = re.compile(r"bytes=(\d{0,15})-(\d{0,15})")
TYPES = {
    ".py": "text/x-python; charset=utf-8",
    ".json": "application/json",
    ".zip": "application/zip",
    SUMS: "text/plain; charset=utf-8",
}
# A student pastes this between double quotes, and cmd, PowerShell and sh must leave it unchanged, so it has none of
# their special characters. It checks the certificate before it sends anything, and runs only what arrives over that
# connection.
PINNED = (
    "import ssl,sys,hashlib,http.client as h;sys.tracebacklimit=0;"
    "c=h.HTTPSConnection(sys.argv[1],timeout=60,context=ssl._create_unverified_context());c.connect();"
    "hashlib.sha256(c.sock.getpeercert(True)).hexdigest()[:32]==sys.argv[2]"
    " or sys.exit('Error: this is not the server on your slip; ask your instructor');"
    "c.request('GET','/setup/install.py');exec(c.getresponse().read())"
)
TRUSTED = (
    "import sys,urllib.request as u;sys.tracebacklimit=0;"
    "exec(u.urlopen(sys.argv[1]+'/setup/install.py',timeout=60).read())"
)
REVALIDATE = "no-cache"  # a cache may store it, but must revalidate it


def routes(pack: Pack, fingerprint: str | None) -> Routes:
    """Return the routes that offer a pack; `fingerprint`: that of the class's own certificate, if it has one."""
    files: dict[tuple[str, str], Route] = {
        ("GET", f"/setup/{name}"): partial(_file, pack, member, _type_of(name)) for name, member in pack.members.items()
    }
    about = encode(_about(pack, fingerprint))
    return {
        **files,
        ("GET", "/setup/about.json"): lambda request, peer: reply(HTTPStatus.OK, about, "application/json"),
    }


def _about(pack: Pack, fingerprint: str | None) -> dict[str, Any]:
    sizes = [
        sum(pack.members[f"wheels/{name}"].size for name in names)
        for by_python in pack.index["targets"].values()
        for names in by_python.values()
    ]
    return {
        "version": pack.index["version"],
        "fingerprint": fingerprint,
        "program": PINNED if fingerprint else TRUSTED,
        "targets": {machine: list(by_python) for machine, by_python in pack.index["targets"].items()},
        "largestBytes": max(sizes),
    }


def _type_of(name: str) -> str:
    return next((kind for ending, kind in TYPES.items() if name.endswith(ending)), "application/octet-stream")


def _file(pack: Pack, member: Member, content_type: str, request: Request, peer: Peer) -> Response:
    etag = f'"{member.sha256}"'
    kept: dict[str, str] = {"ETag": etag, "Accept_Ranges": "bytes", "Cache_Control": REVALIDATE}
    if _names(request, "If-None-Match", etag):
        return reply(HTTPStatus.NOT_MODIFIED, b"", content_type, **kept)
    wanted = _range(request, member.size, etag)
    if wanted is None:
        return streamed(HTTPStatus.OK, pack.pieces(member.offset, member.size), member.size, content_type, **kept)
    first, last = wanted
    if first > last:
        kept["Content_Range"] = f"bytes */{member.size}"
        return reply(HTTPStatus.REQUESTED_RANGE_NOT_SATISFIABLE, "the file ends before\n", **kept)
    size = last - first + 1
    kept["Content_Range"] = f"bytes {first}-{last}/{member.size}"
    return streamed(HTTPStatus.PARTIAL_CONTENT, pack.pieces(member.offset + first, size), size, content_type, **kept)


def _names(request: Request, header: str, etag: str) -> bool:
    tags = [tag.strip().removeprefix("W/") for value in request.headers.get_all(header) for tag in value.split(",")]
    return etag in tags or "*" in tags


def _range(request: Request, size: int, etag: str) -> tuple[int, int] | None:
    """Return the first and last byte of the requested range.

    None for the whole file or a range that we do not serve.
    """
    given = request.headers.get_all("Range")
    found = RANGE.fullmatch(given[0].strip()) if len(given) == 1 else None
    if found is None or (request.headers.get_all("If-Range") and not _names(request, "If-Range", etag)):
        return None
    first, last = found.groups()
    if first:
        return None if last and int(last) < int(first) else (int(first), min(int(last or size), size - 1))
    return (max(0, size - int(last)), size - 1 if int(last) else -1) if last else None
