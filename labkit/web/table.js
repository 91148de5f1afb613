// A sortable table that reuses its row elements when values change.

import { el, setText } from "./dom.js";

const MOST_ROWS = 200;

export class Table {
  /** A column is {name, value(item), show?(value), isNumber?, isHot?(value), wrap?}; `key(item)` identifies it. */
  constructor(table, { caption, columns, key, isSlow = () => false, sortedBy = 0, descending = false }) {
    Object.assign(this, { columns, key, isSlow, sortedBy, descending, items: [], rows: new Map() });
    this.heads = columns.map((column, index) => el("th", { scope: "col", class: column.isNumber ? "number" : null },
      el("button", { type: "button", onclick: () => this.#sortBy(index) }, column.name)));
    this.body = el("tbody");
    table.append(el("caption", { class: "unseen" }, caption), el("thead", {}, el("tr", {}, ...this.heads)), this.body);
    this.#mark();
  }

  /** Show these items. Returns how many are not shown. */
  show(items) {
    this.items = items;
    const shown = this.#sorted().slice(0, MOST_ROWS);
    const keys = new Set(shown.map(this.key));
    for (const [key, row] of this.rows) if (!keys.has(key)) this.#drop(key, row);
    shown.forEach((item, index) => this.#place(this.#row(item), index));
    return items.length - shown.length;
  }

  #sorted() {
    const { value } = this.columns[this.sortedBy];
    const sign = this.descending ? -1 : 1;
    return [...this.items].sort((a, b) => sign * compare(value(a), value(b)) || compare(this.key(a), this.key(b)));
  }

  #sortBy(index) {
    this.descending = index === this.sortedBy ? !this.descending : Boolean(this.columns[index].isNumber);
    this.sortedBy = index;
    this.#mark();
    this.show(this.items);
  }

  #mark() {
    this.heads.forEach((head, index) => {
      if (index === this.sortedBy) head.setAttribute("aria-sort", this.descending ? "descending" : "ascending");
      else head.removeAttribute("aria-sort");
    });
  }

  #row(item) {
    const key = this.key(item);
    if (!this.rows.has(key)) this.rows.set(key, el("tr", {}, ...this.columns.map(cell)));
    const row = this.rows.get(key);
    row.classList.toggle("slow", this.isSlow(item));
    this.columns.forEach((column, index) => fill(row.children[index], column, column.value(item)));
    return row;
  }

  #place(row, index) {
    if (this.body.children[index] !== row) this.body.insertBefore(row, this.body.children[index] ?? null);
  }

  #drop(key, row) {
    this.rows.delete(key);
    row.remove();
  }
}

function cell({ isNumber, wrap }) {
  return el("td", { class: isNumber ? "number" : wrap && "wrap" });
}

function fill(place, { show = String, isHot = () => false }, value) {
  setText(place, value == null ? "–" : show(value));
  place.classList.toggle("hot", value != null && isHot(value));
}

/** Compare two values; unknown ones sort below all others. */
export function compare(a, b) {
  if (a == null || b == null) return (a == null ? 0 : 1) - (b == null ? 0 : 1);
  if (typeof a === "number" && typeof b === "number") return a - b;
  return String(a).localeCompare(String(b), undefined, { numeric: true });
}
