// The state card: the connection's state, why it last closed, when it reconnects, and who we are.

import { NO_CLOSE_FRAME, NO_CODE, nameOf, next, retryMs, rowOf } from "./close_codes.js";
import { Diagram } from "./diagram.js";
import { $, el, setText } from "./dom.js";
import { milliseconds } from "./format.js";

const WORDS = {
  connecting: "Opening a WebSocket.",
  authenticating: "The credential was sent as the first message.",
  open: "Messages travel both ways.",
  waiting: "Not connected. Messages you write are kept.",
  stopped: "This page does not reconnect automatically.",
};
const TICK_MS = 100;
const MOST_ENDS = 8;

export class StateView {
  constructor() {
    this.diagram = new Diagram($("#diagram"));
    this.still = matchMedia("(prefers-reduced-motion: reduce)");
    this.wait = null;
    this.ends = []; // {code, times}
    this.seen = null; // the close code of the last open connection, as this page saw it
  }

  watch(connection) {
    this.connection = connection;
    connection.addEventListener("state", ({ detail }) => this.#moved(detail.state));
    connection.addEventListener("closed", ({ detail }) => this.#closed(detail));
    connection.addEventListener("hopeless", ({ detail }) => this.#explain("no", "credential", detail.words, ""));
    connection.addEventListener("waiting", ({ detail }) => this.#count(detail.ms));
    connection.addEventListener("welcome", ({ detail }) => this.#welcome(detail.answer));
    connection.addEventListener("joined", () => this.showFacts());
  }

  #moved(state) {
    for (const badge of [$("#state"), $("#mini")]) {
      badge.classList.remove("idle", this.diagram.state);
      badge.classList.add(state);
      setText(badge, state);
    }
    setText($("#state-words"), WORDS[state]);
    this.diagram.show(state);
    $("#try-now").hidden = state !== "waiting";
    $("#cut").hidden = !["open", "authenticating"].includes(state);
    $("#leave-all").hidden = state === "stopped";
    if (state !== "waiting") this.#stopCounting();
    if (state === "open" || state === "stopped") setText($("#announce"), `${state}. ${WORDS[state]}`);
  }

  #closed({ code, reason, comesBack }) {
    const words = `${rowOf(code).words} ${next(code, comesBack)}`;
    if (this.connection.state === "open") this.seen = code;
    this.#remember(code);
    this.#explain(String(code), nameOf(code), words, reasonText(reason));
    setText($("#announce"), `Connection closed with code ${code}. ${words}`);
  }

  #explain(code, name, words, reason) {
    $("#why").hidden = false;
    setText($("#why-code"), code);
    setText($("#why-name"), name);
    setText($("#why-words"), words);
    setText($("#why-reason"), reason);
  }

  /** Add a code to the row of earlier closes; a repeated code increments its count. */
  #remember(code) {
    const last = this.ends.at(-1);
    if (last?.code === code) last.times += 1;
    else this.ends.push({ code, times: 1 });
    this.ends.splice(0, this.ends.length - MOST_ENDS);
    const chips = this.ends.map((end) => (end.times > 1 ? `${end.code} × ${end.times}` : String(end.code)));
    $("#ends").replaceChildren(...chips.map((chip) => el("li", {}, chip)));
  }

  /** Clear the close history when the user connects again. */
  forget() {
    $("#why").hidden = true;
    this.ends = [];
    $("#ends").replaceChildren();
  }

  // The countdown

  #count(ms) {
    this.#stopCounting();
    this.showFacts();
    this.wait = ms;
    $("#countdown").hidden = false;
    this.ticker = setInterval(() => this.#tick(), this.still.matches ? 1000 : TICK_MS);
    this.#tick();
  }

  #tick() {
    const left = Math.max(0, this.connection.waitsUntil - this.connection.env.now());
    const shown = this.still.matches ? `${Math.ceil(left / 1000)} s` : `${(left / 1000).toFixed(1)} s`;
    setText($("#countdown-words"), `Next attempt in ${shown}`);
    $("#countdown-bar").value = this.wait === 0 ? 1 : 1 - left / this.wait;
  }

  #stopCounting() {
    clearInterval(this.ticker);
    $("#countdown").hidden = true;
  }

  // The facts

  #welcome(answer) {
    this.answer = answer;
    const before = answer.previousClose;
    const isNews = before && ![this.seen, NO_CODE, NO_CLOSE_FRAME].includes(before.code);
    if (isNews) setText($("#why-reason"), `The actual cause was ${before.code} ${nameOf(before.code)}.`);
    this.showFacts();
  }

  showFacts() {
    const { connection, answer } = this;
    const window = connection.backoff.windowMs;
    const facts = [
      ["You are", connection.userId ?? "unknown"],
      ["Session", answer?.resume ? "resumable" : "this server keeps none"],
      ["First attempt after an outage", `within ${milliseconds(window)}`],
      ["Attempts in a row", String(connection.backoff.tries)],
    ];
    $("#facts").replaceChildren(...facts.flatMap(([name, value]) => [el("dt", {}, name), el("dd", {}, value)]));
  }
}

/** The reason in the close frame, as text. */
function reasonText(reason) {
  if (!reason) return "";
  const slot = retryMs(reason);
  return `Close reason: ${reason}${slot === null ? "" : ` (reconnect ${milliseconds(slot)} after the close)`}`;
}
