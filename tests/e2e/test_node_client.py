"""A client in Node, on the package that the article uses, against our server: it finds every behaviour it expects."""

import json
import subprocess
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any, Self

import pytest

from tests.e2e.house import House
from tests.e2e.need import node_module, node_path

CLIENT = Path(__file__).with_name("node_client.mjs")


class Node:
    """One connection of Node's."""

    def __init__(self, house: House) -> None:
        command = [node_path(), str(CLIENT), str(node_module("ws")), f"ws://localhost:{house.port}"]
        self._process = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, bufsize=1)
        self.opened = self.hear()

    def say(self, **message: Any) -> None:
        assert self._process.stdin is not None
        self._process.stdin.write(json.dumps(message) + "\n")

    def hear(self) -> dict[str, Any]:
        assert self._process.stdout is not None
        heard: dict[str, Any] = json.loads(self._process.stdout.readline())
        return heard

    def enter(self, room: str = "room:node") -> dict[str, Any]:
        """Authenticate and join; what `auth_ok` said."""
        self.say(type="auth", token="dev-token")
        welcome = self.hear()
        self.say(type="join", roomId=room)
        assert self.hear()["type"] == "joined"
        return welcome

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._process.kill()
        self._process.communicate()


@pytest.fixture
def house(tmp_path: Path) -> Iterator[House]:
    with House(tmp_path) as made:
        yield made


def test_node_talks_in_a_room(house: House) -> None:
    with Node(house) as ana, Node(house) as ben:
        assert ana.opened == {"opened": ""}  # it offers compression, and is told no
        welcome = ana.enter()
        ben.enter()
        ana.say(type="chat", roomId="room:node", requestId="r1", text="h\u00e9llo \U0001f600")
        event = ana.hear()
        assert ben.hear() == event
        assert event | {"id": None, "sentAt": None} == {
            "type": "chat",
            "id": None,
            "requestId": "r1",
            "roomId": "room:node",
            "userId": welcome["userId"],
            "text": "h\u00e9llo \U0001f600",
            "sentAt": None,
            "seq": 1,
        }


@pytest.mark.parametrize(
    ("message", "closed"),
    [
        ({"type": "chat", "roomId": "room:node", "text": "hi"}, [4403, "auth failed"]),
        ({"type": "auth", "token": "not-the-token"}, [4403, "auth failed"]),
        ({"type": "nonsense"}, [1008, "unsupported type"]),
    ],
)
def test_node_is_told_why_it_is_closed(house: House, message: dict[str, Any], closed: list[Any]) -> None:
    with Node(house) as ana:
        ana.say(**message)
        assert ana.hear() == {"closed": closed}


def test_node_hears_of_a_restart_with_a_slot(house: House) -> None:
    with Node(house) as ana:
        ana.enter()
        house.stop()
        code, reason = ana.hear()["closed"]
        assert code == 1012
        assert reason.startswith("restart retry=")
    house.start()
    with Node(house) as ana:
        assert ana.enter()["type"] == "auth_ok"


def test_node_answers_pings_by_itself_and_stays(tmp_path: Path) -> None:
    with House(tmp_path, "--set", "ping_interval_s=0.3", "--set", "ping_timeout_s=0.3") as house, Node(house) as ana:
        ana.enter()
        for _ in range(8):  # eight questions over four intervals
            time.sleep(0.15)
            ana.say(type="ping")
            assert ana.hear()["type"] == "pong"
