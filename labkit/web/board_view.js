// The board: a table of participants and exercises, with lists beside it of who needs help, what fails, and the news.
// Used by the page (board.js) and by the widget (labkit/views/class_board.py). Row elements are reused: an event
// redraws one row in the next frame, and the lists a few times per second.

import { BoardState, failing, minutes, onTaskMs, stuck } from "./board_state.js";
import { Side } from "./board_side.js";
import { el, setText } from "./dom.js";

const SIDE_MS = 250;
const TICK_MS = 5000;
const MARKS = { pass: "✔", fail: "✘", started: "▶", inconclusive: "?", help: "⚑" };
const WORDS = { pass: "pass", fail: "fail", started: "started", inconclusive: "unsure", help: "help" };
const ORDERS = {
  name: (one, other) => byName(one, other),
  need: (one, other) => other.need - one.need || byName(one, other),
  solved: (one, other) => one.solved - other.solved || byName(one, other),
};

const ORDER_WORDS = { name: "by name", need: "who needs help first", solved: "least solved first" };

export class BoardView {
  /** `root`: the element to draw in. `now` returns the server's time in ms. */
  constructor(root, now = Date.now) {
    this.now = now;
    this.state = new BoardState();
    this.catalogue = {};
    this.present = new Set();
    this.lines = new Map(); // by name: {name, row element, cells, need, solved}
    this.dirty = new Set();
    this.order = "name";
    this.namesHidden = false;
    this.head = el("tr");
    this.body = el("tbody");
    this.table = el("table", { class: "board-table" },
      el("caption", { class: "unseen" }, "Participants and exercises"), el("thead", {}, this.head), this.body);
    this.side = new Side();
    this.tiles = el("dl", { class: "board-tiles" });
    this.headline = el("p", { class: "board-headline" });
    const labels = { class: "board-scroll", tabindex: "0", role: "region", "aria-label": "Participants" };
    const main = el("div", {}, this.#controls(), el("div", labels, this.table));
    root.append(this.tiles, this.headline, el("div", { class: "board-desk" }, main, this.side.element));
    this.timer = setInterval(() => this.#tick(), TICK_MS);
  }

  close() {
    clearInterval(this.timer);
    clearTimeout(this.sideTimer);
  }

  /** Draw a snapshot. */
  show({ board, catalogue = {}, news = [], newsRoom = null }) {
    this.catalogue = catalogue;
    this.newsRoom = newsRoom;
    const listed = Object.keys(catalogue).length || board.exercises.length;
    this.state = BoardState.of(board, listed);
    for (const name of this.present) this.state.row(name); // joined while the snapshot was in flight
    this.side.news(news);
    this.#columns();
    for (const name of this.state.students.keys()) this.dirty.add(name);
    this.#soon();
  }

  /** Apply one event of the class room or of its news room. */
  apply(event) {
    if (event.type === "chat") {
      if (event.roomId === this.newsRoom) this.side.newsItem(event); // not news: students can chat in the class room
      return;
    }
    const columns = this.state.exercises.length;
    const name = this.state.apply(event);
    if (name === null) return;
    if (this.state.exercises.length > columns) this.#columns();
    this.dirty.add(name);
    this.#soon();
  }

  /** Set who is online. */
  presence(names) {
    const before = this.present;
    this.present = new Set(names);
    for (const name of new Set([...before, ...this.present])) {
      if (before.has(name) !== this.present.has(name)) this.dirty.add(name);
      this.state.row(name);
    }
    this.#soon();
  }

  // Drawing

  #soon() {
    this.frame ??= requestAnimationFrame(() => this.#draw());
    this.sideTimer ??= setTimeout(() => this.#drawSide(), SIDE_MS);
  }

  #draw() {
    this.frame = null;
    let isNew = false;
    for (const name of this.dirty) isNew = this.#line(name) || isNew;
    this.dirty.clear();
    if (isNew) this.#sort();
  }

  #tick() {
    for (const name of this.state.students.keys()) this.#line(name);
    if (this.order !== "name") this.#sort();
    this.#drawSide();
  }

  #columns() {
    const heads = this.state.exercises.map((exercise) => el("th", { scope: "col" },
      el("span", { class: "board-exercise" }, exercise), el("span", { class: "board-counts" })));
    const [first, last] = ["Participant", "On task"].map((words) => el("th", { scope: "col" }, words));
    this.head.replaceChildren(first, ...heads, last);
    this.table.style.setProperty("--columns", heads.length);
    for (const { element } of this.lines.values()) element.remove();
    this.lines.clear();
    for (const name of this.state.students.keys()) this.dirty.add(name);
  }

  /** Draw one participant. Returns whether the row is new. */
  #line(name) {
    const row = this.state.students.get(name);
    const isNew = !this.lines.has(name);
    const line = this.lines.get(name) ?? this.#newLine(name);
    const now = this.now();
    const why = stuck(row, now);
    const isHere = this.present.has(name);
    line.solved = [...row.cells.values()].filter(isSolved).length;
    line.need = (row.hand ? 8 : 0) + (why ? 4 : 0) + (row.missing?.length ? 2 : 0) + (isHere ? 1 : 0);
    line.element.classList.toggle("away", !isHere);
    setText(line.here, isHere ? "●" : "○");
    setText(line.hereWord, isHere ? "here" : "away");
    setText(line.name, this.shownName(name, line));
    setText(line.flag, row.hand ? "⚑ asks" : why ? "▲ stuck" : readiness(row));
    this.state.exercises.forEach((exercise, at) => fill(line.cells[at], row.cells.get(exercise)));
    const current = row.cells.get(row.current);
    setText(line.time, current && current.status !== "pass" ? minutes(onTaskMs(current, now)) : "–");
    return isNew;
  }

  #newLine(name) {
    const [hereWord, shown, flag] = ["unseen", "board-name", "board-flag"].map((kind) => el("span", { class: kind }));
    const [here, time] = [el("span", { class: "board-here", "aria-hidden": "true" }), el("td")];
    const cells = this.state.exercises.map(() => el("td", { class: "none" }, el("span", {}, "·"), el("span", {})));
    const head = el("th", { scope: "row" }, here, hereWord, " ", shown, " ", flag);
    const element = el("tr", {}, head, ...cells, time);
    const number = this.lines.size + 1;
    const line = { key: name, number, element, here, hereWord, name: shown, flag, cells, time };
    this.lines.set(name, line);
    return line;
  }

  /** Which check fails for a participant in an exercise, for how long and after how many tries; null if none. */
  whyFailing(name, exercise) {
    return failing(this.state.students.get(name)?.cells.get(exercise) ?? {}, this.now());
  }

  shownName(name, line = this.lines.get(name)) {
    return this.namesHidden ? `participant ${line?.number ?? ""}` : name;
  }

  #sort() {
    const lines = [...this.lines.values()].sort(ORDERS[this.order]);
    lines.forEach(({ element }, at) => {
      if (this.body.children[at] !== element) this.body.insertBefore(element, this.body.children[at] ?? null);
    });
  }

  #drawSide() {
    this.sideTimer = null;
    const now = this.now();
    const rows = [...this.state.students];
    const hands = rows.filter(([, row]) => row.hand).sort(([, a], [, b]) => a.handAt - b.handAt)
      .map(([name, row]) => [this.shownName(name), this.#asked(row, now)]);
    const stuckOnes = rows.map(([name, row]) => [this.shownName(name), stuck(row, now), row.current])
      .filter(([, why]) => why).map(([name, why, exercise]) => [name, `${exercise}: ${why}`]);
    this.side.hands(hands);
    this.side.stuck(stuckOnes);
    const wall = this.state.wall();
    this.side.wall(wall, this.catalogue);
    setText(this.headline, this.state.headline(wall) ?? "No check is failing.");
    this.onSide?.();
    this.#counts(rows);
    const solved = rows.flatMap(([, row]) => [...row.cells.values()]).filter(isSolved).length;
    this.#tiles(rows.length, hands.length, stuckOnes.length, solved);
  }

  /** What a raised hand is about. */
  #asked({ hand, handAt, cells }, now) {
    const why = failing(cells.get(hand) ?? {}, now);
    return `${hand}, for ${minutes(now - handAt)}${why ? `; ${why}` : ""}`;
  }

  #tiles(all, hands, stuckOnes, solved) {
    const total = all * this.state.exercises.length;
    const facts = [["Here", `${this.present.size} of ${all}`], ["Hands up", hands], ["Stuck", stuckOnes],
      ["Solved", total ? `${solved} of ${total} (${Math.round((100 * solved) / total)} %)` : "0"]];
    if (this.tiles.children.length === 0) {
      this.tiles.append(...facts.map(([name]) => el("div", {}, el("dt", {}, name), el("dd"))));
    }
    facts.forEach(([, value], at) => setText(this.tiles.children[at].lastElementChild, String(value)));
  }

  #counts(rows) {
    this.state.exercises.forEach((exercise, at) => {
      const counts = { pass: 0, fail: 0 };
      for (const [, row] of rows) {
        const status = row.cells.get(exercise)?.status;
        if (status in counts) counts[status] += 1;
      }
      setText(this.head.children[at + 1].lastElementChild, `${counts.pass} ✔ ${counts.fail} ✘`);
    });
  }

  #controls() {
    const options = Object.entries(ORDER_WORDS).map(([value, words]) => el("option", { value }, words));
    const onOrder = ({ target }) => {
      this.order = target.value;
      this.#sort();
    };
    const onHide = ({ target }) => {
      this.namesHidden = !this.namesHidden;
      target.setAttribute("aria-pressed", String(this.namesHidden));
      this.#tick();
    };
    const choice = el("select", { onchange: onOrder }, ...options);
    const hide = el("button", { type: "button", "aria-pressed": "false", onclick: onHide }, "Hide names");
    return el("div", { class: "board-controls" }, el("label", {}, "Order ", choice), hide, legend());
  }
}

/** What `labkit doctor` found on this machine. "ready" matters only before the first exercise. */
export function readiness({ missing, current }) {
  if (missing?.length) return `✘ not ready: ${missing.join(", ")}`;
  return missing && !current ? "✔ ready" : "";
}

/** A mark and a word; where columns are narrow, the word is for screen readers only. */
function fill(place, cell) {
  const times = cell?.status === "fail" && cell.fails > 1 ? ` ×${cell.fails}` : "";
  const [mark, word] = place.children;
  setText(mark, cell ? MARKS[cell.status] : "·");
  setText(word, cell ? ` ${WORDS[cell.status]}${times}` : "");
  const kind = cell?.status ?? "none";
  if (place.className !== kind) place.className = kind;
}

function legend() {
  const shown = Object.keys(MARKS).map((status) => el("li", { class: status }, `${MARKS[status]} ${WORDS[status]}`));
  const marks = [...shown, el("li", {}, "· not started")];
  return el("ul", { class: "board-legend", "aria-label": "What the marks mean" }, ...marks);
}

function isSolved({ passedAt }) {
  return passedAt !== null;
}

function byName(one, other) {
  return one.key.localeCompare(other.key, undefined, { numeric: true });
}
