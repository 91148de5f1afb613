"""The votes of a working copy, in its file."""

from pathlib import Path
from threading import Thread

from labkit.classroom.votes.outbox import Outbox


def outbox(home: Path, name: str = "ana", class_id: str = "physics") -> Outbox:
    return Outbox(home, class_id, name)


def test_vote_is_due_until_its_newest_change_is_answered(tmp_path: Path) -> None:
    votes = outbox(tmp_path)
    votes.choose("q1", 0)
    (sent,) = votes.due()
    votes.choose("q1", 1)  # while the first is on its way
    votes.answered(sent, told={"rev": 1, "round": 1})
    (again,) = outbox(tmp_path).due()
    assert (again.choice, again.secret) == (1, sent.secret)
    votes.answered(again)
    assert votes.due() == []
    votes.choose("q1", 1)
    assert votes.due() == []


def test_second_round_is_another_vote(tmp_path: Path) -> None:
    votes = outbox(tmp_path)
    votes.choose("q1", 0)
    (first,) = votes.due()
    votes.answered(first, told={"rev": 1, "round": 1})
    votes.tell("q1", {"rev": 2, "round": 2})
    assert votes.standing("q1")[0] is None
    votes.choose("q1", 0)
    (second,) = votes.due()
    assert second.round == 2 and second.secret != first.secret


def test_older_news_do_not_replace_newer(tmp_path: Path) -> None:
    votes = outbox(tmp_path)
    votes.tell("q1", {"rev": 2, "round": 1, "voted": 6, "text": "One?", "options": ["a", "b"]})
    votes.tell("q1", {"rev": 1, "round": 1, "voted": 5})
    assert (votes.standing("q1")[1] or {})["voted"] == 6
    votes.tell("q1", {"rev": 3, "round": 1, "voted": 7})
    told = votes.standing("q1")[1]
    assert told == {"rev": 3, "round": 1, "voted": 7, "text": "One?", "options": ["a", "b"]}


def test_another_student_or_class_starts_with_nothing(tmp_path: Path) -> None:
    outbox(tmp_path).choose("q1", 0)
    for other in (outbox(tmp_path, "ben"), outbox(tmp_path, class_id="maths")):
        assert other.due() == []
    outbox(tmp_path, "ben").choose("q1", 1)
    assert [paper.choice for paper in outbox(tmp_path, "ben").due()] == [1]


def test_file_that_cannot_be_read_is_begun_anew(tmp_path: Path) -> None:
    votes = outbox(tmp_path)
    for text in ("", "{", '{"papers": 3}', "[" * 100_000):
        votes.path.write_text(text)
        assert votes.due() == []
    votes.choose("q1", 0)
    assert len(votes.due()) == 1


def test_two_kernels_lose_no_vote(tmp_path: Path) -> None:
    def vote(kernel: int) -> None:
        for number in range(20):
            outbox(tmp_path).choose(f"q{kernel}-{number}", 0)

    kernels = [Thread(target=vote, args=(kernel,)) for kernel in (1, 2)]
    for kernel in kernels:
        kernel.start()
    for kernel in kernels:
        kernel.join()
    assert len(outbox(tmp_path).due()) == 40
