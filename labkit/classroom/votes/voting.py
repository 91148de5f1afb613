"""Vote in the class that this working copy has joined: `classroom.vote`, and the vote on a prediction."""

from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass
from time import monotonic, sleep
from typing import Any
from urllib.error import HTTPError

from labkit.classroom.membership import Membership, NotAdmitted, membership
from labkit.classroom.votes.casting import questions, sentence
from labkit.classroom.votes.lessons import predictions
from labkit.classroom.votes.outbox import Outbox, Paper, Told
from labkit.classroom.votes.question import key_of, option_of
from labkit.course.progress import NoHome, home

MOMENT_S = 3.0
LOOK_S = 0.05
NO_CLASS = "this working copy is in no class, so nobody counts votes; classroom.join(url, name=...) joins one"
NO_QUESTION = "the class has no question now; once your instructor asks one, classroom.vote() shows it"
OFFLINE = "your vote is waiting on this machine, and will be sent when the class answers"


@dataclass(frozen=True)
class Answer:
    """The outcome of a vote, in words. `is_counted`: whether the class has counted it."""

    words: str
    is_counted: bool = False

    def __repr__(self) -> str:
        return self.words


def cast(member: Membership | None, answer: str | int | None) -> Answer:
    """Vote on the newest question that the instructor asked, or show it if there is no answer."""
    if member is None:
        return Answer(NO_CLASS)
    try:
        return _cast(member, answer)
    except HTTPError as error:
        return Answer(sentence(error))
    except NotAdmitted as error:
        return Answer(str(error))
    except OSError as error:
        return Answer(f"the class at {member.url} does not answer ({error}); try again")


def _cast(member: Membership, answer: str | int | None) -> Answer:
    asked = [one for one in questions(member) if one["id"].startswith("q")]
    if not asked:
        return Answer(NO_QUESTION)
    question, outbox = asked[-1], _outbox(member)
    outbox.tell(question["id"], question)
    if answer is None:
        return Answer(_shown(question, outbox.standing(question["id"])[0]))
    choice = option_of(question["options"], answer)
    if choice is None:
        return Answer(f"{answer!r} is not offered; choose a number or an option:\n{_shown(question, None)}")
    if question["state"] in ("closed", "revealed"):
        return Answer(f"the vote on {question['text']!r} is {question['state']}, so yours is too late")
    outbox.choose(question["id"], choice)
    return _settled(outbox, question["id"])


def _settled(outbox: Outbox, question: str) -> Answer:
    """Return the class's answer, or after MOMENT_S that there is none yet."""
    ends = monotonic() + MOMENT_S
    while True:
        paper, told = outbox.standing(question)
        if paper is not None and paper.done >= paper.n:
            return Answer(paper.refused or words(paper, told), is_counted=paper.refused is None)
        if monotonic() > ends:
            return Answer(OFFLINE)
        sleep(LOOK_S)


def words(paper: Paper | None, told: Told | None) -> str:
    """Return the state of a vote in one line."""
    if paper is not None and paper.refused:
        return f"Not counted: {paper.refused}"
    if told is None:
        return OFFLINE if paper is not None and paper.choice is not None else ""
    turn = " in the second vote" if told["round"] > 1 else ""
    line = f"{told['voted']} of {told['of']} have voted{turn}"
    if paper is not None and paper.choice is not None and paper.n > paper.done:
        return f"{line}; {OFFLINE}"
    return line + {"closed": "; the vote is closed", "revealed": "; the vote has ended"}.get(told["state"], "")


def distribution(told: Told | None, options: Sequence[str]) -> list[str]:
    """Return a line for each option with its votes in each round; no lines while the vote is open."""
    if told is None or "rounds" not in told:
        return []
    rounds = [list(counts) for counts in told["rounds"]]
    found = []
    for at, option in enumerate(options):
        counts = ", then ".join(f"{one[at]} ({_percent(one[at], sum(one))} %)" for one in rounds if at < len(one))
        found.append(f"{option}: {counts}" + (" ← measured" if told.get("measured") == at else ""))
    return found


def _percent(count: int, total: int) -> int:
    return round(100 * count / total) if total else 0


def _shown(question: Told, paper: Paper | None) -> str:
    chosen = None if paper is None else paper.choice
    marks = [f"  {at} ({'x' if at - 1 == chosen else ' '}) {one}" for at, one in enumerate(question["options"], 1)]
    counts = [f"  {line}" for line in distribution(question, question["options"])]
    return "\n".join([question["text"], *(counts or marks), words(paper, question)])


def _outbox(member: Membership) -> Outbox:
    return Outbox(home(), member.class_id, member.name)


class PredictionVote:
    """A class's vote on one prediction in a lesson."""

    def __init__(self, member: Membership, question: str, options: Sequence[str]) -> None:
        self._outbox = _outbox(member)
        self._question = question
        self._options = list(options)

    def ask(self) -> None:
        """Report that the student sees the question; the first report opens it."""
        with suppress(NoHome):
            self._outbox.asked(self._question)

    def choose(self, choice: int) -> None:
        """Vote, or change the vote."""
        with suppress(NoHome):
            self._outbox.choose(self._question, choice)

    def measured(self, option: int) -> None:
        """Report what was measured here."""
        with suppress(NoHome):
            self._outbox.measured(self._question, option)

    def standing(self) -> dict[str, Any]:
        """Return the round, the state of the vote in one line, and the counts as lines once nobody can vote."""
        paper, told = self._outbox.standing(self._question)
        lines = distribution(told, self._options)
        return {"round": told["round"] if told else 1, "words": words(paper, told), "counts": lines}


def prediction_vote(text: str, options: Sequence[str]) -> PredictionVote | None:
    """Return the class's vote on a prediction; None without a class, or if no lesson has the question."""
    member = membership()
    key = key_of(text, options) if member is not None else ""
    return PredictionVote(member, key, options) if member is not None and key in predictions() else None
