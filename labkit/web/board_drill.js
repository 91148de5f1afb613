// A drill as a chart: reconnections per 100 ms, measured above and simulated without jitter below, on the same scale.
// The text below it carries the same facts for screen readers.

import { el, setText } from "./dom.js";

const [WIDTH, ROW, GAP] = [600, 60, 22];
const BIN_S = 0.1;
const LEAST_S = 3;

export class DrillView {
  constructor() {
    this.words = el("p", { class: "board-drill-words", role: "status" });
    const box = `0 0 ${WIDTH} ${2 * (ROW + GAP) + 16}`;
    this.chart = el("svg", { viewBox: box, role: "img", "aria-label": "Reconnections after the drill" });
    this.element = el("section", { class: "board-drill", "aria-labelledby": "board-drill-title", hidden: true },
      el("h2", { id: "board-drill-title" }, "The latest drill"), this.chart, this.words);
  }

  show(drill) {
    this.element.hidden = drill === null;
    if (drill === null) return;
    setText(this.words, words(drill));
    const seconds = Math.max(LEAST_S, BIN_S * drill.arrivals.length, BIN_S * drill.without.length);
    const most = Math.max(1, ...drill.arrivals, ...drill.without);
    this.chart.replaceChildren(
      ...row(drill.arrivals, "this class", 0, seconds, most),
      ...row(drill.without, "without jitter (simulated)", ROW + GAP, seconds, most),
      ...axis(seconds));
  }
}

function row(bins, title, top, seconds, most) {
  const wide = (WIDTH * BIN_S) / seconds;
  const bars = bins.map((count, at) => count > 0 && el("rect", {
    x: at * wide, width: Math.max(1, wide - 1), y: top + GAP + ROW * (1 - count / most), height: (ROW * count) / most,
    class: top === 0 ? "ours" : "without",
  })).filter(Boolean);
  const base = el("rect", { x: 0, y: top + GAP + ROW, width: WIDTH, height: 1, class: "base" });
  return [el("text", { x: 0, y: top + 15 }, title), base, ...bars];
}

function axis(seconds) {
  const step = seconds > 20 ? 10 : seconds > 8 ? 2 : 1;
  const marks = [];
  for (let at = 0; at < seconds; at += step) {
    marks.push(el("text", { x: (WIDTH * at) / seconds, y: 2 * (ROW + GAP) + 14, class: "tick" }, `${at} s`));
  }
  return marks;
}

/** The chart as text. */
export function words({ kind, students, back, missing, lastMs, arrivals, without }) {
  const how = kind === "crash" ? "The server dropped every connection" : "The server asked each client to reconnect";
  const more = students - back > missing.length ? ", ..." : "";
  const away = missing.length ? ` Not back yet: ${missing.join(", ")}${more}.` : "";
  const ours = `${how}: ${back} of ${students} back, the last after ${(lastMs / 1000).toFixed(1)} s, ` +
    `at most ${Math.max(0, ...arrivals)} in 100 ms.`;
  return `${ours}${away} Without jitter, the peak would have been ${Math.max(0, ...without)} in 100 ms.`;
}
