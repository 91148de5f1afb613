// Where each student is in a lesson: pure, with no page and no clock. A step is a prediction, known by its mark (1 the
// question was shown, 2 voted, 3 measured), or an exercise, known by the student's newest record of it.

const MARKS = { 1: "asked", 2: "voted", 3: "done" };
const ON_THE_PATH = /^\d/; // the other notebooks may be opened at any time, so they say nothing of how far somebody is
const [LARGEST, SMALLEST] = [64, 5]; // px from dot to dot
const ROWS = 3; // of the largest dots

export const WORDS = {
  asked: "at work", started: "at work", voted: "voted", done: "done", fail: "failing", stuck: "stuck", help: "asking",
  inconclusive: "unsure", here: "here", away: "away",
};

/** The status of a step for one student, or null if it was not reached. */
export function statusOf({ id, kind }, row, marks) {
  if (kind === "prediction") return MARKS[marks?.get(id)] ?? null;
  const cell = row.cells.get(id);
  if (!cell) return null;
  return cell.passedAt === null || cell.passedAt === undefined ? cell.status : "done";
}

/** The number of the last lesson in which a student has reached a step; -1 if there is none. */
export function latestOf(lessons, row, marks) {
  for (let at = lessons.length - 1; at >= 0; at -= 1) {
    const { id, steps } = lessons[at];
    if (ON_THE_PATH.test(id) && steps.some((step) => statusOf(step, row, marks) !== null)) return at;
  }
  return -1;
}

/** The lesson in which most students are; the first one if nobody has begun, and the later one of two. */
export function lessonOf(lessons, students, marks) {
  const counts = lessons.map(() => 0);
  for (const [name, row] of students) {
    const at = latestOf(lessons, row, marks.get(name));
    if (at >= 0) counts[at] += 1;
  }
  const best = counts.reduce((found, count, at) => (count >= counts[found] && count > 0 ? at : found), 0);
  return lessons[best];
}

/** Each student's column in a lesson and status there. Column 0: no step yet; the one after the last step: past it. */
export function placesIn(lesson, lessons, students, marks, present, isStuck) {
  const number = lessons.indexOf(lesson);
  const found = new Map();
  for (const [name, row] of students) found.set(name, placeOf(lesson, number, lessons, row, marks.get(name), isStuck));
  for (const [name, place] of found) if (!present.has(name)) found.set(name, { ...place, status: "away" });
  return found;
}

/** "help" or "stuck", if a student is in trouble at this step now; a hand may be down again. */
function troubleOf({ id }, row, isStuck) {
  if (row.hand === id) return "help";
  const isDone = row.cells.get(id)?.passedAt != null;
  return row.current === id && !isDone && isStuck(row) ? "stuck" : null;
}

function placeOf(lesson, number, lessons, row, marks, isStuck) {
  const { steps } = lesson;
  if (latestOf(lessons, row, marks) > number) return { at: steps.length + 1, status: "done" };
  for (let at = steps.length - 1; at >= 0; at -= 1) {
    const status = statusOf(steps[at], row, marks);
    if (status === null) continue;
    if (status === "done" && at === steps.length - 1) return { at: at + 2, status };
    return { at: at + 1, status: troubleOf(steps[at], row, isStuck) ?? (status === "help" ? "started" : status) };
  }
  return { at: 0, status: "here" };
}

/** The largest distance between dots at which a column of so many fits. */
export function sizeFor(most, wide, high) {
  for (let size = Math.min(LARGEST, Math.floor(high / ROWS)); size > SMALLEST; size -= 1) {
    if (Math.floor(wide / size) * Math.floor(high / size) >= most) return size;
  }
  return SMALLEST;
}

/** What a column holds, in words: "8 voted, 4 at work". */
export function counted(here) {
  const found = new Map();
  for (const [, status] of here) found.set(WORDS[status], (found.get(WORDS[status]) ?? 0) + 1);
  const parts = [...found].sort((a, b) => b[1] - a[1]).map(([words, count]) => `${count} ${words}`);
  return found.size === 1 ? [...found.keys()][0] : parts.join(", ");
}

/** Where most of the class is, in one line. */
export function summaryOf(columns, labels, all) {
  if (all === 0) return "Nobody has joined yet.";
  const fullest = columns.reduce((best, one, at) => (one.length > columns[best].length ? at : best), 0);
  const troubled = columns.flat().filter(([, status]) => status === "stuck" || status === "help").length;
  const trouble = troubled > 0 ? ` ${troubled} ${troubled === 1 ? "is" : "are"} stuck or asking.` : "";
  return `${columns[fullest].length} of ${all}: ${labels[fullest]}.${trouble}`;
}
