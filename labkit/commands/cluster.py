"""`labkit cluster`: run a broker and several room servers that share their rooms, on this machine."""

import os
import signal
import tempfile
import threading
from contextlib import ExitStack, suppress
from pathlib import Path

import click

from labkit.bench.launch.cluster import Cluster
from labkit.bench.launch.nats_process import NoNats
from labkit.bench.launch.server_process import ServerDied
from labkit.commands.failing import CannotRun
from labkit.platform.os_errors import describe
from labkit.platform.signals import ENDS, interrupting
from labkit.wire.output import never_waiting

LOOK_S = 0.5
STDIN = 0
EXAMPLES = """\b
Examples:
  labkit cluster                                 # three servers on port 8080, and a broker
  labkit cluster --servers 2 --ports             # two servers, on ports 8080 and 8081
  labkit cluster --store rooms                   # keep the log and the audit files for the next run
"""


@click.command(epilog=EXAMPLES)
@click.option("--servers", type=click.IntRange(1, 64), default=3, show_default=True, help="Number of room servers.")
@click.option(
    "--port",
    type=click.IntRange(0, 65535),
    default=8080,
    envvar="PORT",
    show_default=True,
    help="The port to listen on; 0 picks a free one.",
)
@click.option(
    "--ports",
    is_flag=True,
    help="Give each server its own port, counting up from --port. Always on for macOS and Windows.",
)
@click.option("--store", type=click.Path(path_type=Path, file_okay=False), help="Keep the log and audit files here.")
@click.option("--users", type=click.Path(path_type=Path), help="CSV of users who may get tickets (name,code,rooms).")
@click.option("--set", "settings", multiple=True, metavar="NAME=VALUE", help="Set a limit on every server. Repeatable.")
@click.option("--with-parent", is_flag=True, help="Exit when stdin closes, as it does when the parent dies.")
def cluster(
    servers: int,
    port: int,
    ports: bool,
    store: Path | None,
    users: Path | None,
    settings: tuple[str, ...],
    with_parent: bool,
) -> None:
    """Run a NATS server and several room servers that share their rooms through it, until Ctrl-C.

    A client can reconnect to any of the servers without missing an event. DEV_TOKEN in the environment sets the dev
    token (default: dev-token).
    """
    options = [part for setting in settings for part in ("--set", setting)]
    options += ["--users", str(users)] if users else []
    with ExitStack() as stack:
        folder = store or Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="labkit-cluster-")))
        token = os.environ.get("DEV_TOKEN", "dev-token")
        try:
            made = Cluster(servers, folder, port=port, one_port=not ports, token=token, options=options)
            stack.callback(made.stop)
            with interrupting():
                running = made.start()
            stop = _stopping(with_parent)  # before the addresses are printed, because their reader may stop us at once
        except (NoNats, ServerDied) as error:
            raise CannotRun(str(error)) from None
        except OSError as error:
            raise CannotRun(f"cannot start the servers: {describe(error)}") from None
        except KeyboardInterrupt:
            raise CannotRun("interrupted before the servers were ready") from None
        with never_waiting():
            click.echo(f"{servers} servers share their rooms through {running.broker.url}")
            for url in running.urls:
                click.echo(f"WebSocket server listening on {url}")
            _wait(running, stop)


def _stopping(with_parent: bool) -> threading.Event:
    """Return an event that a stop signal sets, and also the end of stdin if `with_parent`."""
    stop = threading.Event()
    if with_parent:
        threading.Thread(target=_outlive_stdin, args=(stop,), daemon=True).start()
    for number in (signal.SIGINT, *ENDS):
        if signal.getsignal(number) is not signal.SIG_IGN:  # nohup ignores SIGHUP
            signal.signal(number, lambda *_: stop.set())
    return stop


def _wait(running: Cluster, stop: threading.Event) -> None:
    """Wait until the event is set, or until every process has died."""
    reported: set[str] = set()
    while not stop.wait(LOOK_S):
        states = {f"server {number}": server.pid for number, server in enumerate(running.servers)}
        dead = {name for name, pid in (states | {"the broker": running.broker.pid}).items() if pid is None}
        for name in sorted(dead - reported):
            click.echo(f"{name} died{'' if name == 'the broker' else '; the others keep running'}", err=True)
        reported = dead
        if len(dead) > len(running.servers):
            raise CannotRun("the broker and all servers have died; start the cluster again")


def _outlive_stdin(stop: threading.Event) -> None:
    with suppress(OSError):
        while os.read(STDIN, 4096):
            pass
    stop.set()
