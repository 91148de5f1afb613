"""`labkit class start`: run a class server and hand out the codes that students join with."""

import logging
import sys
from collections.abc import Callable
from contextlib import nullcontext
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any, NamedTuple

import click

from labkit.classroom.catalogue import of_course
from labkit.classroom.pack.offering import routes
from labkit.classroom.pack.reading import BadPack, Pack
from labkit.classroom.register import INSTRUCTOR, OtherClass, Register, open_register
from labkit.classroom.roster import BadRoster, Student, read_roster, real_names
from labkit.classroom.serving import ClassServer
from labkit.classroom.solutions import HAS_NONE
from labkit.classroom.tls import NoCertificate, fingerprint, own_certificate
from labkit.commands.class_.grader import grading
from labkit.commands.class_.slips import check_place, for_instructor, hand_out, sheet
from labkit.commands.class_.which import at_address, file_of, which_class
from labkit.commands.failing import CannotRun
from labkit.commands.leftovers import beside, nothing_left
from labkit.commands.running import end_with_parent, limits_of, listen_fault, prepare_process, run, stopping, tls_of
from labkit.course.paths import solutions
from labkit.platform.addresses import addresses, lan_address
from labkit.platform.nudges import FIRST, SECOND, on_nudge
from labkit.platform.os_errors import describe
from labkit.rules.limits import Limits
from labkit.wire.audit.writer import AuditError
from labkit.wire.keyfile import KeyFileError
from labkit.wire.listening import EVERYWHERE, LOCALHOST
from labkit.wire.log import logging_to_stderr
from labkit.wire.output import wait_written
from labkit.wire.server import CannotListen, Server

_LOGGER = logging.getLogger(__name__)
ANY_IPV4 = "0.0.0.0"
EXAMPLES = """\b
Examples:
  labkit class start                              # a class named `lab`, on this machine, open to any name
  labkit class start physics --roster roster.csv  # one code per student in a CSV: name,shown_as
  labkit class start physics --grade              # a pass counts once this machine has judged the answer too
  labkit class start physics --lan --tls          # encrypted, for other machines in the room
  labkit class start physics --hand-out slips.txt --url wss://class.example.org
  labkit class start physics --lan --tls --pack labkit-pack.zip   # for a room without internet
"""


@click.command(epilog=EXAMPLES)
@which_class
@click.option(
    "--roster",
    type=click.Path(path_type=Path),
    help="A CSV file (name,shown_as): issue a code to each student who has none.",
)
@click.option("--hand-out", "slips", type=click.Path(path_type=Path), help="Write new codes to this file (mode 0600).")
@click.option("--new-instructor-code", "is_renewing", is_flag=True, help="Replace the instructor's code.")
@click.option("--lan", is_flag=True, help="Listen on all addresses of this machine, not only loopback.")
@click.option(
    "--port",
    type=click.IntRange(0, 65535),
    default=8080,
    show_default=True,
    help="The port to listen on; 0 picks a free one.",
)
@click.option("--tls", is_flag=True, help="Encrypt with a self-signed certificate, stored next to the class file.")
@click.option("--certfile", type=click.Path(path_type=Path), help="TLS certificate chain (PEM), instead of --tls.")
@click.option("--keyfile", type=click.Path(path_type=Path), help="TLS private key (PEM).")
@at_address("The address that students use if there is a proxy in front, such as wss://class.example.org.")
@click.option("--allow-origin", "origins", multiple=True, help="Let web pages from this Origin connect. Repeatable.")
@click.option(
    "--pack", type=click.Path(path_type=Path), help="Offer this pack (`labkit class pack`) to the students, at /setup."
)
@click.option(
    "--grade", "is_grading", is_flag=True, help="Verify passes: ask students for their answers, and judge them here."
)
@click.option(
    "--votes-by-name",
    "is_naming",
    is_flag=True,
    help="Let the instructor see who voted what; otherwise votes are anonymous.",
)
@click.option(
    "--set", "settings", multiple=True, metavar="NAME=VALUE", help="Set a limit; NAME=off turns it off. Repeatable."
)
@click.option("--with-parent", is_flag=True, help="Exit when stdin closes, as it does when the parent dies.")
@click.option("--quiet", is_flag=True, help="Log only warnings and errors; the default on a terminal.")
def start(class_id: str, file: Path | None, settings: tuple[str, ...], **options: Any) -> None:
    """Run the server of a CLASS until SIGTERM, SIGHUP or Ctrl-C.

    To resume the class, start it again: one file holds all of its data. Each code is shown once, and only its hash is
    stored. New codes are printed on a terminal; without one, --hand-out is required. SIGUSR1 starts a drill, like
    `labkit class drill`; SIGUSR2 starts one with --crash.
    """
    given = Options(path=file_of(class_id, file), class_id=class_id, limits=limits_of(settings), **options)
    made = [*beside(given.path), *([given.slips] if given.slips else [])]
    try:
        with nothing_left(made, given.path) as keep:
            _start(given, keep)
    except (AuditError, KeyFileError, BadRoster, BadPack, OtherClass, NoCertificate) as error:
        raise CannotRun(str(error)) from None
    except CannotListen as error:
        raise CannotRun(listen_fault(error, given.host, given.port)) from None
    except OSError as error:
        raise CannotRun(f"cannot start the class: {describe(error)}") from None


@dataclass(frozen=True, kw_only=True)
class Options:
    """The options of `labkit class start`."""

    class_id: str
    path: Path
    limits: Limits
    roster: Path | None
    slips: Path | None
    is_renewing: bool
    lan: bool
    port: int
    tls: bool
    certfile: Path | None
    keyfile: Path | None
    url: str | None
    origins: tuple[str, ...]
    pack: Path | None
    is_grading: bool
    is_naming: bool
    with_parent: bool
    quiet: bool

    @property
    def host(self) -> str:
        """The address to listen on: loopback unless --lan is given."""
        return EVERYWHERE if self.lan else LOCALHOST

    def address(self, server: Server) -> str:
        """Return the address that students use."""
        if self.url:
            return self.url
        return server.url.replace(ANY_IPV4, lan_address() or ANY_IPV4) if self.lan else server.url

    def check_address(self) -> None:
        """Check that the students' address is known, before any slip is created. Raises CannotRun."""
        if self.url or not self.lan or lan_address():
            return
        own = addresses()
        have = (
            f"the addresses {', '.join(own)}, and it is unclear which one students can reach" if own else "no network"
        )
        scheme = "wss" if self.tls or self.certfile else "ws"
        example = f"{scheme}://{own[0] if own else 'ADDRESS'}:{self.port or 'PORT'}"
        raise CannotRun(f"this machine has {have}; give the address: --url {example}")

    def check_pack(self) -> None:
        """Check that nobody on the network can replace the programs that a pack hands out. Raises CannotRun."""
        is_public = (self.url or "").startswith("wss://")
        if self.pack and self.lan and not (self.tls or self.certfile or is_public):
            raise CannotRun(
                "--pack hands out programs, which anybody on an unencrypted network could replace; add --tls"
            )


def _start(given: Options, keep: Callable[[], None]) -> None:
    given.check_address()
    given.check_pack()
    pack = Pack(given.pack) if given.pack else None
    register = open_register(given.path, given.class_id)
    if given.is_grading:
        register.begin_to_grade()
    if given.is_naming:
        register.vote_by_name()
    certfile, keyfile = given.certfile, given.keyfile
    if given.tls:
        certfile, keyfile = own_certificate(given.path, lan_address() if given.lan else None)
    context = tls_of(certfile, keyfile)
    pin = fingerprint(certfile) if given.tls else None
    students = read_roster(given.roster) if given.roster else []
    if given.is_renewing or register.without_code([INSTRUCTOR, *(student.shown_as for student in students)]):
        check_place(given.slips)
    server = ClassServer(
        register,
        of_course(),
        given.host,
        given.port,
        limits=given.limits,
        tls=context,
        allow_origins=given.origins,
        more_routes=routes(pack, pin) if pack else None,
    )

    def announce(serving: Server) -> None:
        enrolled = _enrol(register, given, students)  # the server listens, so no other server holds the file
        address = given.address(serving)
        register.note_address(address, pin)
        if given.lan and context is None:
            _note("without --tls, codes and results cross the network unencrypted")
        if given.lan and not serving.is_on_ipv6:
            _note("this machine has no IPv6, so phones and laptops that have only IPv6 cannot join")
        if enrolled.codes:
            hand_out(enrolled.text(address, pin, has_pack=pack is not None), given.slips, _note)
        click.echo(f"class {given.class_id}: the board is at {address.replace('ws', 'http', 1)}/board")
        if pack:
            click.echo(f"students set up their machines at {address.replace('ws', 'http', 1)}/setup")
        if register.is_open:
            more = f", fingerprint={pin!r}" if pin else ""
            click.echo(f"students: labkit.classroom.join({address!r}, name=...{more})")
            click.echo("a name belongs to the first student who joins with it")
        if register.grades:
            click.echo("passes count once this machine has judged them; students agree by adding graded=True to join()")
            if solutions() is None:
                _note(f"a copy of our solution is verified like any other answer: {HAS_NONE}")
        if register.votes_by_name:
            click.echo(
                "votes are stored with their names, and only the instructor sees them; join() tells the students"
            )
        click.echo(f"WebSocket server listening on {serving.url}")
        wait_written()  # codes that could not be printed must not stay in the file
        keep()

    with logging_to_stderr(logging.WARNING if given.quiet or _is_read_by_a_person() else logging.INFO):
        prepare_process()
        with grading(given.class_id, given.path) if register.grades else nullcontext():
            run(_serve(server, announce, given.with_parent))


def _is_read_by_a_person() -> bool:
    """Return whether stderr is a terminal."""
    return sys.stderr is not None and sys.stderr.isatty()


def _note(what: str) -> None:
    """Print a line on a terminal; otherwise log it, because a log on stderr must stay JSON."""
    if _is_read_by_a_person():
        click.echo(what, err=True)
    else:
        _LOGGER.warning(what)


class _Enrolled(NamedTuple):
    """New codes by displayed name, and the real name behind each."""

    codes: dict[str, str]
    real_names: dict[str, str]

    def text(self, address: str, pin: str | None, *, has_pack: bool) -> str:
        codes = dict(self.codes)
        instructor = codes.pop(INSTRUCTOR, None)
        head = for_instructor(address, INSTRUCTOR, instructor) if instructor else ""
        return head + sheet(address, codes, self.real_names, pin, has_pack=has_pack)


def _enrol(register: Register, given: Options, students: list[Student]) -> _Enrolled:
    if given.roster:
        register.close_to_new_names()
    codes = register.enrol(student.shown_as for student in students)
    instructor = register.enrol_instructor(given.is_renewing)
    return _Enrolled(({INSTRUCTOR: instructor} if instructor else {}) | codes, real_names(students))


async def _serve(server: ClassServer, announce: Callable[[Server], None], with_parent: bool) -> None:
    stop = stopping()
    on_nudge(FIRST, partial(server.drill, "drain"))
    on_nudge(SECOND, partial(server.drill, "crash"))
    if with_parent:
        end_with_parent(stop)
    await server.run(stop, announce)
