// A small line chart of the newest values on a canvas, with a text summary below it.

import { penFor, pieces, stroke } from "./lines.js";

const POINTS = 90;

export class Sparkline {
  /** `unit` formats a value; `floor` is the minimum top of the scale, so that noise does not look like a spike. */
  constructor(canvas, twin, { unit, floor }) {
    this.canvas = canvas;
    this.twin = twin;
    this.unit = unit;
    this.floor = floor;
    this.values = []; // a number, or null for a break in the line
    new ResizeObserver(() => this.draw()).observe(canvas);
    matchMedia("(prefers-color-scheme: dark)").addEventListener("change", () => this.draw());
  }

  add(value, words) {
    this.values.push(value);
    if (this.values.length > POINTS) this.values.shift();
    this.twin.textContent = words ?? this.words();
    this.draw();
  }

  words() {
    const known = this.values.filter((value) => value !== null);
    if (known.length === 0) return "nothing measured yet";
    const [now, highest] = [known.at(-1), Math.max(...known)];
    return `now ${this.unit(now)} · median ${this.unit(median(known))} · highest ${this.unit(highest)}`;
  }

  draw() {
    const { clientWidth: width, clientHeight: height } = this.canvas;
    const pen = penFor(this.canvas, width, height);
    const colour = getComputedStyle(this.canvas).color;
    this.#baseline(pen, width, height, colour);
    this.#line(pen, this.#places(width, height), colour, height);
  }

  /** The point of each value, with the newest at the right edge. */
  #places(width, height) {
    const top = Math.max(this.floor, ...this.values) * 1.15;
    const step = (width - 6) / (POINTS - 1);
    const first = POINTS - this.values.length;
    return this.values.map((value, index) =>
      value === null ? null : [(first + index) * step + 2, height - 3 - (value / top) * (height - 8)]);
  }

  #baseline(pen, width, height, colour) {
    pen.globalAlpha = 0.25;
    pen.fillStyle = colour;
    pen.fillRect(0, height - 1, width, 1);
    pen.globalAlpha = 1;
  }

  #line(pen, places, colour, height) {
    pen.strokeStyle = pen.fillStyle = colour;
    pen.lineWidth = 1.75;
    for (const piece of pieces(places)) {
      stroke(pen, piece);
      pen.lineTo(piece.at(-1)[0], height);
      pen.lineTo(piece[0][0], height);
      pen.globalAlpha = 0.12;
      pen.fill();
      pen.globalAlpha = 1;
    }
    const last = places.at(-1);
    if (last) dot(pen, last);
  }
}

/** The middle value, or the mean of the two middle values. */
export function median(values) {
  const sorted = [...values].sort((a, b) => a - b);
  const half = sorted.length / 2;
  return (sorted[Math.ceil(half) - 1] + sorted[Math.floor(half)]) / 2;
}

function dot(pen, [x, y]) {
  pen.beginPath();
  pen.arc(x, y, 2.75, 0, 2 * Math.PI);
  pen.fill();
}
