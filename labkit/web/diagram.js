// The state diagram, drawn from the table in states.js. The text beside it gives the same state.

import { el } from "./dom.js";
import { NEXT } from "./states.js";

const [WIDTH, HEIGHT, RAIL] = [106, 30, 60];
const AT = { connecting: [3, 6], authenticating: [127, 6], open: [251, 6], waiting: [3, 96], stopped: [251, 96] };
const INTO = { waiting: 70, stopped: 304 }; // x of the point where the rail that carries all closes enters each box

export class Diagram {
  constructor(place) {
    const steps = Object.entries(NEXT).flatMap(([from, targets]) => targets.map((to) => [from, to]));
    this.boxes = new Map(Object.keys(AT).map((state) => [state, box(state)]));
    this.edges = new Map(steps.map(([from, to]) => [`${from} ${to}`, edge(from, to)]));
    const middle = { class: "edge-words", x: 187, y: RAIL + 15, "text-anchor": "middle" };
    const words = el("text", middle, "the close code decides");
    this.lines = el("g", {}, ...this.edges.values());
    this.svg = el("svg", { viewBox: "0 0 360 130", role: "img" }, tip(), this.lines, words, ...this.boxes.values());
    this.state = null;
    place.append(this.svg);
    this.show(null);
  }

  /** Highlight a state and the transition that led to it. */
  show(state) {
    for (const [name, group] of this.boxes) group.classList.toggle("here", name === state);
    for (const [name, path] of this.edges) path.classList.toggle("taken", name === `${this.state} ${state}`);
    const taken = this.edges.get(`${this.state} ${state}`);
    if (taken) this.lines.append(taken); // the last element is drawn on top
    this.svg.setAttribute("aria-label", state === null ? "State machine, not started" : `State machine, now ${state}`);
    this.state = state;
  }
}

function box(state) {
  const [x, y] = AT[state];
  return el("g", { class: `box ${state}` },
    el("rect", { x, y, width: WIDTH, height: HEIGHT, rx: HEIGHT / 2 }),
    el("text", { x: x + WIDTH / 2, y: y + HEIGHT / 2 + 4.5, "text-anchor": "middle" }, state));
}

function tip() {
  const shape = { viewBox: "0 0 8 8", refX: 7, refY: 4, markerWidth: 6, markerHeight: 6, orient: "auto" };
  return el("defs", {}, el("marker", { id: "tip", ...shape }, el("path", { d: "M0 0 L8 4 L0 8 z" })));
}

function edge(from, to) {
  return el("path", { class: "edge", d: route(from, to), "marker-end": "url(#tip)" });
}

/** The path of an edge. Within a row: straight. Down: along the rail between the rows. Up: straight, at the left. */
function route(from, to) {
  const [[x1, y1], [x2, y2]] = [AT[from], AT[to]];
  if (y1 === y2) return `M${x1 + WIDTH} ${y1 + HEIGHT / 2} H${x2}`;
  if (y1 > y2) return `M${x1 + 28} ${y1} V${y2 + HEIGHT}`;
  const out = from === "connecting" ? INTO.waiting : x1 + WIDTH / 2;
  return `M${out} ${y1 + HEIGHT} V${RAIL} H${INTO[to]} V${y2}`;
}
