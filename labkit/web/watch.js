// The operators' monitor page: rooms, connections and closes of one server, live.

import { NO_CODE, nameOf, rowOf } from "./close_codes.js";
import { $, clock, el, setText } from "./dom.js";
import { newCloses, parse, rate } from "./metrics.js";
import { Poll } from "./poll.js";
import { Sparkline } from "./sparkline.js";
import { Table } from "./table.js";
import { bytes, count, milliseconds, seconds } from "./format.js";

const BEHIND_MS = 1000; // a reader is slow if its oldest undelivered message is older
const isBehind = (ms) => ms >= BEHIND_MS;
const LONGEST_LOG = 100;

const connections = new Table($("#connections"), {
  caption: "Connections, sortable by each column",
  key: ({ connectionId }) => connectionId,
  isSlow: ({ oldestMs }) => isBehind(oldestMs),
  columns: [
    { name: "User", value: ({ userId }) => userId },
    { name: "State", value: ({ state }) => state },
    { name: "Rooms", value: ({ rooms }) => Object.keys(rooms).join(", "), wrap: true },
    { name: "Round trip", value: ({ roundTripMs }) => roundTripMs, show: milliseconds, isNumber: true },
    { name: "Outbox", value: ({ outboxBytes }) => outboxBytes, show: bytes, isNumber: true, isHot: (held) => held > 0 },
    { name: "In the kernel", value: ({ kernelBytes }) => kernelBytes, show: bytes, isNumber: true },
    { name: "Oldest", value: ({ oldestMs }) => oldestMs, show: milliseconds, isNumber: true, isHot: isBehind },
    { name: "Peak", value: ({ outboxPeakBytes }) => outboxPeakBytes, show: bytes, isNumber: true },
    { name: "In", value: ({ received }) => received, isNumber: true },
    { name: "Out", value: ({ sent }) => sent, isNumber: true },
    { name: "Age", value: ({ ageS }) => ageS, show: seconds, isNumber: true },
    { name: "Address", value: ({ address }) => address },
  ],
});
const rooms = new Table($("#rooms"), {
  caption: "Rooms, sortable by each column",
  key: ({ roomId }) => roomId,
  sortedBy: 1,
  descending: true,
  columns: [
    { name: "Room", value: ({ roomId }) => roomId, wrap: true },
    { name: "Connections", value: (room) => room.connections, isNumber: true },
    { name: "Users", value: ({ users }) => users.size, isNumber: true },
    { name: "Slow", value: ({ slow }) => slow, isNumber: true, isHot: (value) => value > 0 },
  ],
});

const perSecond = (value) => (value < 10 ? value.toFixed(1) : String(Math.round(value))) + " /s";
const charts = {
  events: new Sparkline($("#events"), $("#events-words"), { unit: perSecond, floor: 5 }),
  held: new Sparkline($("#held"), $("#held-words"), { unit: bytes, floor: 4096 }),
};

let poll = null;
let before = null; // the metrics and time of the previous response

$("#enter-form").addEventListener("submit", (event) => {
  event.preventDefault();
  poll?.stop();
  before = null;
  poll = new Poll($("#bearer").value, { news, refused: ended, down: (words) => notice(words, "warn") });
});
$("#pause").addEventListener("click", ({ target }) => {
  poll.isPaused = !poll.isPaused;
  showPause(target);
});
$("#stop").addEventListener("click", () => {
  poll.stop();
  $("#bearer").value = "";
  ended("");
});

function showPause(button = $("#pause")) {
  button.setAttribute("aria-pressed", String(poll.isPaused));
  if (poll.isPaused) setText($("#fresh"), `paused at ${clock()}`);
}

function ended(words) {
  $("#enter").hidden = false;
  $("#board").hidden = true;
  notice(words, "bad");
  $("#bearer").focus();
}

function notice(words, kind = "") {
  $("#notice").hidden = words === "";
  $("#notice").className = `notice ${kind}`;
  setText($("#notice"), words);
}

// One response

function news(lines, metricsText) {
  const now = { at: performance.now(), metrics: parse(metricsText) };
  $("#enter").hidden = true;
  $("#board").hidden = false;
  notice("");
  showPause();
  setText($("#fresh"), `as of ${clock()}`);
  const left = connections.show(lines);
  setText($("#connections-note"), leftOut(left, lines.length, "connection"));
  const byRoom = roomsOf(lines);
  setText($("#rooms-note"), leftOut(rooms.show(byRoom), byRoom.length, "room"));
  tiles(lines, byRoom, now);
  closes(newCloses(before && closedIn(before), closedIn(now)));
  before = now;
}

function closedIn({ metrics }) {
  return metrics.get("labkit_closed_total") ?? new Map();
}

function leftOut(left, all, what) {
  if (all === 0) return `No ${what}s right now.`;
  return left > 0 ? `Showing the first ${all - left} of ${all}.` : "";
}

function roomsOf(lines) {
  const found = new Map();
  for (const line of lines) for (const roomId of Object.keys(line.rooms)) member(found, roomId, line);
  return [...found.values()];
}

function member(found, roomId, { userId, oldestMs }) {
  const room = found.get(roomId) ?? { roomId, connections: 0, users: new Set(), slow: 0 };
  room.connections += 1;
  room.users.add(userId);
  room.slow += isBehind(oldestMs) ? 1 : 0;
  found.set(roomId, room);
}

function tiles(lines, byRoom, now) {
  const grew = (name) => before && rate(before.metrics.get(name), now.metrics.get(name), (now.at - before.at) / 1000);
  const out = grew("labkit_delivered_total");
  const slow = lines.filter(({ oldestMs }) => isBehind(oldestMs)).length;
  const held = lines.reduce((sum, { outboxBytes }) => sum + outboxBytes, 0);
  const facts = [
    ["Connections", lines.length], ["Rooms", byRoom.length],
    ["Messages in", known(grew("labkit_received_total"))],
    ["Events out", known(out)],
    ["Undelivered", bytes(held)], ["Slow readers", slow, slow > 0 ? "bad" : ""],
  ];
  $("#tiles").replaceChildren(...facts.map(([name, value, kind = ""]) =>
    el("div", { class: `card tile ${kind}` }, el("dt", {}, name), el("dd", {}, String(value)))));
  if (out !== null) charts.events.add(out);
  charts.held.add(held);
}

function known(value) {
  return value === null ? "–" : perSecond(value);
}

function closes(fresh) {
  const list = $("#closes");
  for (const [code, many] of fresh) {
    const when = code === NO_CODE ? "closed with no code" : `${nameOf(code)}: ${rowOf(code).when}`;
    const often = many > 1 ? `${count(many, "connection")}: ` : "";
    list.prepend(el("li", {}, el("time", {}, clock()), el("b", {}, String(code)),
      el("span", {}, `${often}${when}`)));
  }
  while (list.children.length > LONGEST_LOG) list.lastElementChild.remove();
  $("#closes-note").hidden = list.children.length > 0;
}
