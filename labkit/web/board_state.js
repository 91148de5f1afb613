// The state of a class: a pure fold of events into rows, with no page and no socket. labkit/classroom/board.py is the
// same fold and explains every rule; a test feeds both the same events. Maps, because students choose any name.

const READY = "ready";
const MOST_UNKNOWN = 12;
const MOST_DEVICES = 8;
const STUCK_FAILS = 3;
const STUCK_MS = 10 * 60_000;
const QUIET_MS = 5 * 60_000;
const FAR_MS = 365 * 24 * 3_600_000;
const MINUTE_MS = 60_000;
const ISO = /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d{1,3})?(Z|[+-]\d\d:\d\d)$/;

export class BoardState {
  constructor(exercises = []) {
    this.exercises = [...exercises];
    this.students = new Map();
    this.listed = exercises.length;
  }

  /** Restore a snapshot made by Python's Board.json. `listed`: how many of its exercises belong to the course. */
  static of({ exercises, students }, listed = exercises.length) {
    const board = new BoardState(exercises);
    board.listed = listed;
    for (const [name, row] of Object.entries(students)) board.students.set(name, rowOf(row));
    return board;
  }

  /** Apply an event of the room. Returns the student whose row changed, or null. */
  apply(event) {
    if (event.type !== "exercise" || event.erased) return null;
    const exercise = wellFormed(event.exercise);
    if (exercise !== READY && !this.#hasColumn(exercise)) return null;
    const row = this.row(event.userId);
    if (!isNew(row.devices, wellFormed(String(event.requestId)), event.n)) return null;
    if (exercise === READY) row.missing = event.check ? wellFormed(event.check).split(",") : [];
    else update(row, exercise, event);
    return event.userId;
  }

  row(name) {
    if (!this.students.has(name)) this.students.set(name, rowOf({}));
    return this.students.get(name);
  }

  /** The currently failing checks: [count, exercise, check, students], highest count first. */
  wall() {
    const who = new Map();
    for (const [name, row] of this.students) {
      for (const [exercise, { status, check, fails }] of row.cells) {
        if (fails && check && (status === "fail" || status === "help")) put(who, exercise, check, name);
      }
    }
    return [...who.values()].map(({ exercise, check, names }) => [names.length, exercise, check, names.sort(byCode)])
      .sort((a, b) => b[0] - a[0] || byCode(a[1], b[1]) || byCode(a[2], b[2]));
  }

  /** What most of the class fails now, in one line; null if no check fails. */
  headline(wall = this.wall()) {
    const [first] = wall;
    if (!first) return null;
    const [count, exercise, check] = first;
    return `${count} of ${this.students.size} ${count === 1 ? "fails" : "fail"} \`${check}\` in ${exercise}`;
  }

  #hasColumn(exercise) {
    if (this.exercises.includes(exercise)) return true;
    if (this.exercises.length >= this.listed + MOST_UNKNOWN) return false;
    this.exercises.push(exercise);
    return true;
  }
}

/** Why a student seems stuck: on which check, for how long, after how many tries; null if not stuck. */
export function stuck(row, now) {
  const cell = row.cells.get(row.current);
  if (!cell || cell.status === "pass") return null;
  if (cell.fails >= STUCK_FAILS) return failing(cell, now);
  const quiet = now - cell.lastAt;
  if (onTaskMs(cell, now) < STUCK_MS || quiet < QUIET_MS) return null;
  const last = cell.check ? `, after ${tries(cell.tries)}, the last at ${cell.check}` : "";
  return `no check for ${minutes(quiet)}${last}`;
}

/** Which check fails, for how long, and after how many tries; null if none fails. */
export function failing(cell, now) {
  if (!cell.fails) return null;
  const row = `${cell.fails} fails in a row`;
  if (cell.check == null || cell.sameSince == null) return row;
  const more = cell.fails > cell.same ? `, ${row}` : "";
  return `fails ${cell.check} for ${minutes(now - cell.sameSince)}, ${tries(cell.same)}${more}`;
}

/** A duration as a person says it. */
export function minutes(ms) {
  const total = Math.floor(Math.max(0, ms) / MINUTE_MS);
  if (total === 0) return "<1 min";
  return total < 60 ? `${total} min` : `${Math.floor(total / 60)} h ${total % 60} min`;
}

function tries(count) {
  return `${count} ${count === 1 ? "try" : "tries"}`;
}

/** Milliseconds from the first record until the exercise was solved, or until now. */
export function onTaskMs(cell, now) {
  return Math.max(0, (cell.passedAt ?? now) - cell.firstAt);
}

function rowOf({ cells = {}, devices = {}, current = null, hand = null, handAt = null, skew = null, missing = null }) {
  const [cellMap, deviceMap] = [cells, devices].map((object) => new Map(Object.entries(object)));
  return { cells: cellMap, devices: deviceMap, current, hand, handAt, skew, missing };
}

function update(row, exercise, event) {
  const sentAt = ms(event.sentAt) ?? 0;
  let deviceAt = ms(event.at) ?? sentAt;
  if (Math.abs(deviceAt - sentAt) > FAR_MS) deviceAt = sentAt;
  row.skew = row.skew === null ? sentAt - deviceAt : Math.min(row.skew, sentAt - deviceAt);
  const at = Math.min(deviceAt + row.skew, sentAt);
  const { status } = event;
  const check = event.check == null ? null : wellFormed(event.check);
  if (!row.cells.has(exercise)) row.cells.set(exercise, newCell(status, at));
  updateCell(row.cells.get(exercise), status, check, at);
  row.current = exercise;
  if (status === "help") [row.hand, row.handAt] = [exercise, at];
  else if (status === "started" || status === "pass") row.hand = row.handAt = null;
}

function newCell(status, at) {
  return { status, firstAt: at, lastAt: at, check: null, fails: 0, same: 0, sameSince: null, tries: 0, passedAt: null };
}

function updateCell(cell, status, check, at) {
  if (status === "fail") {
    const isSame = cell.fails > 0 && check === cell.check;
    cell.same = isSame ? cell.same + 1 : 1;
    cell.sameSince = isSame ? (cell.sameSince ?? null) : at;
    cell.fails += 1;
  } else if (status === "pass") {
    cell.fails = cell.same = 0;
    cell.sameSince = null;
    cell.passedAt ??= at;
  }
  if (["fail", "pass", "inconclusive"].includes(status)) cell.tries += 1;
  cell.status = status;
  if (status !== "help") cell.check = ["fail", "inconclusive"].includes(status) ? check : null;
  cell.lastAt = Math.max(cell.lastAt, at);
}

function isNew(devices, requestId, n) {
  const cut = requestId.lastIndexOf("-");
  const device = (cut < 0 ? "" : requestId.slice(0, cut)).slice(0, 100);
  if (n <= (devices.get(device) ?? 0)) return false;
  devices.set(device, n);
  while (devices.size > MOST_DEVICES) devices.delete(devices.keys().next().value);
  return true;
}

function ms(moment) {
  if (typeof moment === "number") return Math.trunc(moment);
  const parsed = typeof moment === "string" && ISO.test(moment) ? Date.parse(moment) : NaN;
  return Number.isNaN(parsed) ? null : parsed;
}

function wellFormed(text) {
  return text.replace(/\p{Surrogate}/gu, "\ufffd"); // toWellFormed, for browsers older than 2023
}

function put(who, exercise, check, name) {
  const key = JSON.stringify([exercise, check]);
  if (!who.has(key)) who.set(key, { exercise, check, names: [] });
  who.get(key).names.push(name);
}

function byCode(a, b) {
  const [one, other] = [[...a], [...b]];
  for (let at = 0; at < one.length && at < other.length; at += 1) {
    if (one[at] !== other[at]) return one[at].codePointAt(0) - other[at].codePointAt(0);
  }
  return one.length - other.length;
}
