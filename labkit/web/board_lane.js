// The lane: the steps of one lesson as columns, with a dot for each student at the step that this student has reached.
// Where everybody is comes from the state of the board (exercises) and from the marks of the votes (predictions).
// The dots are for the eye only: each column says the same in words, and names are shown only on the instructor's side.

import { stuck } from "./board_state.js";
import { el, setText } from "./dom.js";
import { WORDS, counted, lessonOf, placesIn, sizeFor, summaryOf } from "./board_places.js";

const POLL_MS = 1000;
const WORDS_MS = 4000; // a screen reader is not to be interrupted more often
const GLYPHS = {
  asked: "▶", started: "▶", voted: "●", done: "✔", fail: "✘", stuck: "▲", help: "⚑", inconclusive: "?",
  here: "●", away: "○",
};
const LEGEND = ["asked", "voted", "done", "fail", "stuck", "help", "away"];

export class Lane {
  /** `ask(path)` sends a request, `view` is the BoardView; with `hasNames` a click on a step lists who is there. */
  constructor(ask, view, hasNames, onChoice = () => {}) {
    Object.assign(this, { ask, view, hasNames, onChoice });
    this.lessons = [];
    this.marks = new Map(); // by student: a Map from question to mark
    this.n = 0;
    this.chosen = ""; // a lesson that the instructor has chosen; "" follows the class
    this.dots = new Map(); // by student
    this.shown = null; // the lesson whose columns are drawn
    this.opened = null; // the number of the column whose names are listed
    this.#build();
    view.onSide = () => this.draw();
  }

  #build() {
    const follow = el("option", { value: "" }, "where the class is");
    this.pick = el("select", { onchange: ({ target }) => this.choose(target.value) }, follow);
    this.title = el("h2", { id: "lane-title" }, "The lesson");
    this.summary = el("p", { class: "lane-summary", role: "status" });
    this.heads = el("ol", { class: "lane-heads", "aria-labelledby": "lane-title" });
    this.field = el("div", { class: "lane-field", "aria-hidden": "true" });
    this.names = el("p", { class: "lane-names", id: "lane-names", hidden: true });
    const legend = LEGEND.map((one) => el("li", { class: one }, `${GLYPHS[one]} ${WORDS[one]}`));
    this.element = el("section", { class: "lane", "aria-labelledby": "lane-title" },
      el("div", { class: "lane-top" }, this.title, this.summary, el("label", {}, "Lesson ", this.pick)),
      this.heads, this.field, this.names,
      el("ul", { class: "lane-legend", "aria-label": "What the dots mean" }, ...legend));
    this.resized = new ResizeObserver(() => this.draw());
    this.resized.observe(this.field);
  }

  start() {
    this.timer ??= setInterval(() => this.load(), POLL_MS);
    return this.load();
  }

  close() {
    clearInterval(this.timer);
    this.resized.disconnect();
  }

  /** Ask for the marks that are new. One request at a time. */
  load() {
    this.loading ??= this.#load().catch(() => {}).finally(() => { this.loading = null; });
    return this.loading;
  }

  async #load() {
    const { n, marks, lessons } = await this.ask(`class/lane?${this.n}`);
    this.n = n;
    if (lessons) this.#offer(lessons);
    for (const [name, question, mark] of marks) {
      if (!this.marks.has(name)) this.marks.set(name, new Map());
      this.marks.get(name).set(question, mark);
    }
    if (lessons || marks.length > 0) this.draw();
  }

  #offer(lessons) {
    this.lessons = lessons;
    const options = lessons.map(({ id, title }) => el("option", { value: id }, title));
    this.pick.replaceChildren(this.pick.firstElementChild, ...options);
    this.pick.value = this.chosen;
  }

  /** Show a lesson; "" follows the class. */
  choose(lesson) {
    this.pick.value = this.chosen = lesson;
    this.onChoice(lesson);
    this.draw();
  }

  // Drawing

  draw() {
    if (this.lessons.length === 0) return;
    const { state, present } = this.view;
    const chosen = this.lessons.find(({ id }) => id === this.chosen);
    const lesson = chosen ?? lessonOf(this.lessons, state.students, this.marks);
    if (lesson !== this.shown) this.#columns(lesson);
    const now = this.view.now();
    const isStuck = (row) => stuck(row, now) !== null;
    const places = placesIn(lesson, this.lessons, state.students, this.marks, present, isStuck);
    this.columns = Array.from(this.heads.children, () => []);
    for (const [name, { at, status }] of places) this.columns[at].push([name, status]);
    this.columns.forEach((here, at) => {
      const { number, counts } = this.heads.children[at];
      setText(number, String(here.length));
      setText(counts, counted(here));
    });
    this.#place();
    this.#say(places.size);
    this.#list();
  }

  #columns(lesson) {
    this.shown = lesson;
    this.opened = null;
    setText(this.title, lesson.title);
    const numbers = { prediction: 0, exercise: 0 };
    const steps = lesson.steps.map(({ id, kind, text }) => {
      numbers[kind] += 1;
      return [kind === "exercise" ? id : `Prediction ${numbers[kind]}`, text, kind];
    });
    const [before, after] = [["In the room", "no step yet", "end"], ["Past it", "done, or in a later lesson", "end"]];
    const all = [before, ...steps, after];
    this.labels = all.map(([label]) => label);
    this.heads.replaceChildren(...all.map((one, at) => this.#head(one, at)));
    this.heads.style.setProperty("--steps", all.length);
  }

  #head([label, text, kind], at) {
    const [number, counts] = ["number", "counts"].map((one) => el("span", { class: `lane-${one}` }));
    const count = el("span", { class: "lane-count" }, number, " ", counts);
    const name = el("b", { class: "lane-label" }, label);
    const words = [name, " ", el("span", { class: "lane-text", title: text }, text), " ", count];
    const more = { type: "button", "aria-controls": "lane-names", onclick: () => this.#open(at) };
    const inner = this.hasNames ? el("button", more, ...words) : el("div", {}, ...words);
    return Object.assign(el("li", { class: kind }, inner), { number, counts, button: this.hasNames ? inner : null });
  }

  #open(at) {
    this.opened = this.opened === at ? null : at;
    this.#list();
  }

  #list() {
    this.names.hidden = this.opened === null;
    const isOpen = (at) => String(at === this.opened);
    Array.from(this.heads.children, ({ button }, at) => button?.setAttribute("aria-expanded", isOpen(at)));
    if (this.opened === null) return;
    const here = this.columns[this.opened].map(([name, status]) => `${this.view.shownName(name)} (${WORDS[status]})`);
    setText(this.names, here.length ? here.sort().join(", ") : "Nobody is at this step.");
  }

  /** Move the dots. Each column is a grid whose cells are as large as its fullest column allows. */
  #place() {
    const [wide, high] = [this.field.clientWidth / this.columns.length, this.field.clientHeight];
    if (wide === 0 || high === 0) return;
    const size = sizeFor(Math.max(...this.columns.map((one) => one.length)), wide - 8, high);
    const across = Math.max(1, Math.floor((wide - 8) / size));
    this.field.style.setProperty("--dot", `${size}px`);
    const seen = new Set();
    this.columns.forEach((here, at) => here.forEach(([name, status], number) => {
      seen.add(name);
      this.#dot(name, status, at * wide + 4 + size * (number % across), size * Math.floor(number / across));
    }));
    for (const [name, dot] of this.dots) {
      if (seen.has(name)) continue;
      dot.element.remove();
      this.dots.delete(name);
    }
  }

  #dot(name, status, x, y) {
    if (!this.dots.has(name)) {
      const element = el("span", {});
      this.dots.set(name, { element });
      this.field.append(element);
    }
    const dot = this.dots.get(name);
    const place = `translate(${x.toFixed(1)}px, ${y.toFixed(1)}px)`;
    if (dot.place !== place) dot.element.style.transform = dot.place = place;
    if (dot.status !== status) dot.element.className = dot.status = status;
    setText(dot.element, GLYPHS[status]);
    if (this.hasNames) dot.element.title = this.view.shownName(name);
  }

  #say(all) {
    const now = Date.now();
    if (this.saidAt && now - this.saidAt < WORDS_MS) return;
    this.saidAt = now;
    setText(this.summary, summaryOf(this.columns, this.labels, all));
  }
}
