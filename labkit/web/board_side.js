// The lists beside the board's table: raised hands, who is stuck and why, the most failed checks, and announcements.
// A list is updated only when its text changes, because screen readers announce every update.

import { el, setText } from "./dom.js";

const LONGEST = 12;
const NEWS_SHOWN = 6;

export class Side {
  constructor() {
    this.lists = {
      hands: list("Hands up", "Nobody has a hand up."),
      stuck: list("Stuck", "Nobody seems stuck."),
      wall: list("Failing checks", "No check is failing."),
      news: list("News", "No announcements yet."),
    };
    this.items = [];
    this.element = el("aside", { class: "board-side", "aria-label": "Where the class needs help" },
      ...Object.values(this.lists).map(({ element }) => element));
  }

  /** `lines`: [[student, exercise and time], ...] */
  hands(lines) {
    draw(this.lists.hands, lines.map(([who, what]) => ["⚑", who, what]));
  }

  stuck(lines) {
    draw(this.lists.stuck, lines.map(([who, what]) => ["▲", who, what]));
  }

  /** `lines`: [[count, exercise, check, students], ...]; the catalogue maps a check to its misconception. */
  wall(lines, catalogue) {
    draw(this.lists.wall, lines.map(([count, exercise, check]) => {
      const words = Object.hasOwn(catalogue, exercise) ? catalogue[exercise].checks[check] : undefined;
      return [`${count} ×`, words ?? check, words ? `${exercise}, check ${check}` : exercise];
    }));
  }

  news(items) {
    this.items = items.slice(-NEWS_SHOWN);
    this.#drawNews();
  }

  newsItem(item) {
    if (this.items.some(({ sentAt, text }) => sentAt === item.sentAt && text === item.text)) return;
    this.items = [...this.items, item].slice(-NEWS_SHOWN);
    this.#drawNews();
  }

  #drawNews() {
    draw(this.lists.news, this.items.toReversed().map(({ text, sentAt }) => [String(sentAt).slice(11, 16), text, ""]));
  }
}

function list(title, nothing) {
  const id = `board-${title.toLowerCase().replaceAll(" ", "-")}`;
  const count = el("span", { class: "board-count" });
  const items = el("ul", { tabindex: "0", "aria-labelledby": id });
  const note = el("p", { class: "board-note" }, nothing);
  const element = el("section", { "aria-labelledby": id }, el("h2", { id }, `${title} `, count), items, note);
  return { element, count, items, note, nothing, shown: "" };
}

function draw(place, lines) {
  const shown = JSON.stringify(lines);
  if (shown === place.shown) return;
  place.shown = shown;
  setText(place.count, lines.length ? String(lines.length) : "");
  const items = lines.slice(0, LONGEST).map(([mark, head, more]) => el("li", {},
    el("span", { class: "board-mark" }, mark), " ", el("b", {}, head), more ? el("span", {}, ` ${more}`) : null));
  place.items.replaceChildren(...items);
  const left = lines.length > LONGEST ? `and ${lines.length - LONGEST} more` : "";
  setText(place.note, lines.length === 0 ? place.nothing : left);
}
