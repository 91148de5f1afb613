// The browser's half of labkit.views.LivePanel: keeps the last seconds of each series and draws them.
// A message has the number of new samples per series, and their (time, value) pairs as float32.

import { penFor, pieces, stroke } from "./lines.js";

const DASHES = [[], [6, 4], [8, 3, 2, 3], [2, 3]];
const SVG = "http://www.w3.org/2000/svg";
const CHART_HEIGHT = 110;
const HOLE_S = 1; // a duration is known only when a reply arrives, so no line is drawn between samples further apart
const OLD_S = 2; // an older last value is shown with its age, so that a dead line does not look healthy

function render({ model, el }) {
  const charts = model.get("charts").map((chart) => makeChart(chart));
  el.classList.add("labkit-panel");
  const why = document.createElement("p");
  why.setAttribute("role", "status");
  el.replaceChildren(why, ...charts.map((chart) => chart.figure));
  let now = 0;
  let waiting = false;

  function draw() {
    waiting = false;
    for (const chart of charts) paint(chart, now, model.get("seconds"));
  }

  function receive(message, buffers) {
    why.textContent = message.why ?? "";
    if (!buffers.length) return;
    now = message.now;
    const view = buffers[0];
    const rows = new Float32Array(view.buffer.slice(view.byteOffset, view.byteOffset + view.byteLength));
    let place = 0;
    let number = 0;
    for (const chart of charts) {
      for (const line of chart.lines) {
        for (let left = message.counts[number++]; left > 0; left--, place += 2) {
          line.points.push([rows[place], rows[place + 1]]);
        }
        forget(line, now - model.get("seconds"));
      }
    }
    if (!waiting) {
      waiting = true;
      requestAnimationFrame(draw);
    }
  }

  model.on("msg:custom", receive);
  const resized = new ResizeObserver(draw);
  resized.observe(el);
  return () => {
    model.off("msg:custom", receive);
    resized.disconnect();
  };
}

function makeChart({ title, unit, lines, colors }) {
  const figure = document.createElement("figure");
  const canvas = document.createElement("canvas");
  canvas.setAttribute("role", "img");
  canvas.setAttribute("aria-label", `${title} (${unit}); the latest values are in the text below`);
  const caption = document.createElement("figcaption");
  const heading = document.createElement("b");
  heading.textContent = `${title} (${unit})`;
  caption.append(heading);
  const drawn = lines.map((name, number) => {
    const entry = document.createElement("span");
    const swatch = makeSwatch(colors[number % colors.length], DASHES[number % DASHES.length]);
    const label = document.createElement("span");
    const value = document.createElement("output");
    label.textContent = name;
    value.textContent = "nothing yet";
    entry.append(swatch, label, value);
    caption.append(entry);
    return { points: [], color: colors[number % colors.length], dash: DASHES[number % DASHES.length], value };
  });
  figure.append(canvas, caption);
  return { figure, canvas, unit, lines: drawn };
}

function makeSwatch(color, dash) {
  const swatch = document.createElementNS(SVG, "svg");
  const dashes = document.createElementNS(SVG, "line");
  const drawn = { x1: 0, x2: 26, y1: 2, y2: 2, stroke: color, "stroke-width": 3, "stroke-dasharray": dash.join(" ") };
  for (const [name, value] of Object.entries(drawn)) dashes.setAttribute(name, value);
  swatch.setAttribute("aria-hidden", "true");
  swatch.append(dashes);
  return swatch;
}

function forget(line, before) {
  let old = 0;
  while (old < line.points.length && line.points[old][0] < before) old++;
  if (old) line.points.splice(0, old);
}

function paint({ canvas, lines, unit }, now, seconds) {
  const width = canvas.parentElement.clientWidth;
  if (!width) return;
  canvas.style.height = `${CHART_HEIGHT}px`;
  const pen = penFor(canvas, width, CHART_HEIGHT);
  const ink = getComputedStyle(canvas).color;
  const highest = niceAbove(Math.max(0, ...lines.flatMap((line) => line.points.map((point) => point[1]))));
  grid(pen, width, highest, seconds, ink);
  for (const line of lines) {
    pen.strokeStyle = line.color;
    pen.lineWidth = 2;
    pen.setLineDash(line.dash);
    pen.lineCap = "round";
    const longest = unit === "ms" ? Math.max(HOLE_S, 3 * usualStep(line.points)) : Infinity;
    const places = line.points.flatMap(([at, value], number) => {
      const isAfterHole = number > 0 && at - line.points[number - 1][0] > longest;
      const x = width - ((now - at) / seconds) * width;
      const place = [x, CHART_HEIGHT - 4 - (value / highest) * (CHART_HEIGHT - 18)];
      return isAfterHole ? [null, place] : [place];
    });
    for (const piece of pieces(places)) stroke(pen, piece);
    const last = line.points.at(-1);
    if (last) line.value.textContent = `${inUnit(last[1], unit)}${since(now - last[0])}`;
  }
}

function usualStep(points) {
  const steps = points.slice(1).map(([at], number) => at - points[number][0]);
  return steps.sort((one, other) => one - other)[steps.length >> 1] ?? 0;
}

function since(seconds) {
  return seconds > OLD_S ? `, ${Math.round(seconds)} s ago` : "";
}

function grid(pen, width, highest, seconds, ink) {
  pen.globalAlpha = 0.25;
  pen.strokeStyle = ink;
  pen.lineWidth = 1;
  for (const share of [0, 0.5, 1]) {
    const y = CHART_HEIGHT - 4 - share * (CHART_HEIGHT - 18);
    pen.beginPath();
    pen.moveTo(0, y);
    pen.lineTo(width, y);
    pen.stroke();
  }
  pen.globalAlpha = 0.8;
  pen.fillStyle = ink;
  pen.font = "11px sans-serif";
  pen.fillText(readable(highest), 2, 11);
  pen.fillText(`${seconds} s ago`, 2, CHART_HEIGHT - 8);
  pen.textAlign = "right";
  pen.fillText("now", width - 2, 11);
  pen.globalAlpha = 1;
}

function niceAbove(value) {
  if (!(value > 0)) return 1;
  const power = 10 ** Math.floor(Math.log10(value));
  return [1, 2, 5, 10].map((step) => step * power).find((step) => step >= value);
}

/** Format a value with its unit. For a unit such as "1: yes", show the meaning of the value instead. */
function inUnit(value, unit) {
  const named = /^(\d+): (.+)$/.exec(unit);
  if (!named) return `${readable(value)} ${unit}`;
  if (value === Number(named[1])) return named[2];
  return named[2] === "yes" ? "no" : readable(value);
}

function readable(value) {
  return Math.abs(value) >= 100 ? Math.round(value).toLocaleString("en") : Number(value.toPrecision(3)).toString();
}

export { inUnit, readable };
export default { render };
