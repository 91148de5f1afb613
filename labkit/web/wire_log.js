// The wire log: one line per message, with secrets masked.

import { $, clock, el } from "./dom.js";

const LINES = 300;
const MASKED = ["resume"]; // auth_ok carries the next credential

export class WireLog {
  constructor() {
    this.list = $("#wire-log");
    $("#wire-clear").addEventListener("click", () => this.list.replaceChildren());
    $("#wire-pings").addEventListener("change", ({ target }) => {
      this.list.classList.toggle("with-pings", target.checked);
    });
  }

  watch(connection) {
    connection.addEventListener("wire", ({ detail }) => this.#line(detail.direction, detail.shown));
    connection.addEventListener("closed", ({ detail }) => this.#line("end", `closed ${detail.code} ${detail.reason}`));
  }

  #line(direction, shown) {
    const sign = { out: "→ sent", in: "← received", end: "× end" }[direction];
    const text = typeof shown === "string" ? shown : JSON.stringify(mask(shown));
    const isPing = shown.type === "ping" || shown.type === "pong";
    const line = el("li", { class: `${direction}${isPing ? " pings" : ""}` },
      el("span", {}, `${clock()} ${sign} `), el("code", {}, text));
    const wasAtEnd = this.list.scrollHeight - this.list.scrollTop - this.list.clientHeight < 40;
    this.list.append(line);
    if (this.list.children.length > LINES) this.list.firstElementChild.remove();
    if (wasAtEnd) this.list.scrollTop = this.list.scrollHeight;
  }
}

function mask(message) {
  const hidden = MASKED.filter((name) => name in message).map((name) => [name, "***"]);
  return { ...message, ...Object.fromEntries(hidden) };
}
