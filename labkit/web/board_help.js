// Answers to students: who asks, the case that a student has shown, the next hint, and a note. All of it is the
// instructor's own: it is closed until the instructor opens it, and asks the server only then.

import { el, setText } from "./dom.js";

const AGAIN_MS = 700;

export class Help {
  /** `ask(path, method, wish)` sends a request; `name(one)` is a participant's name as the board shows it. */
  constructor(ask, name, why, fault) {
    Object.assign(this, { ask, name, why, fault });
    this.hands = [];
    this.chosen = null; // a student's name
    this.#build();
  }

  #build() {
    const button = (words, onclick, more = {}) => el("button", { type: "button", onclick, ...more }, words);
    this.count = el("span", { class: "board-count" });
    this.pick = el("select", { id: "help-who", onchange: ({ target }) => this.#choose(target.value) });
    this.state = el("p", { class: "help-state", role: "status" });
    this.open = button("Open the case", () => this.#open());
    this.hint = button("Send the hint", () => this.#hint());
    this.hintWords = el("p", { class: "hint" });
    this.text = el("textarea", { id: "help-note", rows: "2", maxlength: "1000", required: true });
    const note = el("form", { class: "help-note", autocomplete: "off", onsubmit: (event) => this.#note(event) },
      el("label", { for: "help-note" }, "A note to this student"), this.text, el("button", {}, "Send the note"));
    this.case = el("pre", { class: "help-case", tabindex: "0", "aria-label": "The case", hidden: true });
    this.save = el("a", { class: "help-save", hidden: true }, "Save it as a notebook");
    const buttons = el("div", { class: "row" }, this.open, this.hint);
    this.desk = el("div", { class: "help-desk", hidden: true }, this.state, buttons, this.hintWords,
      this.save, this.case, note);
    this.none = el("p", { class: "hint" }, "Nobody asks, and nobody has shown a case.");
    this.whose = el("div", { class: "help-who", hidden: true }, el("label", { for: "help-who" }, "Student"), this.pick);
    this.element = el("details", { class: "board-help card", ontoggle: () => this.#toggled() },
      el("summary", {}, "Answer a student (hide it from the room) ", this.count), this.none, this.whose, this.desk);
  }

  #toggled() {
    if (this.element.open) this.load();
    else setText(this.count, "");
  }

  /** Something has changed that may be about a hand. Several changes are one request, and none while it is closed. */
  changed() {
    if (this.element.open) this.timer ??= setTimeout(() => this.load(), AGAIN_MS);
  }

  async load() {
    clearTimeout(this.timer);
    this.timer = null;
    try {
      this.hands = (await this.ask("class/hands")).hands;
    } catch (error) {
      if (!error.isFinal) this.changed();
      return;
    }
    this.draw();
  }

  draw() {
    if (!this.element.open) return;
    setText(this.count, this.hands.length ? String(this.hands.length) : "");
    const now = this.#now();
    this.none.hidden = now !== undefined;
    this.whose.hidden = this.desk.hidden = now === undefined;
    if (now === undefined) return;
    const label = (one) => `${this.name(one.name)}: ${one.exercise}${one.caseAt ? ", with a case" : ""}`;
    const shown = JSON.stringify(this.hands.map((one) => [one.name, label(one)]));
    if (shown !== this.pick.shown) {
      this.pick.shown = shown;
      this.pick.replaceChildren(...this.hands.map((one) => el("option", { value: one.name }, label(one))));
    }
    this.pick.value = now.name;
    this.#drawStudent(now);
  }

  #now() {
    return this.hands.find(({ name }) => name === this.chosen) ?? this.hands[0];
  }

  #drawStudent({ name, exercise, caseAt, hint, noHint }) {
    setText(this.state, `${exercise}: ${this.why(name, exercise) ?? "no check fails"}`);
    this.open.hidden = !caseAt;
    this.hint.hidden = hint === null;
    setText(this.hint, hint ? `Send hint ${hint.step}` : "");
    setText(this.hintWords, hint ? hint.text : noHint);
    if (this.case.of !== `${name} ${exercise}`) this.#hideCase();
  }

  #choose(name) {
    this.chosen = name;
    this.draw();
  }

  #hideCase() {
    this.case.hidden = this.save.hidden = true;
    this.case.of = null;
  }

  async #open() {
    const { name, exercise } = this.#now();
    const [whose, which] = [name, exercise].map(encodeURIComponent);
    const found = await this.#try(`class/case?name=${whose}&exercise=${which}`);
    if (found === null) return;
    this.case.of = `${name} ${exercise}`;
    setText(this.case, found.lines.join("\n"));
    URL.revokeObjectURL(this.save.href);
    this.save.href = URL.createObjectURL(new Blob([found.notebook], { type: "application/x-ipynb+json" }));
    this.save.download = found.file;
    this.case.hidden = this.save.hidden = false;
  }

  async #hint() {
    const { name, exercise } = this.#now();
    if (await this.#try("class/hint", { name, exercise })) this.load();
  }

  async #note(event) {
    event.preventDefault();
    const { name, exercise } = this.#now();
    if (await this.#try("class/note", { name, exercise, text: this.text.value })) this.text.value = "";
  }

  /** Send a request; null if the server refuses it, whose sentence is then shown. */
  async #try(path, wish = null) {
    try {
      const answer = await this.ask(path, wish ? "POST" : "GET", wish);
      this.fault("");
      return answer;
    } catch (error) {
      this.fault(error.message);
      return null;
    }
  }
}
