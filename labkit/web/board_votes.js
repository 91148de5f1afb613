// The room's votes: one question with a bar for each option, and what the instructor can do with it. Names are shown
// only in lists that are closed until the instructor opens them: who has not voted, and, by name, who voted what.

import { el, setText } from "./dom.js";

const STATES = { open: "open", counting: "counting", closed: "closed", revealed: "revealed" };
const AGAIN_MS = 1000;
const MOST_SHOWN = 40; // names in a list

export class Votes {
  /** `ask(path, method, wish)` sends a request; `name(one)` is a participant's name as the board shows it, or null. */
  constructor(ask, name, byName, fault, onChoice = () => {}) {
    Object.assign(this, { ask, name, fault, onChoice });
    this.questions = new Map(); // by id, the one that was opened last is last
    this.chosen = null; // null: the newest
    this.areBarsHidden = false;
    this.dirty = new Set();
    this.#build(byName);
  }

  #build(byName) {
    this.title = el("span", { class: "vote-title" });
    this.count = el("span", { class: "vote-count", role: "status" });
    this.bars = el("ol", { class: "vote-bars", "aria-label": "Options and votes" });
    this.missing = list("Who has not voted", () => this.#drawMissing());
    this.names = byName ? list("Who voted what (hide it from the room)", () => this.#drawNames()) : null;
    this.pick = el("select", { onchange: ({ target }) => this.choose(target.value) });
    this.measured = el("select", { "aria-label": "The measured option" });
    this.buttons = {
      close: el("button", { type: "button", onclick: () => this.#act("close") }, "Close the vote"),
      again: el("button", { type: "button", onclick: () => this.#act("again") }, "Vote again"),
      reveal: el("button", { type: "button", onclick: () => this.#act("reveal") }, "Reveal"),
    };
    const onHide = () => this.hideBars(!this.areBarsHidden);
    this.hide = el("button", { type: "button", "aria-pressed": "false", onclick: onHide }, "Hide bars");
    this.result = el("span", { class: "vote-measured" }, this.measured, this.buttons.reveal);
    const acts = el("div", { class: "vote-acts" }, this.buttons.close, this.buttons.again, this.result, this.hide,
      el("label", {}, "Question ", this.pick));
    const lists = el("div", { class: "vote-lists" }, this.missing.element, this.names?.element);
    this.element = el("details", { class: "board-vote", open: true, hidden: true },
      el("summary", {}, this.title, " ", this.count), this.bars, acts, lists);
  }

  /** Ask for every question: at the start, and after a gap. */
  load() {
    return this.#look("");
  }

  /** A question has changed on the server. Changes that arrive during a request are answered by the next one. */
  changed(id) {
    this.dirty.add(id);
    this.fetching ??= this.#catchUp().finally(() => { this.fetching = null; });
  }

  async #catchUp() {
    while (this.dirty.size > 0) {
      const [id] = this.dirty;
      this.dirty.delete(id);
      if (!await this.#look(id)) await new Promise((resume) => setTimeout(resume, AGAIN_MS));
    }
  }

  async #look(id) {
    try {
      const { questions } = await this.ask(id ? `class/votes?${encodeURIComponent(id)}` : "class/votes");
      for (const question of questions) this.#put(question);
    } catch (error) {
      if (id && !error.isFinal) this.dirty.add(id);
      return false;
    }
    this.draw();
    return true;
  }

  #put(question) {
    const before = this.questions.get(question.id);
    if (before && before.rev > question.rev) return;
    if (before?.round !== question.round) {
      this.questions.delete(question.id); // to the end
      this.chosen = null;
    }
    this.questions.set(question.id, question);
  }

  get shown() {
    return this.questions.get(this.chosen) ?? [...this.questions.values()].at(-1) ?? null;
  }

  /** Show a question; null shows the newest. */
  choose(id) {
    this.chosen = id;
    this.onChoice({ question: id });
    this.draw();
  }

  /** Keep the bars of an open vote back. */
  hideBars(isHidden) {
    this.areBarsHidden = isHidden;
    this.hide.setAttribute("aria-pressed", String(isHidden));
    this.onChoice({ areBarsHidden: isHidden });
    this.draw();
  }

  async #act(act) {
    const { id, options } = this.shown;
    const measured = act === "reveal" && this.measured.value !== "" ? options.indexOf(this.measured.value) : null;
    await this.send(act, { question: id, measured });
  }

  /** Ask, close, open again or reveal. Returns whether the server did it. */
  async send(act, wish) {
    try {
      await this.ask(`class/votes/${act}`, "POST", wish);
    } catch (error) {
      this.fault(error.message);
      return false;
    }
    this.fault("");
    await this.load();
    return true;
  }

  // Drawing

  draw() {
    const question = this.shown;
    this.element.hidden = question === null;
    if (question === null) return;
    const { id, text, options, state, round, voted, of } = question;
    setText(this.title, text);
    setText(this.count, `${STATES[state]}${round > 1 ? ", second vote" : ""}: ${voted} of ${of} have voted`);
    this.element.dataset.state = state;
    this.#drawBars(question);
    this.#options(this.pick, [...this.questions.values()].map((one) => [one.id, one.text]), id);
    const measured = [["", "what was measured"], ...options.map((option) => [option, option])];
    this.#options(this.measured, measured, this.measured.value);
    const isOpen = state === "open" || state === "counting";
    this.buttons.close.hidden = this.hide.hidden = !isOpen;
    this.buttons.again.hidden = round > 1 || state === "revealed";
    this.result.hidden = state === "revealed";
    this.#drawMissing();
  }

  #options(select, pairs, value) {
    const shown = JSON.stringify(pairs);
    if (select.shownPairs !== shown) {
      select.shownPairs = shown;
      select.replaceChildren(...pairs.map(([key, words]) => el("option", { value: key }, words)));
    }
    select.value = pairs.some(([key]) => key === value) ? value : pairs[0][0];
  }

  #drawBars({ id, options, rounds, measured = null, state }) {
    const isNew = this.bars.dataset.question !== `${id} ${rounds.length}`;
    this.bars.dataset.question = `${id} ${rounds.length}`;
    if (isNew) this.bars.replaceChildren(...options.map((option) => barOf(option, rounds.length)));
    const isHidden = this.areBarsHidden && (state === "open" || state === "counting");
    options.forEach((_, at) => {
      const item = this.bars.children[at];
      const isMeasured = measured === at;
      item.classList.toggle("measured", isMeasured);
      setText(item.mark, isMeasured ? "✔ measured" : "");
      rounds.forEach((counts, round) => fill(item.rows[round], counts, at, isHidden && round === rounds.length - 1));
    });
  }

  #drawMissing() {
    if (!this.missing.element.open || this.shown === null) return;
    const names = this.shown.missing.map((one) => this.name(one)).filter((one) => one !== null);
    setText(this.missing.words, names.length ? words(names) : "Everybody has voted.");
  }

  async #drawNames() {
    if (!this.names.element.open || this.shown === null) return;
    const ballots = (await this.ask("class/votes/names").catch(() => ({})))[this.shown.id] ?? [];
    const lines = ballots.map(([round, option, who]) => `${this.name(who)}: ${option}${round > 1 ? " (second)" : ""}`);
    setText(this.names.words, lines.length ? words(lines) : "No vote yet.");
  }
}

function words(names) {
  const more = names.length > MOST_SHOWN ? ` and ${names.length - MOST_SHOWN} more` : "";
  return names.slice(0, MOST_SHOWN).join(", ") + more;
}

function list(title, onOpen) {
  const shown = el("p", {});
  return { words: shown, element: el("details", { ontoggle: onOpen }, el("summary", {}, title), shown) };
}

function barOf(option, rounds) {
  const mark = el("span", { class: "vote-mark" });
  const rows = Array.from({ length: rounds }, (_, round) => {
    const bar = el("span", { class: round === rounds - 1 ? "vote-bar" : "vote-bar before", "aria-hidden": "true" });
    const number = el("span", { class: "vote-number" });
    const label = rounds > 1 ? el("span", { class: "vote-round" }, round === 0 ? "first vote" : "second vote") : null;
    const track = el("span", { class: "vote-track" }, bar);
    return { bar, number, element: el("div", { class: "vote-row" }, label, track, number) };
  });
  const head = el("span", { class: "vote-option" }, option, " ", mark);
  return Object.assign(el("li", {}, head, el("div", {}, ...rows.map(({ element }) => element))), { mark, rows });
}

function fill({ bar, number }, counts, at, isHidden) {
  const total = counts.reduce((sum, one) => sum + one, 0);
  const share = total ? counts[at] / total : 0;
  bar.style.width = isHidden ? "0" : `${100 * share}%`;
  setText(number, isHidden ? "?" : `${counts[at]} (${Math.round(100 * share)} %)`);
}
