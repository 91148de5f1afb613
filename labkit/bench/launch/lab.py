"""`Lab`: a server beside the notebook, clients on a loop of their own, and a check that all is well.

    lab = labkit.Lab().start()                  # again: the earlier one is stopped first
    ana = labkit.run(lab.client("ana"))
    lab.health()

The server is a process of its own (server_process); the clients live on the background loop (wire.background), so a
sleeping cell stops no heartbeat. Taught in notebook 01 (hello).
"""

import asyncio
import atexit
import contextlib
from collections.abc import Awaitable, Mapping
from concurrent.futures import Future
from contextlib import AbstractAsyncContextManager
from functools import partial
from pathlib import Path
from threading import Lock
from time import monotonic, sleep
from types import TracebackType
from typing import Any, Self
from urllib.parse import urlsplit

from labkit.bench import ask
from labkit.bench.launch.company import Company, Entered
from labkit.bench.launch.health import Health, examine
from labkit.bench.launch.server_process import ServerProcess
from labkit.bench.launch.server_thread import ServerThread
from labkit.bench.launch.setting import Setting
from labkit.bench.sampler import Sampler
from labkit.bench.timeline.merge import Timeline, read_audit, timeline
from labkit.bench.watch import Watch
from labkit.metrics import Store
from labkit.rules.limits import Limits
from labkit.wire import background
from labkit.wire.client.client import Client
from labkit.wire.server import Server

GOING_S = 2.0
USERS = ("ana", "ben", "cleo", "dan", "eve")

_running: dict[str, "Lab"] = {}


class Lab:
    """A room server and its clients, for one notebook or test. `with Lab() as lab`, or `start` and `stop`."""

    def __init__(
        self,
        *,
        name: str = "lab",
        users: tuple[str, ...] = USERS,
        rooms: Mapping[str, str] | None = None,
        in_thread: bool = False,
        **limits: Any,
    ) -> None:
        """`limits` as in `labkit.Limits`; `rooms` are grants by user, where not all rooms. Raises BadLimit.

        `in_thread`: the server runs in this process, and `inside` is the server itself.
        """
        self.name = name
        self.users = users
        self.store = Store()
        self._company = Company()
        self.clients = self._company.clients
        self._setting = Setting(users, rooms or {}, limits)
        self._server = ServerThread(self._setting.server) if in_thread else ServerProcess(self._setting.environment())
        self._sampler = Sampler(self.store, self.clients, self.connections)
        self._tasks: list[Future[Any]] = []
        self._switch = Lock()  # one at a time turns the server on or off: a task of an interrupted cell may still do so
        self._is_over = False

    # One lifecycle

    def start(self) -> Self:
        """Start the server. A lab of the same name that still runs in this process is stopped first."""
        earlier = _running.get(self.name)
        if earlier is not None:
            earlier.stop()
        background.forget_deaths()
        with contextlib.suppress(RuntimeError):
            background.watch(asyncio.get_running_loop())  # a kernel's own loop: tasks of cells die there
        _running[self.name] = self  # first, so that an interrupted start is stopped by the next one
        with self._switch:
            self._is_over = False
            self._start_server()
        self.spawn(self._sampler.run())
        return self

    def stop(self) -> None:
        """Close the clients, drain the server, remove what was stored. Twice is once."""
        for task in self._tasks:
            task.cancel()
        background.run(self._company.leave_all())
        with self._switch:
            self._is_over = True
            self._server.terminate()
        self._setting.remove()
        if _running.get(self.name) is self:
            del _running[self.name]

    def __enter__(self) -> Self:
        return self.start()

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.stop()

    # What one works with

    @property
    def url(self) -> str:
        """The address of the server, ws://HOST:PORT."""
        if not self._server.url:
            raise RuntimeError("this lab was not started; call start(), or use `with labkit.Lab() as lab`")
        return self._server.url

    @property
    def token(self) -> str:
        """The dev token: any number of guests may use it."""
        return self._setting.token

    @property
    def pid(self) -> int | None:
        """The server's process id while it runs."""
        return self._server.pid

    @property
    def inside(self) -> Server:
        """The server itself, in a lab with in_thread=True. Look; do not touch: its loop runs in another thread."""
        if not isinstance(self._server, ServerThread) or self._server.inside is None:
            raise RuntimeError("the server runs in a process of its own; start the lab with in_thread=True")
        return self._server.inside

    @property
    def log(self) -> list[str]:
        """The last lines that the server wrote."""
        return list(self._server.log)

    @property
    def limits(self) -> Limits:
        """The server's limits, as of its next start."""
        return self._setting.limits

    @property
    def audit(self) -> Path:
        """The audit file."""
        return self._setting.audit

    async def client(self, name: str | None = None, **options: Any) -> Client:
        """A connected client; `name` is one of `users`, or None for a new user of the dev token. Use labkit.run.

        A client of the same name is closed first, so a cell may run again. `options` as for `labkit.connect`, and `url`
        for a client that comes through a proxy.
        """
        if name is None:
            guest = Client(self.url, self.token, **options)
            return await self._company.admit(f"guest {len(self.clients) + 1}", guest)
        if name not in self.users:
            raise ValueError(f"{name!r} is no user of this lab; there are {', '.join(self.users)}")
        url = options.pop("url", self.url)
        return await self._company.admit(name, Client(url, partial(self.ticket, name), **options))

    async def enter(self, name: str, context: AbstractAsyncContextManager[Entered]) -> Entered:
        """Enter something that ends with the lab, such as a Proxy or a Crowd; of one name, the earlier is left first.

        Use labkit.run: what it starts lives on the background loop.
        """
        return await self._company.enter(name, context)

    async def leave(self, name: str) -> None:
        """Close the client of this name, or leave what was entered under it."""
        await self._company.leave(name)

    async def ticket(self, name: str) -> str:
        """A fresh ticket of a user."""
        return await asyncio.to_thread(ask.ticket, self.url, name, self._setting.codes[name])

    def spawn(self, awaitable: Awaitable[Any]) -> "Future[Any]":
        """Start something on the background loop and go on. It ends with the lab; should it die, `health` tells."""
        task = background.spawn(awaitable)
        self._tasks.append(task)
        return task

    def connections(self) -> list[dict[str, Any]]:
        """What the server says of each connection (wire.http.connections). Raises OSError while it is down."""
        return ask.connections(self.url, self._setting.ops_token)

    def watch(self) -> Watch:
        """An operator's view of the server, for a dashboard."""
        return Watch(self.url, self._setting.ops_token)

    def revoke(self, user: str) -> None:
        """Close every connection of a user with 4410."""
        ask.revoke(self.url, self._setting.ops_token, user)

    def timeline(self, name: str) -> Timeline:
        """Why the first connection of a client that ended did so, from the records of both ends. Raises ValueError."""
        return timeline(self.clients[name].log, read_audit(self.audit), self._sampler.samples)

    # What happens to a server

    def kill(self) -> None:
        """SIGKILL, as when the machine loses it. `restart` brings it back."""
        with self._switch:
            self._server.kill()

    def restart(self, **limits: Any) -> None:
        """Drain the server if it runs, then start it anew on the same port, with the same rooms and these limits.

        Raises RuntimeError when the lab was stopped meanwhile.
        """
        self._setting.limit(limits)
        with self._switch:
            if self._is_over:
                raise RuntimeError("this lab was stopped; labkit.Lab().start() makes a new one")
            self._server.terminate()
            self._start_server(urlsplit(self.url).port or 0)

    def health(self) -> Health:
        """That the server runs, each client is open, no task died and no socket leaked. Raises Unhealthy.

        A client that waits to reconnect is given SETTLE_S to be back.
        """
        runs = self._server.pid is not None
        if runs:
            background.run(self._company.settle())
        states = {name: client.state.value for name, client in self.clients.items()}
        return examine(runs, states, self._strangers() if runs else 0, background.deaths())

    def _strangers(self) -> int:
        """Connections that no client of ours has; one that was closed just now is given GOING_S to be gone."""
        known = {client.connection_id for client in self.clients.values()}
        ends = monotonic() + GOING_S
        while strangers := sum(line["connectionId"] not in known for line in self.connections()):
            if monotonic() > ends:
                break
            sleep(0.05)
        return strangers

    def __repr__(self) -> str:
        clients = ", ".join(self.clients) or "nobody"
        where = "a thread of this process" if isinstance(self._server, ServerThread) else "a process of its own"
        return f"<lab: a room server in {where}; connected: {clients}>"

    # Inside

    def _start_server(self, port: int = 0) -> None:
        if isinstance(self._server, ServerProcess):
            self._server.options = self._setting.options()
        self._server.start(port)


@atexit.register
def _stop_all() -> None:
    for lab in list(_running.values()):
        lab.stop()
