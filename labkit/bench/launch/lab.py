"""`Lab`: a server process for a notebook, clients on a background loop, and a health check.

    lab = labkit.Lab().start()                  # a second lab of this name stops the first
    ana = labkit.run(lab.client("ana"))
    lab.health()

The server is its own process (server_process) and the clients live on the background loop (wire.background), so a busy
or sleeping cell cannot stop a heartbeat.
"""

import asyncio
import atexit
import contextlib
from collections.abc import Awaitable, Collection, Iterator, Mapping, Sequence
from concurrent.futures import Future
from contextlib import AbstractAsyncContextManager
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from threading import Lock
from time import monotonic, sleep
from typing import Any, Self
from urllib.parse import urlsplit

from labkit.bench import ask
from labkit.bench.launch.lab_clients import Entered, LabClients
from labkit.bench.launch.lab_config import LabConfig
from labkit.bench.launch.server_process import ServerProcess
from labkit.bench.launch.server_thread import ServerThread
from labkit.bench.play.actions import Action
from labkit.bench.play.plan import DISK, HISTORY, OUTBOX, plan
from labkit.bench.play.recording import Recording
from labkit.bench.play.stage import perform, show_while
from labkit.bench.play.talk import Talk, converse, planned
from labkit.bench.sampler import Sampler
from labkit.bench.timeline.merge import Timeline, read_audit, timeline
from labkit.bench.watch import Watch
from labkit.platform.processes import suspended
from labkit.rules.limits import Limits
from labkit.samples import Store
from labkit.wire import background
from labkit.wire.client.client import Client
from labkit.wire.client.link import GIVE_UP_S
from labkit.wire.seams.desk import NewDesk
from labkit.wire.seams.heartbeat import NewBeating
from labkit.wire.seams.history import NewHistory
from labkit.wire.seams.outbox import NewWaiting
from labkit.wire.seams.validator import Validate
from labkit.wire.server import Server

LEAVING_S = 2.0
USERS = ("ana", "ben", "cleo", "dan", "eve")

_running: dict[str, "Lab"] = {}


class Unhealthy(AssertionError):
    """Something died or leaked; the message says what."""


class OwnClassFailed(RuntimeError):
    """A class of your own, such as that of `Lab(outbox=...)`, raised something; the message says what."""


@dataclass(frozen=True)
class Health:
    """The state of a lab in which nothing died or leaked.

    Its text is the same in every run, so notebook tests can compare it.
    """

    clients: int

    def __repr__(self) -> str:
        clients = f"{self.clients} client{'' if self.clients == 1 else 's'}"
        return f"healthy: the server is running, {clients} connected, no task died, no socket leaked"


class Lab:
    """A room server and its clients in one notebook or test. Use `with Lab() as lab`, or `start` and `stop`."""

    def __init__(
        self,
        *,
        name: str = "lab",
        users: tuple[str, ...] = USERS,
        rooms: Mapping[str, str] | None = None,
        in_thread: bool = False,
        outbox: NewWaiting | None = None,
        heartbeat: NewBeating | None = None,
        desk: NewDesk | None = None,
        history: NewHistory | None = None,
        validator: Validate | None = None,
        **limits: Any,
    ) -> None:
        """`limits` are those of `labkit.Limits`; `rooms` maps users who may not enter every room to their grants.

        With `in_thread` the server runs in this process, and `inside` is the server itself. Classes of your own imply
        it (docs/seams.md): `outbox` decides how much may wait for a member, `heartbeat` when a member is pinged and
        when it is dead, `desk` when an event is stored and when it is delivered, `history` what a returning member
        receives, and `validator` which texts are messages. Raises BadLimit.
        """
        self.name = name
        self.users = users
        self.store = Store()
        self._lab_clients = LabClients()
        self.clients = self._lab_clients.clients
        self._config = LabConfig(users, rooms or {}, limits)
        own: dict[str, Any] = {"outbox": outbox, "heartbeat": heartbeat, "desk": desk}
        own |= {"history": history, "validator": validator}
        in_here = in_thread or any(each is not None for each in own.values())
        serve = partial(self._config.server, **own)
        self._about = DISK if desk is not None else HISTORY if history is not None else OUTBOX
        self._faults: list[str] = []  # of own classes, in servers that were killed
        self._server = ServerThread(serve) if in_here else ServerProcess(self._config.environment())
        self._sampler = Sampler(self.store, self.clients, self.connections, self._lab_clients.held_bytes)
        self._tasks: list[Future[Any]] = []
        self._switch = Lock()  # held while the server starts or stops: a task of an interrupted cell may do so too
        self._has_ended = False

    def start(self) -> Self:
        """Start the server. A lab of the same name that still runs in this process is stopped first."""
        earlier = _running.get(self.name)
        if earlier is not None:
            earlier.stop()
        background.forget_deaths()
        with contextlib.suppress(RuntimeError):
            background.watch(asyncio.get_running_loop())  # the kernel's own loop, where tasks of cells run
        _running[self.name] = self  # first, so that an interrupted start is stopped by the next one
        with self._switch:
            self._has_ended = False
            self._start_server()
        self.spawn(self._sampler.run())
        return self

    def stop(self) -> None:
        """Close the clients, drain the server, and delete its files. Idempotent."""
        for task in self._tasks:
            task.cancel()
        background.run(self._lab_clients.leave_all())
        with self._switch:
            self._has_ended = True
            self._server.terminate()
        self._config.remove()
        if _running.get(self.name) is self:
            del _running[self.name]

    def __enter__(self) -> Self:
        return self.start()

    def __exit__(self, *_: object) -> None:
        self.stop()

    @property
    def url(self) -> str:
        """The address of the server, ws://HOST:PORT."""
        if not self._server.url:
            raise RuntimeError("this lab was not started; call start(), or use `with labkit.Lab() as lab`")
        return self._server.url

    @property
    def token(self) -> str:
        """The dev token; any number of guests may use it."""
        return self._config.token

    @property
    def pid(self) -> int | None:
        """The server's process ID while it is running."""
        return self._server.pid

    @property
    def inside(self) -> Server:
        """The server object of a lab with in_thread=True. Only read it: its event loop runs in another thread."""
        if not isinstance(self._server, ServerThread) or self._server.inside is None:
            raise RuntimeError("the server runs in a process of its own; start the lab with in_thread=True")
        return self._server.inside

    @property
    def log(self) -> list[str]:
        """The last lines of the server's log."""
        return list(self._server.log)

    @property
    def limits(self) -> Limits:
        """The limits that apply from the server's next start."""
        return self._config.limits

    @property
    def audit(self) -> Path:
        """The path of the server's audit file."""
        return self._config.audit

    async def client(self, name: str | None = None, **options: Any) -> Client:
        """Connect a client; `name` is one of `users`, or None for a guest with the dev token. Use labkit.run.

        An earlier client of this name is closed first, so a cell can be re-run. `options` are those of
        `labkit.connect`, plus `url` to connect through a proxy.
        """
        if name is None:
            guest = Client(self.url, self.token, **options)
            return await self._lab_clients.admit(f"guest {len(self.clients) + 1}", guest)
        if name not in self.users:
            raise ValueError(f"{name!r} is not a user of this lab; its users are {', '.join(self.users)}")
        url = options.pop("url", self.url)
        return await self._lab_clients.admit(name, Client(url, partial(self.ticket, name), **options))

    async def enter(self, name: str, context: AbstractAsyncContextManager[Entered]) -> Entered:
        """Enter a context that ends with the lab, such as a Proxy or a Population.

        An earlier context of this name is left first. Use labkit.run, because the context lives on the background loop.
        """
        return await self._lab_clients.enter(name, context)

    async def leave(self, name: str) -> None:
        """Close the client of this name, or leave the context of this name."""
        await self._lab_clients.leave(name)

    async def ticket(self, name: str) -> str:
        """Return a fresh ticket for a user."""
        return await asyncio.to_thread(ask.ticket, self.url, name, self._config.codes[name])

    async def play(
        self,
        *,
        members: int = 10,
        rate: float = 150,
        at: Mapping[float, Action | Sequence[Action]] | None = None,
        seconds: float = 12,
        hops: Collection[str] = (),
        give_up_s: float = GIVE_UP_S,
        about: str | None = None,
    ) -> Recording:
        """Play an experiment in a room of its own, show it while it lasts, and return its recording.

        `rate`: messages per second that are published. `at` maps seconds to what happens then, as in
        `{2: freeze("ben"), 9: heal("ben")}` (labkit.bench.play.actions). The members in `hops` connect through a hop
        (bench.hop). A client that receives nothing for `give_up_s` after a ping of its own ends its connection.
        The pictures are `about` the member's "outbox", the server's "disk" or the room's "history"; without it, about
        what your own class decides, and else the outbox.
        Raises ValueError, and OwnClassFailed if a class of your own raised something.
        """
        planned = plan(members, rate, at or {}, seconds, self.limits, hops, about=about or self._about)
        run = await perform(self, planned, give_up_s)
        if faults := self.own_faults:
            raise OwnClassFailed("; ".join(faults))
        return run

    async def talk(self, texts: Mapping[str, str | bytes], *, seconds: float = 6) -> Talk:
        """Send odd texts, each by a guest of its own in `room:talk`, and return what became of them.

        Their senders' answers and what three browsers in the room read are shown while it lasts; `bytes` are sent as
        a binary message. Raises ValueError.
        """
        talk = planned(texts, seconds)
        await show_while(converse(self, texts, seconds, talk), talk)
        return talk

    @property
    def own_faults(self) -> list[str]:
        """What your own classes raised since the server started, each fault once."""
        inside = self._server.inside if isinstance(self._server, ServerThread) else None
        return self._faults + ([] if inside is None else inside.own_faults)

    def spawn(self, awaitable: Awaitable[Any]) -> "Future[Any]":
        """Start a task on the background loop. It ends with the lab; if it dies, `health` reports it."""
        task = background.spawn(awaitable)
        self._tasks.append(task)
        return task

    def connections(self) -> list[dict[str, Any]]:
        """Return the server's list of connections (wire.http.connections). Raises OSError while it is down."""
        return ask.connections(self.url, self._config.ops_token)

    def watch(self) -> Watch:
        """Return an operator's view of the server, for a dashboard."""
        return Watch(self.url, self._config.ops_token)

    def follow(self, user: str) -> "Future[Any]":
        """Sample a user's largest outbox from now on, for connections that are not clients of the lab."""
        return self.spawn(self._sampler.follow(user))

    def revoke(self, user: str) -> None:
        """Close every connection of a user with 4410."""
        ask.revoke(self.url, self._config.ops_token, user)

    def timeline(self, name: str) -> Timeline:
        """Explain from the records of both ends why a client's first closed connection ended. Raises ValueError."""
        return timeline(self.clients[name].log, read_audit(self.audit), self._sampler.samples)

    def kill(self) -> None:
        """Kill the server. `restart` brings it back.

        A process gets SIGKILL. A server in a thread loses its connections, and everything that is not in its file.
        """
        with self._switch:
            self._faults = self.own_faults
            self._server.kill()

    def fill_disk(self) -> None:
        """Let the audit file grow no further, as on a full disk. Raises RuntimeError if the server is a process."""
        self.inside.fill_disk()

    def free_disk(self) -> None:
        """Let the audit file grow again. Raises RuntimeError if the server is a process."""
        self.inside.free_disk()

    @contextlib.contextmanager
    def suspended(self) -> Iterator[None]:
        """Let the server's process stand still inside a `with` block. Raises RuntimeError if there is no process."""
        if isinstance(self._server, ServerThread):
            raise RuntimeError("the server runs in this process, which would stand still too; omit in_thread=True")
        if self._server.pid is None:
            raise RuntimeError("the server is not running; lab.restart() starts it again")
        with suspended(self._server.pid):
            yield

    def restart(self, **limits: Any) -> None:
        """Drain the server if it is running, then restart it on the same port, with the same rooms and these limits.

        Raises RuntimeError if the lab has been stopped in the meantime.
        """
        self._config.limit(limits)
        with self._switch:
            if self._has_ended:
                raise RuntimeError("this lab was stopped; labkit.Lab().start() creates a new one")
            self._server.terminate()
            self._start_server(urlsplit(self.url).port or 0)

    def health(self) -> Health:
        """Check that the server runs, its clients are connected, no task died and no socket leaked. Raises Unhealthy.

        A client that is reconnecting has SETTLE_S seconds to finish.
        """
        faults = []
        if self._server.pid is None:
            faults.append("the server is not running; lab.restart() starts it again")
        else:
            background.run(self._lab_clients.settle())
        states = {name: client.state.value for name, client in self.clients.items()}
        faults += [f"client {name} is {state}" for name, state in states.items() if state != "open"]
        strangers = 0 if self._server.pid is None else self._strangers()
        if strangers:
            faults.append(f"{strangers} connections were opened and not closed; use `async with labkit.connect(...)`")
        faults += [f"a background task died: {death}" for death in background.deaths()]
        faults += self.own_faults
        if faults:
            raise Unhealthy("; ".join(faults))
        return Health(len(states))

    def _strangers(self) -> int:
        """Count connections that belong to no client of the lab.

        A connection that is closing has LEAVING_S seconds to end.
        """
        known = {client.connection_id for client in self.clients.values()}
        ends = monotonic() + LEAVING_S
        while strangers := sum(line["connectionId"] not in known for line in self.connections()):
            if monotonic() > ends:
                break
            sleep(0.05)
        return strangers

    def __repr__(self) -> str:
        clients = f"connected: {', '.join(self.clients)}" if self.clients else "no clients connected"
        where = "a thread of this process" if isinstance(self._server, ServerThread) else "its own process"
        return f"<lab: a room server in {where}; {clients}>"

    def _start_server(self, port: int = 0) -> None:
        if isinstance(self._server, ServerProcess):
            self._server.options = self._config.options()
        self._server.start(port)


@atexit.register
def _stop_all() -> None:
    for lab in list(_running.values()):
        lab.stop()
