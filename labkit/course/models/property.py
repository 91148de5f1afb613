"""A property: one requirement of an exercise, tested in hundreds of drawn situations against the exercise's model."""

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from random import Random
from typing import Any, NamedTuple

from labkit.course.exercise import Check, Misconception
from labkit.course.models.shrinking import Simpler, Smaller, nothing_more, simpler, smallest
from labkit.course.models.situations import Result, Situation, Step, as_code, as_program, makes, renamed, short
from labkit.evidence import Outcome, broken, held

DRAWN = 120
BATCH = 30
AGAIN = 30  # situations that come a second time, in another order
MADE = "made"
NOTHING_RAISES = "Nothing raises."
SIMULATED = "from labkit.course.simulated import Simulated"
NOT_ALONE = "the answer carries something over from one call, or one object, to the next"


class Wrong(NamedTuple):
    """The first result that the contract does not permit: of which step, what it permits, and what the result shows.

    `came`: the result in words, if it is too long to be written. `series`: its numbers, to draw. `line`: where the
    answer raised what the result only shows.
    """

    step: int
    expected: str
    shows: Misconception | None = None
    came: str = ""
    series: tuple[float, ...] = ()
    line: int = 0


Model = Callable[[Situation, Sequence[Result]], Wrong | None]
Draw = Callable[[Random], Situation]
Played = tuple[Situation, list[Result], Wrong]


@dataclass(frozen=True, slots=True, kw_only=True)
class Property:
    """One requirement. `enforces`: the sentences of the exercise's text that it holds an answer to, word for word.

    `draw` makes a situation; each of `always` comes as well. `permits`: what a situation must keep to, so that a shrunk
    one asks nothing that the text does not. `simpler`: yields simpler arguments; `smaller`: simpler situations.
    `shared`: what it shows if it takes two objects to fail, or two calls of a function. `made`: the source of a
    function `made`, which gets plain data and makes the answer's object; what it gives to `record`, such as the calls
    of a function that it gave to the answer, is in the results. `is_alone`: load the answer for each situation.
    `is_beside`: test it in a process of its own, while the others are tested.
    """

    id: str
    expected: str
    usual: Misconception
    enforces: tuple[str, ...]
    model: Model
    draw: Draw
    always: tuple[Situation, ...] = ()
    permits: Callable[[Situation], bool] = lambda situation: True
    simpler: Simpler = simpler
    smaller: Smaller = nothing_more
    shared: Misconception | None = None
    needs: tuple[str, ...] = ()
    drawn: int = DRAWN
    made: str = ""
    again: int = AGAIN
    is_alone: bool = False
    is_beside: bool = False

    def check(self) -> Check:
        """Return the check that tests it."""
        return Check(self.id, self.expected, self.usual, self._run, needs=self.needs, alone=self.is_beside)

    def situations(self, rng: Random) -> list[Situation]:
        """Draw all situations of one run, in the order in which they come."""
        every = [*self.always, *(self.draw(rng) for _ in range(self.drawn))]
        rng.shuffle(every)
        return every + rng.sample(every, min(self.again, len(every)))

    async def _run(self, stage: Any) -> Outcome:
        every = self.situations(stage.rng)
        before: list[Situation] = []
        for some in _batches(every):
            anew = "each" if self.is_alone else "never" if before else "once"
            results = await stage.play(some, anew, self.made)
            wrong = self._first_wrong(some, results)
            if wrong is not None:
                return await self._told(stage, before, some[: wrong[0] + 1], wrong[1])
            before += some
        return held(f"{len(every)} situations")

    def _first_wrong(self, some: Sequence[Situation], results: Sequence[list[Result]]) -> tuple[int, Played] | None:
        for number, (situation, came) in enumerate(zip(some, results)):
            if (wrong := self.model(situation, came)) is not None:
                return number, (situation, came, wrong)
        return None

    async def _told(self, stage: Any, before: Sequence[Situation], some: Sequence[Situation], seen: Played) -> Outcome:
        """Return the outcome with the smallest counter-example, each one played with the answer loaded anew."""
        shows = seen[2].shows
        played: dict[Situation, Played] = {}

        async def failing(candidates: Sequence[Situation]) -> int | None:
            results = await stage.play(candidates, "each", self.made)
            for number, (situation, came) in enumerate(zip(candidates, results)):
                wrong = self.model(situation, came)
                if wrong is not None and wrong.shows is shows:
                    played[situation] = situation, came, wrong
                    return number
            return None

        for start in _starts(before, some):
            if await failing([start]) is not None:
                least = await smallest(start, failing, self.permits, self.simpler, self.smaller)
                situation, came, wrong = played[least]
                if self.shared is not None and _parties(situation) > 1:
                    wrong = wrong._replace(shows=self.shared)
                return self._counter_example(stage, situation, came, wrong)
        return self._counter_example(stage, *seen, note=f"# {NOT_ALONE}: it fails only after other situations")

    def _counter_example(
        self, stage: Any, situation: Situation, came: list[Result], wrong: Wrong, note: str = ""
    ) -> Outcome:
        until, name = wrong.step + 1, MADE if self.made else stage.name
        around = f"{_known(self.made)}\n{self.made}" if self.made else ""
        lines = as_program(situation[:until], came[:until], name, wrong.expected, wrong.came)
        stage.show([*filter(None, [note, around]), *lines])
        if wrong.series:
            stage.series["what came"] = wrong.series
        result = came[wrong.step]
        where = stage.at_line(wrong.line or result.line)
        step = short(as_code(situation[wrong.step], name))
        verb = "" if result.raised is not None else "returned "
        return broken(f"{step} {verb}{wrong.came or result.shown}{where}, expected {wrong.expected}", wrong.shows)


def properties_of(nothing_raises: str = NOTHING_RAISES, **common: Any) -> Callable[..., Property]:
    """Return a function that makes an exercise's properties, which share `common`: its model and limits, for example.

    Each one also enforces the sentence `nothing_raises`.
    """

    def property_of(
        name: str, expected: str, usual: Misconception, draw: Draw, *enforces: str, **more: Any
    ) -> Property:
        sentences = (*enforces, nothing_raises)
        return Property(id=name, expected=expected, usual=usual, draw=draw, enforces=sentences, **common | more)

    return property_of


def _known(made: str) -> str:
    """Return what a learner must run first: the names that are known where the answer is played."""
    return SIMULATED if "Simulated(" in made else "record = print"


def _parties(situation: Situation) -> int:
    """Return how many clients there are, or how many calls of the answer itself."""
    connects = sum(step[1] == "server.connect" for step in situation)
    return connects or sum(map(_is_of_the_answer, situation))


def _is_of_the_answer(step: Step) -> bool:
    """Whether a step calls the answer itself."""
    return makes(step) or step[0].rpartition(" ")[2] == "ask"


def _starts(before: Sequence[Situation], some: Sequence[Situation]) -> Iterator[Situation]:
    """Yield the failing situation by itself, then after ever more of those that came before it."""
    every = [*before, *some]
    for count in (1, 2, 4, 16, 64):
        if count == 1 or len(every) >= count // 2:
            last = every[-count:]
            yield last[0] if len(last) == 1 else _joined(last)


def _joined(situations: Sequence[Situation]) -> Situation:
    return tuple(step for number, one in enumerate(situations, 1) for step in renamed(one, number))


def _batches(every: Sequence[Situation]) -> Iterable[Sequence[Situation]]:
    return (every[at : at + BATCH] for at in range(0, len(every), BATCH))
