"""Faults in how the server parses and validates messages."""

from types import MappingProxyType

from websockets.frames import Frame

from labkit.broken.planted import Planted, rewrite_messages
from labkit.rules.actions import Close
from labkit.rules.limits import Limits
from labkit.wire.hub import Hub
from labkit.wire.message_assembly import TOO_LARGE, MessageAssembly


class FinalNewlinePasses(Planted):
    """The room id is matched with `$`, which in Python also matches before a final newline."""

    found_by = ("validation/4",)

    def plant(self, hub: Hub) -> None:
        rewrite_messages(hub, rb'("roomId": ?"[a-zA-Z0-9:_-]{1,64})\\n"', rb'\1"')


class ListIsARoom(Planted):
    """The room id's type is not checked, so a list that contains one id is accepted as that id."""

    found_by = ("validation/4",)

    def plant(self, hub: Hub) -> None:
        rewrite_messages(hub, rb'"roomId": ?\[("[a-zA-Z0-9:_-]{1,64}")\]', rb'"roomId":\1')


class TextIsTrimmed(Planted):
    """Text is trimmed before it is passed on."""

    found_by = ("validation/6",)

    def plant(self, hub: Hub) -> None:
        rewrite_messages(hub, rb'"text":"\\u200b"', b'"text":" "')


class SizeIsNotChecked(Planted):
    """A message may be as large as a frame."""

    found_by = ("validation/8",)
    faulty_limits = MappingProxyType({"max_message_bytes": 65536})


class FragmentsAreNotCounted(Planted):
    """The size of each frame is checked, but not that of the message."""

    found_by = ("validation/8",)
    faulty_limits = MappingProxyType({"max_message_bytes": 65536})

    class assembly(MessageAssembly):
        def add(self, frame: Frame) -> bytes | Close | None:
            return TOO_LARGE if len(frame.data) > Limits().max_message_bytes else super().add(frame)


class NanIsANumber(Planted):
    """The parser accepts NaN and Infinity, as Python's json does."""

    found_by = ("validation/10",)

    def plant(self, hub: Hub) -> None:
        rewrite_messages(hub, rb'"n":-?(NaN|Infinity)', b'"n":0')
