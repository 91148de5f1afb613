// What the board draws, with as much of a document as it touches.
import assert from "node:assert/strict";
import { test } from "node:test";

class Element {
  children = [];
  style = { setProperty: () => {} };
  classes = new Set();
  classList = { toggle: (name, on) => (on ? this.classes.add(name) : this.classes.delete(name)) };
  #text = "";
  get textContent() {
    return this.#text + this.children.map((child) => child.textContent ?? child).join("");
  }
  set textContent(text) {
    this.children = [];
    this.#text = text;
  }
  get lastElementChild() {
    return this.children.at(-1);
  }
  append(...children) {
    this.children.push(...children);
  }
  replaceChildren(...children) {
    this.children = children;
  }
  insertBefore(child, before) {
    const others = this.children.filter((one) => one !== child);
    const at = before === null ? others.length : others.indexOf(before);
    this.children = others.toSpliced(at, 0, child);
  }
  setAttribute() {}
  addEventListener() {}
  remove() {}
}

let frames = [];
globalThis.document = { createElement: () => new Element() };
globalThis.requestAnimationFrame = (draw) => frames.push(draw);
const { BoardView, readiness } = await import(`${process.env.WEB}/board_view.js`);

function drawFrames() {
  const due = frames;
  frames = [];
  for (const draw of due) draw();
}

function snapshotOf(...names) {
  const students = Object.fromEntries(names.map((name) => [name, { cells: {}, devices: {} }]));
  return { board: { exercises: ["01"], students } };
}

function said(userId, n, status) {
  return { type: "exercise", userId, requestId: `d-${n}`, n, exercise: "01", status, at: 1, sentAt: "2026-01-01T00:00:00Z" };
}

function viewed(context, act) {
  const view = new BoardView(new Element(), () => 0);
  context.after(() => view.close());
  act(view);
  drawFrames();
  return Object.fromEntries([...view.lines].map(([name, { cells }]) => [name, cells[0].textContent]));
}

test("a student who joins during a snapshot stays on the board and does not stop it", (context) => {
  const cells = viewed(context, (view) => {
    view.show(snapshotOf("ana"));
    view.presence(["zoe"]);
    view.show(snapshotOf("ana"));
    view.apply(said("ana", 1, "pass"));
  });
  assert.deepEqual(cells, { ana: "✔ pass", zoe: "·" });
});

test("an event from before a snapshot that is repeated counts once", (context) => {
  const cells = viewed(context, (view) => {
    view.show(snapshotOf("ana"));
    for (const n of [1, 2, 2, 1]) view.apply(said("ana", n, "fail"));
  });
  assert.deepEqual(cells, { ana: "✘ fail ×2" });
});

test("a later snapshot replaces the state of the page", (context) => {
  const cells = viewed(context, (view) => {
    view.show(snapshotOf("ana"));
    view.apply(said("ana", 1, "fail"));
    drawFrames();
    view.show(snapshotOf("ana", "ben"));
  });
  assert.deepEqual(cells, { ana: "·", ben: "·" });
});

test("readiness is shown until the first exercise, and what is missing until it is mended", (context) => {
  const view = new BoardView(new Element(), () => 0);
  context.after(() => view.close());
  view.show(snapshotOf("ana"));
  const flag = () => {
    drawFrames();
    return view.lines.get("ana").flag.textContent;
  };
  const report = (n, check) => view.apply({ ...said("ana", n, check ? "fail" : "pass"), exercise: "ready", check });
  assert.equal(flag(), "");
  report(1, "disk,clock");
  assert.equal(flag(), "✘ not ready: disk, clock");
  view.apply(said("ana", 2, "started"));
  assert.equal(flag(), "✘ not ready: disk, clock");
  report(3, null);
  assert.equal(flag(), "");
  assert.equal(readiness({ missing: [], current: null }), "✔ ready");
  assert.equal(view.state.exercises.length, 1);
});
