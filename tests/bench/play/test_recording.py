"""Recordings: what they tell about a time, their moments, and their exports."""

from threading import Event, Thread

import pytest

from labkit.bench.play.recording import AGE, BYTES, CLOSED, DID, Mark, Recording, Sample
from tests.bench.play import recordings
from tests.bench.play.recordings import BACK_AT, BEGAN, CLOSED_AT, END, calm, killed, slow


def test_last_sample_at_a_time() -> None:
    run = slow()
    assert run.last("ben", 6.05).at == 6.0
    assert run.last("ben").at == END
    assert Recording(run.plan).last("ben") == Sample(0.0, "ben", True)


def test_network_and_ending_at_a_time() -> None:
    run = slow()
    assert [run.network("ben", at) for at in (1, 3, 9.5)] == ["well", "stopped", "well"]
    assert [run.network("ana", 3)] == ["well"]
    endings = [run.ending("ben", at) for at in (6, 8, 11)]
    assert [None if each is None else each.kind for each in endings] == [None, "closed", "back"]


def test_moments_of_a_slow_member() -> None:
    moments = slow().moments()
    assert [moment.words for moment in moments] == [
        "before",
        "the outbox begins to fill",
        "just before the age limit",
        "ben closed: 1013 slow",
        "ben is back, with a gap",
    ]
    assert [moment.at for moment in moments[1:]] == pytest.approx([BEGAN + 0.1, CLOSED_AT - 0.1, CLOSED_AT, BACK_AT])


def test_moments_are_three_to_five_and_in_order() -> None:
    for run in (slow(), slow(1), slow(3), slow(8), slow(9.5), calm()):
        times = [moment.at for moment in run.moments()]
        assert 3 <= len(times) <= 5
        assert times == sorted(times)


def test_close_without_samples_has_moments() -> None:
    run = Recording(slow().plan, marks=[Mark(1.0, "ben", CLOSED, "ben closed: 4410", code=4410)], now=2.0)
    assert [moment.words for moment in run.moments()][1:] == ["just before the close", "ben closed: 4410", "the end"]


def test_story_has_no_measured_figures() -> None:
    later = slow()
    later.marks = [mark._replace(at=mark.at + 0.05, freed_bytes=1) for mark in later.marks]
    assert later.story == slow().story
    assert "1013 slow" in later.story


@pytest.mark.parametrize(
    ("waiting", "age", "limit"),
    [
        (100_000, 1.9, AGE),
        (1_000_000, 0.3, BYTES),
        (100_000, 0.3, ""),  # closed for another reason, such as a ping that is stuck
        (2_000_000, 0.3, ""),  # your own outbox did not enforce the limit
        (2_000_000, 2.1, AGE),
    ],
)
def test_limit_is_the_nearer_one_if_it_was_reached(waiting: int, age: float, limit: str) -> None:
    run = Recording(slow().plan)
    run.add(Sample(1.0, "ben", True, waiting, age))
    run.add(Sample(1.1, "ben", False, 0, 0.0))
    assert run.limit_reached("ben") == (limit, waiting)
    assert run.limit_reached("ana") == ("", 0)


def test_lost_messages_count_from_the_kill_on() -> None:
    run = killed()
    assert (run.lost_at(1.9), run.lost_at(2.0), run.lost_at(4.0)) == (0, len(run.lost), len(run.lost))
    assert len(run.lost) > 0


def test_kill_among_other_events_is_one_moment_of_several() -> None:
    run = killed()
    run.marks += [Mark(1.0, "", DID, "the disk is full"), Mark(1.5, "", DID, "the disk has space again")]
    assert run.story == "before; the disk is full; the disk has space again; the server is killed; the end"


def test_recording_that_grows_can_be_read() -> None:
    """A picture is drawn in one thread while messages arrive in another."""
    run, ends = killed(), Event()

    def receive() -> None:
        number = 1000
        while not ends.is_set() and number < 200_000:
            number += 1
            run.received["ben"][number] = 2.5

    thread = Thread(target=receive)
    thread.start()
    try:
        while thread.is_alive():
            assert len(run.lost) >= run.lost_at(2.0) > 0
            assert 0 not in run.missing("ben")
    finally:
        ends.set()
        thread.join()


def test_missing_messages_are_holes_between_received_ones() -> None:
    run = calm()
    run.received["ben"] = dict.fromkeys((2, 3, 6, 8), 1.0)
    assert run.missing("ben") == [4, 5, 7]
    assert run.missing("cleo") == []


def test_frame_has_every_sample_in_order() -> None:
    frame = slow().frame
    assert list(frame.columns) == list(Sample._fields)
    assert len(frame) == 3 * 121
    assert frame["at"].is_monotonic_increasing


def test_lanes_have_a_row_for_each_message_and_receiver() -> None:
    run = Recording(slow().plan, sent=[(0.1, "ana"), (0.2, "ana")])
    run.received["cleo"][1] = 0.25
    lanes = run.lanes()
    assert len(lanes) == 2 * 3
    assert lanes[lanes["received"].notna()].to_dict("records") == [
        {"message": 1, "from": "ana", "sent": 0.2, "to": "cleo", "received": 0.25}
    ]


def test_comparison_tells_peaks_and_closes() -> None:
    assert calm().compare(slow()).text() == (
        "before: the fullest outbox held 0 kB; closed: nobody\n"
        "after: the fullest outbox held 95 kB; closed: ben 1013 slow at 7.0 s"
    )


def test_without_a_viewer_the_text_is_printed(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(Recording, "viewer", None)
    slow().show()
    assert "ben closed: 1013 slow: outbox 0 kB" in capsys.readouterr().out


def test_marks_of_the_example_are_in_the_closes() -> None:
    assert slow().closes == [recordings.MARKS[1]]


def test_lost_messages_are_received_and_in_no_file() -> None:
    """What was received after the kill may still be stored."""
    run = killed()
    assert run.lost == list(range(150, 200))
    run.marks.clear()
    assert run.lost == [*range(150, 200), *range(350, 400)]


def test_moments_of_a_killed_server() -> None:
    times = [(moment.words, moment.at) for moment in killed().moments()]
    assert times == [
        ("before", 1.0),
        ("just before the kill", pytest.approx(1.9)),
        ("the server is killed", pytest.approx(2.0)),
        ("everybody is back", 2.5),
        ("the end", 4.0),
    ]


def test_text_of_a_disk_counts_messages() -> None:
    text = "4.0 s  the end: 400 published; 400 received; 300 in the file; 100 received and not in the file; 0 refused"
    assert text in killed().text()
    assert calm().compare(killed()).text().endswith("100 received and not in the file; 0 refused")


def test_marks_of_the_server_concern_every_member() -> None:
    run = slow()
    run.marks.append(Mark(3.0, "", DID, "the disk is full"))
    assert run.network("ben", 4) == "stopped"
    assert [mark.words for mark in run.marks_of("ana", 12)] == ["the disk is full"]
