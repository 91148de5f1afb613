// Beside the table of the board: raised hands, who is stuck and why, the wall of what fails, and the news.
// A list is touched only when its text differs: screen readers hear every touch.

import { el, setText } from "./dom.js";

const LONGEST = 12;
const NEWS_SHOWN = 6;

export class Side {
  constructor() {
    this.lists = {
      hands: list("Hands up", "Nobody asks."),
      stuck: list("Stuck", "Nobody seems stuck."),
      wall: list("What fails just now", "Nothing fails."),
      news: list("News", "Nothing announced yet."),
    };
    this.told = [];
    this.element = el("aside", { class: "board-side", "aria-label": "What the class needs" },
      ...Object.values(this.lists).map(({ element }) => element));
  }

  /** [[who, what], ...] */
  hands(lines) {
    draw(this.lists.hands, lines.map(([who, what]) => ["⚑", who, what]));
  }

  stuck(lines) {
    draw(this.lists.stuck, lines.map(([who, what]) => ["▲", who, what]));
  }

  /** [[how many, exercise, check, who], ...]; the catalogue turns a check into the words of its misconception. */
  wall(lines, catalogue) {
    draw(this.lists.wall, lines.map(([count, exercise, check]) => {
      const words = Object.hasOwn(catalogue, exercise) ? catalogue[exercise].checks[check] : undefined;
      return [`${count} ×`, words ?? check, words ? `${exercise}, check ${check}` : exercise];
    }));
  }

  news(items) {
    this.told = items.slice(-NEWS_SHOWN);
    this.#drawNews();
  }

  newsItem(item) {
    if (this.told.some(({ sentAt, text }) => sentAt === item.sentAt && text === item.text)) return;
    this.told = [...this.told, item].slice(-NEWS_SHOWN);
    this.#drawNews();
  }

  #drawNews() {
    draw(this.lists.news, this.told.toReversed().map(({ text, sentAt }) => [String(sentAt).slice(11, 16), text, ""]));
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
