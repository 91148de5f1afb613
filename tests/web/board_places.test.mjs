// Where the lane puts each student.
import assert from "node:assert/strict";
import { test } from "node:test";

const { counted, lessonOf, placesIn, sizeFor, summaryOf } = await import(`${process.env.WEB}/board_places.js`);
const step = (id, kind = "prediction") => ({ id, kind, text: id });
const LESSONS = [
  { id: "01_hello", steps: [step("p1")] },
  { id: "02_auth", steps: [step("p2"), step("p3"), step("02-auth", "exercise")] },
  { id: "dashboard", steps: [step("p9")] },
];
const MARKS = { asked: 1, voted: 2, measured: 3 };

function row(exercise = null, cell = {}, more = {}) {
  const cells = new Map(exercise ? [[exercise, { status: "started", passedAt: null, ...cell }]] : []);
  return { cells, current: exercise, hand: null, ...more };
}

function place(rowOf, marks = {}, { here = true, isStuck = false, lesson = LESSONS[1] } = {}) {
  const students = new Map([["ana", rowOf]]);
  const found = new Map([["ana", new Map(Object.entries(marks).map(([id, mark]) => [id, MARKS[mark]]))]]);
  const { at, status } = placesIn(lesson, LESSONS, students, found, new Set(here ? ["ana"] : []), () => isStuck).get("ana");
  return [at, status];
}

test("a student moves from step to step with each thing that the notebook sends", () => {
  assert.deepEqual(place(row()), [0, "here"]);
  assert.deepEqual(place(row(), { p2: "asked" }), [1, "asked"]);
  assert.deepEqual(place(row(), { p2: "voted" }), [1, "voted"]);
  assert.deepEqual(place(row(), { p2: "measured" }), [1, "done"]);
  assert.deepEqual(place(row(), { p2: "measured", p3: "asked" }), [2, "asked"]);
  assert.deepEqual(place(row("02-auth"), { p2: "voted" }), [3, "started"]);
  assert.deepEqual(place(row("02-auth", { status: "fail" })), [3, "fail"]);
  assert.deepEqual(place(row("02-auth", { status: "pass", passedAt: 5 })), [4, "done"]);
});

test("a fail after the pass does not bring a student back", () => {
  assert.deepEqual(place(row("02-auth", { status: "fail", passedAt: 5 })), [4, "done"]);
});

test("who asks and who is stuck is marked at the exercise, and only there", () => {
  assert.deepEqual(place(row("02-auth", { status: "help" }, { hand: "02-auth" })), [3, "help"]);
  assert.deepEqual(place(row("02-auth", { status: "help" }, { hand: null })), [3, "started"]);
  assert.deepEqual(place(row("02-auth", { status: "fail" }), {}, { isStuck: true }), [3, "stuck"]);
  assert.deepEqual(place(row("04-validator", { status: "fail" }), { p2: "voted" }, { isStuck: true }), [1, "voted"]);
});

test("a student without a connection keeps the place and is away", () => {
  assert.deepEqual(place(row(), { p3: "voted" }, { here: false }), [2, "away"]);
});

test("a student in a later lesson is past this one, and in an earlier one in the room", () => {
  assert.deepEqual(place(row(), { p2: "voted" }, { lesson: LESSONS[0] }), [2, "done"]);
  assert.deepEqual(place(row(), { p1: "voted" }), [0, "here"]);
  assert.deepEqual(place(row(), { p1: "voted", p9: "measured" }), [0, "here"]);
});

test("the lane follows most of the class, and begins with the first lesson", () => {
  const [a, b, c] = ["p1", "p2", "p9"].map((id) => new Map([[id, 1]]));
  const of = (...marks) => {
    const names = marks.map((_, at) => `student ${at}`);
    return lessonOf(LESSONS, new Map(names.map((name) => [name, row()])), new Map(names.map((name, at) => [name, marks[at]]))).id;
  };
  assert.equal(of(), "01_hello");
  assert.equal(of(undefined, undefined), "01_hello");
  assert.equal(of(a, a, b), "01_hello");
  assert.equal(of(a, b, b), "02_auth");
  assert.equal(of(a, b), "02_auth");
  assert.equal(of(a, c, c), "01_hello");
});

test("five hundred dots fit into one column of a projector", () => {
  for (const [most, wide, high] of [[500, 188, 150], [500, 100, 150], [3, 188, 150]]) {
    const size = sizeFor(most, wide, high);
    assert.ok(Math.floor(wide / size) * Math.floor(high / size) >= most, `${most} in ${wide} x ${high}`);
  }
  assert.equal(sizeFor(3, 188, 150), 50);
  assert.equal(sizeFor(3, 400, 900), 64);
});

test("a column and the whole class are said in words", () => {
  const columns = [[], [["ana", "voted"], ["ben", "asked"], ["cleo", "voted"]], [["dan", "stuck"]]];
  assert.equal(counted(columns[1]), "2 voted, 1 at work");
  assert.equal(counted(columns[2]), "stuck");
  assert.equal(counted([]), "");
  assert.equal(summaryOf(columns, ["In the room", "Prediction 1", "02-auth"], 4), "3 of 4: Prediction 1. 1 is stuck or asking.");
  assert.equal(summaryOf([[], []], ["a", "b"], 0), "Nobody has joined yet.");
});
