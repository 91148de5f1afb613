"""Whose code runs: known by its code objects, because any code can be compiled under any file name."""

from collections.abc import Iterator
from types import CodeType


class Codes:
    """All code of one program: its top level, and each function, class and comprehension in it."""

    def __init__(self, code: CodeType | None = None) -> None:
        self._all: dict[int, CodeType] = {}  # kept, so that no other code gets the same id
        if code is not None:
            self.are_of(code)

    def are_of(self, code: CodeType) -> None:
        """Let these be the parts of this program, and of no other."""
        self._all = {id(part): part for part in _parts(code)}

    def __contains__(self, code: object) -> bool:
        return id(code) in self._all  # equal code may be somebody else's


def _parts(code: CodeType) -> Iterator[CodeType]:
    yield code
    for one in code.co_consts:
        if isinstance(one, CodeType):
            yield from _parts(one)
