// The drill on the whole screen: the names of the class turn grey when the server is gone, and light up as each client
// is back, above the curve of how many are back. A dialog, so the keyboard stays in it and Escape ends it.

import { words } from "./board_drill.js";
import { el, setText } from "./dom.js";

const SAY_MS = 1500; // a screen reader is not to be interrupted more often
const [WIDTH, HEIGHT, LEAST_S, BIN_S] = [1000, 150, 3, 0.1];
const TITLES = { drill: "The server restarts", crash: "The server crashes" };

export class DrillStage {
  /** `name(one)`: a student's name as the board shows it. */
  constructor(name) {
    this.name = name;
    this.cells = new Map(); // by student
    this.title = el("h2", { id: "stage-title" }, "Drill");
    this.count = el("p", { class: "stage-count", role: "status" });
    this.names = el("ul", { class: "stage-names", "aria-label": "Who is back" });
    const box = { viewBox: `0 -6 ${WIDTH} ${HEIGHT + 26}`, role: "img", "aria-label": "How many are back, over time" };
    this.curve = el("svg", box);
    this.words = el("p", { class: "stage-words" });
    this.end = el("button", { type: "button", onclick: () => this.close() }, "Back to the board");
    this.element = el("dialog", { class: "stage", "aria-labelledby": "stage-title" },
      el("div", { class: "stage-top" }, this.title, this.count, this.end), this.names, this.curve, this.words);
  }

  get isOpen() {
    return this.element.open;
  }

  /** A drill begins: everybody who is here now stands on the stage. `after`: when the latest drill before it was. */
  begin(kind, present, after) {
    this.begun = Date.now();
    this.after = after;
    this.without = [];
    setText(this.title, TITLES[kind] ?? TITLES.drill);
    this.#cast(present);
    setText(this.words, "");
    this.saidAt = 0;
    if (!this.isOpen) this.element.showModal();
    this.#draw();
  }

  /** The connection is gone, so nobody is known to be there. */
  dark() {
    if (!this.isOpen) return;
    for (const cell of this.cells.values()) cell.ms = null;
    this.isDark = true;
    this.#draw();
  }

  /** Who is here, as the room tells it. Their times are guessed until the server tells them. */
  present(names) {
    if (!this.isOpen || !this.isDark) return;
    for (const one of names) {
      const cell = this.cells.get(one);
      if (cell && cell.ms === null) cell.ms = Date.now() - this.begun;
    }
    this.#draw();
  }

  /** What the server has measured of the drill so far: `times` maps each student to ms, or to null. */
  show(drill) {
    if (!this.isOpen || !drill || drill.at <= this.after) return;
    if (this.cells.size !== Object.keys(drill.times).length) this.#cast(Object.keys(drill.times));
    this.isDark = true;
    this.without = drill.without;
    for (const [one, ms] of Object.entries(drill.times)) {
      if (ms !== null && this.cells.has(one)) this.cells.get(one).ms = ms;
    }
    setText(this.words, words({ ...drill, missing: drill.missing.map(this.name) }));
    this.#draw();
  }

  close() {
    this.element.close();
  }

  #cast(students) {
    this.isDark = false;
    this.cells = new Map([...students].sort().map((one) => [one, { ms: null, element: el("li", {}, this.name(one)) }]));
    this.names.replaceChildren(...[...this.cells.values()].map(({ element }) => element));
    this.names.style.setProperty("--stage-name", `${sizeOf(this.cells.size)}rem`);
  }

  #draw() {
    for (const { ms, element } of this.cells.values()) element.className = this.isDark && ms === null ? "gone" : "back";
    const times = [...this.cells.values()].map(({ ms }) => ms).filter((ms) => ms !== null).sort((a, b) => a - b);
    this.#drawCurve(times);
    if (Date.now() - this.saidAt < SAY_MS && times.length < this.cells.size) return;
    this.saidAt = Date.now();
    setText(this.count, this.isDark ? `${times.length} of ${this.cells.size} back` : `${this.cells.size} here`);
  }

  #drawCurve(times) {
    const seconds = Math.max(LEAST_S, (times.at(-1) ?? 0) / 1000, BIN_S * this.without.length);
    const base = el("rect", { x: 0, y: HEIGHT, width: WIDTH, height: 1, class: "base" });
    const without = this.without.flatMap((count, at) => Array(count).fill(1000 * BIN_S * at));
    const lines = [[without, "without"], [times, "ours"]].filter(([shown]) => shown.length > 0)
      .map(([shown, kind]) => el("path", { d: curveOf(shown, this.cells.size, seconds), class: kind }));
    const tick = (x, kind, text) => el("text", { x, y: HEIGHT + 16, class: kind }, text);
    const ticks = [tick(0, "tick", "0 s"), tick(WIDTH, "tick end", `${seconds.toFixed(1)} s`)];
    const names = "this class, and dashed: without jitter (simulated)";
    if (without.length > 0) ticks.push(tick(WIDTH / 2, "tick middle", names));
    this.curve.replaceChildren(base, ...lines, ...ticks);
  }
}

/** The curve of how many of `all` are back, as steps: one for each time, in ms. */
export function curveOf(times, all, seconds) {
  const [x, y] = [(ms) => (WIDTH * ms) / 1000 / seconds, (count) => HEIGHT * (1 - count / Math.max(1, all))];
  const steps = times.map((ms, at) => `H${x(ms).toFixed(1)}V${y(at + 1).toFixed(1)}`);
  return `M0 ${HEIGHT}${steps.join("")}H${WIDTH}`;
}

/** The size of a name in rem, so that a whole class fits on the screen. */
export function sizeOf(count) {
  return count <= 30 ? 3 : count <= 80 ? 1.7 : count <= 200 ? 0.9 : 0.65;
}
