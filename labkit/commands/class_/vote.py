"""`labkit class vote`: ask the class a question, count its votes, and reveal what was measured."""

from pathlib import Path

import click

from labkit.classroom.register import Register
from labkit.classroom.votes.box import BallotBox, Tally, VoteRefused, standing, voted_of
from labkit.classroom.votes.question import BadQuestion, option_of
from labkit.commands.class_.which import existing_file, which_class
from labkit.commands.failing import CannotRun
from labkit.review.report import printable
from labkit.wire.audit.schema import AuditError

BAR = 30  # characters
NONE = "no question yet; a prediction opens when the first student is asked, and --ask TEXT asks one of your own"
ANONYMOUS = "this class votes anonymously; to see names, start it with --votes-by-name before the vote"
EXAMPLES = """\b
Examples:
  labkit class vote physics                                        # every question and its votes
  labkit class vote physics --ask "Which fills first?" --option ours --option "the kernel's"
  labkit class vote physics --close                                # the newest question
  labkit class vote physics --again                                # a second vote, after discussion
  labkit class vote physics --reveal --measured ours
"""


@click.command(epilog=EXAMPLES)
@which_class
@click.option("--ask", "text", metavar="TEXT", help="Ask the class this question.")
@click.option("--option", "options", multiple=True, help="An option of the question; two to eight of them.")
@click.option("--close", "act", flag_value="close", help="Accept no more votes, and show students the counts.")
@click.option("--again", "act", flag_value="again", help="Open the second vote, beside the first.")
@click.option("--reveal", "act", flag_value="reveal", help="Close the vote, and show the measured answer beside it.")
@click.option("--measured", metavar="OPTION", help="With --reveal: the measured option, or its number.")
@click.option("--question", "question_id", metavar="ID", help="The question.  [default: the newest]")
@click.option("--names", is_flag=True, help="Print who voted what, in a class that votes by name.")
def vote(
    class_id: str, file: Path | None, text: str | None, options: tuple[str, ...], names: bool, **change: str | None
) -> None:
    """Let a CLASS vote, and print its questions with their votes.

    Each prediction in a lesson is a question, which opens when the first student is asked. The server shows a change
    within a second or, if none is running, when it starts.
    """
    path = existing_file(class_id, file)
    box = BallotBox(path)
    try:
        _check(text, options, **change)
        register = Register(path, class_id)
        if names and not register.votes_by_name:
            raise CannotRun(ANONYMOUS)
        shown = box.ask(text, options) if text is not None else _changed(box, **change)
        for tally in box.tallies(shown or ""):
            for line in lines(tally, register.names(), box if names else None):
                click.echo(printable(line))
        if not box.tallies():
            click.echo(NONE)
    except (BadQuestion, VoteRefused, AuditError) as error:
        raise CannotRun(str(error)) from None


def _check(
    text: str | None, options: tuple[str, ...], act: str | None, question_id: str | None, measured: str | None
) -> None:
    if text is not None and question_id is not None:
        raise CannotRun("--ask asks a new question; omit --question")
    if text is not None and act:
        raise CannotRun(f"--ask and --{act} cannot be combined; give one of them")
    if options and text is None:
        raise CannotRun("--option is only for a new question; add --ask TEXT")
    if measured is not None and act != "reveal":
        raise CannotRun("--measured is only for --reveal; add it")


def _changed(box: BallotBox, act: str | None, question_id: str | None, measured: str | None) -> str | None:
    """Change a question, by default the newest, and return its id, or None to list all."""
    every = box.tallies(question_id or "")
    if not every and (act or question_id):
        raise CannotRun(f"the class has no question {question_id!r}" if question_id else NONE)
    if not act:
        return question_id
    question = every[-1].asked.question
    if act == "reveal":
        box.reveal(question.id, None if measured is None else _measured(question.options, measured))
    elif act == "again":
        box.again(question.id)
    else:
        box.close(question.id)
    return question.id


def _measured(options: tuple[str, ...], answer: str) -> int:
    found = option_of(options, answer)
    if found is None:
        raise CannotRun(f"--measured {answer!r} is not offered; the options are: {', '.join(options)}")
    return found


def lines(tally: Tally, names: list[str], box: BallotBox | None = None) -> list[str]:
    """Return a question and its votes as lines of text; with `box`, also who voted what."""
    question, (voted, of) = tally.asked.question, voted_of(tally, names)
    turn = ", second vote" if tally.asked.round > 1 else ""
    found = [f"{question.id}  {question.text}", f"  {standing(tally)}{turn}, {voted} of {of} have voted"]
    width = max(map(len, question.options))
    for at, option in enumerate(question.options):
        measured = "  <- measured" if tally.asked.state == "revealed" and tally.asked.measured == at else ""
        counts = "  ".join(_bar(one[at], sum(one)) for one in tally.rounds)
        found.append(f"  {at + 1} {option:<{width}}  {counts.rstrip()}{measured}")
    missing = [name for name in names if name not in tally.voters]
    if missing and tally.asked.state == "open":
        found.append(f"  not yet: {', '.join(missing)}")
    return found + [
        f"  vote {number}, {option}: {who}" for number, option, who in (box.of_names(question.id) if box else ())
    ]


def _bar(count: int, total: int) -> str:
    share = count / total if total else 0
    return f"{count:>4} {share:>4.0%} {'#' * round(BAR * share):<{BAR}}"
