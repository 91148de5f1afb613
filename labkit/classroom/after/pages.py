"""The pages after a lesson, as HTML without scripts, fonts or links to the network.

A student's page has the student's own results and the room's counts of a vote; no name of anybody else.
"""

from collections.abc import Mapping, Sequence

from labkit.classroom.after.facts import Facts, Question
from labkit.classroom.board import Cell, minutes, tries
from labkit.text.html import Markup, fill, join

MOST_MISSES = 12
WORDS = {"started": "started", "fail": "not yet passed", "help": "asked for help", "inconclusive": "not decided"}
STYLE = Markup("""
:root { color-scheme: light dark; --line: #d5d9e0; --soft: #566070; --good: #0b6e45; --bad: #a82019; --bar: #1f5fd1; }
@media (prefers-color-scheme: dark) {
  :root { --line: #3a4352; --soft: #a3aebf; --good: #66d9a0; --bad: #ff9a92; --bar: #8db4ff; }
}
body { max-width: 62rem; margin: 2rem auto; padding: 0 1rem; font: 16px/1.5 system-ui, sans-serif; }
h1 { font-size: 1.7rem; line-height: 1.2; overflow-wrap: anywhere; }
h2 { font-size: 1.15rem; margin: 2rem 0 .5rem; }
.soft { color: var(--soft); }
.facts { display: flex; flex-wrap: wrap; gap: .5rem 2.5rem; margin: 1rem 0; }
.facts dt { color: var(--soft); font-size: .85rem; }
.facts dd { margin: 0; font-size: 1.6rem; font-weight: 650; }
.wide { overflow-x: auto; }
table { border-collapse: collapse; width: 100%; font-variant-numeric: tabular-nums; }
th, td { text-align: left; padding: .3rem .7rem .3rem 0; border-bottom: 1px solid var(--line); vertical-align: top; }
.good { color: var(--good); font-weight: 600; } .bad { color: var(--bad); font-weight: 600; }
.vote { border-left: 3px solid var(--line); padding-left: 1rem; margin: 1rem 0; break-inside: avoid; }
.vote p { margin: 0; }
.bar { display: block; height: .7rem; background: var(--bar); border-radius: 3px; min-width: 1px; }
.vote td:nth-child(1) { width: 40%; overflow-wrap: anywhere; } .vote td:nth-child(2) { width: 40%; }
a { color: inherit; }
""")
PAGE = (
    '<!doctype html>\n<html lang="en"><head><meta charset="utf-8"><title>{}</title>'
    '<meta name="viewport" content="width=device-width, initial-scale=1"><style>{}</style></head>\n'
    "<body>\n{}\n</body></html>\n"
)


def instructors_page(facts: Facts, names: Mapping[str, str], files: Mapping[str, str]) -> str:
    """Return the instructor's page. `names`: the name to show for each student; `files`: the page of each."""
    parts = (
        fill("<h1>Class {}: after the lesson</h1>", facts.class_id),
        _numbers(facts),
        fill("<h2>What to repeat</h2>{}", _items(facts.repeats, "Nothing stands out.")),
        fill("<h2>What was missed most</h2>{}", _misses(facts)),
        fill("<h2>The votes</h2>{}", _votes(facts.questions)),
        fill("<h2>The students</h2>{}", _students(facts, names, files)),
    )
    return fill(PAGE, f"Class {facts.class_id}", STYLE, join("{}", [(part,) for part in parts], "\n"))


def students_page(facts: Facts, student: str, shown: str) -> str:
    """Return one student's page. `shown`: the name at its top."""
    cells = facts.board.students[student].cells
    begun = [one for one in facts.board.exercises if one in cells]
    again = _items(_own_repeats(facts, student), "Everything that you began is passed.")
    parts = (
        fill("<h1>{}</h1><p class='soft'>Class {}</p>", shown, facts.class_id),
        fill("<h2>Your exercises</h2>{}", _exercises(facts, student, begun)),
        fill("<h2>What to look at again</h2>{}", again),
        fill("<h2>How the room voted</h2>{}", _votes(facts.questions)),
    )
    return fill(PAGE, f"{shown}: class {facts.class_id}", STYLE, join("{}", [(part,) for part in parts], "\n"))


def _numbers(facts: Facts) -> Markup:
    students = facts.board.students
    begun = sum(bool(row.cells) for row in students.values())
    passed = sum(facts.has_passed(name, one) for name in students for one in facts.board.listed)
    rows: list[tuple[str, object]] = [("students", len(students)), ("began an exercise", begun), ("passes", passed)]
    if facts.grades:
        verified = sum(verdict.standing == "verified" for verdict in facts.verdicts.values())
        rows.append(("verified", verified))
    rows.append(("votes", sum(sum(map(sum, tally.rounds)) for tally in facts.tallies)))
    return fill('<dl class="facts">{}</dl>', join("<div><dt>{}</dt><dd>{}</dd></div>", rows))


def _items(sentences: list[str], nothing: str) -> Markup:
    if not sentences:
        return fill("<p>{}</p>", nothing)
    return fill("<ul>{}</ul>", join("<li>{}</li>", [(sentence,) for sentence in sentences]))


def _misses(facts: Facts) -> Markup:
    if not facts.misses:
        return fill("<p>{}</p>", "No check failed.")
    rows = [
        (facts.meaning(miss.exercise, miss.check), miss.exercise, miss.check, miss.students, miss.tries, miss.left)
        for miss in facts.misses[:MOST_MISSES]
    ]
    heads = ("what the answers showed", "exercise", "check", "students", "fails", "not passed yet")
    return _table(heads, rows)


def _votes(questions: list[Question]) -> Markup:
    if not questions:
        return fill("<p>{}</p>", "There was no vote.")
    return join("{}", [(_vote(question),) for question in questions], "\n")


def _vote(question: Question) -> Markup:
    asked, rounds = question.tally.asked, question.tally.rounds
    rows = Markup("").join(
        _option(option, [(counts[at], sum(counts)) for counts in rounds], is_measured=asked.measured == at)
        for at, option in enumerate(asked.question.options)
    )
    shares = ", then ".join(f"{share:.0%}" for share in question.right)
    right = fill(' <span class="soft">Right: {}</span>', shares) if shares else Markup("")
    return fill('<div class="vote"><p><b>{}</b>{}</p><table>{}</table></div>', asked.question.text, right, rows)


def _option(option: str, counts: list[tuple[int, int]], *, is_measured: bool) -> Markup:
    count, total = counts[-1]
    share = round(100 * count / total) if total else 0
    words = ", then ".join(str(one) for one, _ in counts)
    mark = Markup(' <span class="good">✔ measured</span>') if is_measured else ""
    bar = fill('<span class="bar" style="width: {}%"></span>', share)
    return fill("<tr><td>{}{}</td><td>{}</td><td>{}</td></tr>", option, mark, bar, words)


def _students(facts: Facts, names: Mapping[str, str], files: Mapping[str, str]) -> Markup:
    rows = []
    for name, row in sorted(facts.board.students.items(), key=lambda one: names.get(one[0], one[0]).casefold()):
        link = fill('<a href="{}">{}</a>', files[name], names.get(name, name))
        passed = [one for one in facts.board.exercises if facts.has_passed(name, one)]
        left = [one for one in facts.board.exercises if one in row.cells and one not in passed]
        verified = sum(facts.verdicts.get((name, one), ("",))[0] == "verified" for one in passed)
        rows.append((link, len(passed), *([verified] if facts.grades else []), ", ".join(left) or "none"))
    return _table(("student", "passed", *(["verified"] if facts.grades else []), "begun, not passed"), rows)


def _exercises(facts: Facts, student: str, begun: list[str]) -> Markup:
    if not begun:
        return fill("<p>{}</p>", "You have begun no exercise yet.")
    cells = facts.board.students[student].cells
    rows = [(one, _title(facts, one), _standing(facts, student, one), *_effort(cells[one])) for one in begun]
    return _table(("exercise", "", "result", "tries", "time"), rows)


def _title(facts: Facts, exercise: str) -> str:
    listed = facts.catalogue.listed.get(exercise)
    return listed.title if listed else ""


def _effort(cell: Cell) -> tuple[str, str]:
    return tries(cell.tries), minutes(cell.on_task_ms(cell.last_at))


def _standing(facts: Facts, student: str, exercise: str) -> Markup:
    if not facts.has_passed(student, exercise):
        status = facts.board.students[student].cells[exercise].status
        return fill('<span class="bad">{}</span>', WORDS.get(status, status))
    verdict = facts.verdicts.get((student, exercise))
    if not facts.grades:
        return fill('<span class="good">{}</span>', "✔ passed")
    if verdict is None:
        return fill("<span>{}</span>", "passed, not judged by the class yet")
    if verdict.standing == "verified":
        return fill('<span class="good">{}</span>', "✔ passed and verified")
    return fill("<span>{}</span>", "passed here, not verified; ask your instructor why")


def _own_repeats(facts: Facts, student: str) -> list[str]:
    """What a student has begun and not passed, with what its answers showed."""
    found = []
    for exercise in facts.board.students[student].cells:
        if not facts.has_passed(student, exercise):
            checks = [check for (of, check), _ in facts.fails[student].most_common() if of == exercise]
            shown = [facts.meaning(exercise, check) for check in checks[:3]]
            found.append(" ".join([f"{exercise}: not passed yet.", *shown]))
    return sorted(found)


def _table(heads: tuple[str, ...], rows: Sequence[tuple[object, ...]]) -> Markup:
    head = join('<th scope="col">{}</th>', [(one,) for one in heads])
    body = Markup("").join(fill("<tr>{}</tr>", join("<td>{}</td>", [(cell,) for cell in row])) for row in rows)
    return fill('<div class="wide"><table><thead><tr>{}</tr></thead><tbody>{}</tbody></table></div>', head, body)
