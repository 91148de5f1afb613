// The board page. The instructor's code opens it, a snapshot fills it, and the class room keeps it up to date.
// The code is in no URL, storage or log. Only the room's view gets it, a window that this page opens: `board#room` has
// the lane, the votes and the drill, and nothing that is for the instructor alone.

import { Drilling } from "./board_drilling.js";
import { Help } from "./board_help.js";
import { Lane } from "./board_lane.js";
import { Votes } from "./board_votes.js";
import { BoardView } from "./board_view.js";
import { RoomWindow, followOpener, isRoomsView } from "./board_windows.js";
import { Connection } from "./connection.js";
import { INSTRUCTOR, asking } from "./board_ask.js";
import { fromCode } from "./credential.js";
import { $, el, setText } from "./dom.js";
import { socketOf } from "./place.js";

const REVOKED = 4410;
const LOOK_MS = 1000;
const here = socketOf();

let code = "";
const ask = asking(() => code);
let which = null; // {class, room, newsRoom, votesRoom, helpRoom, votesByName}
let view = null;
let votes = null;
let help = null;
let lane = null;
let clockBehind = 0; // the server's clock minus ours
let connection = null;
let looking = null; // the request in flight
let isAskedAgain = false;
let waiting = null; // events received while a snapshot was in flight

const isRoom = isRoomsView();
const room = new RoomWindow();
const serversTime = () => Date.now() + clockBehind;
const drilling = new Drilling((name) => view.shownName(name), serversTime, lookUntilItWorks, () => !room.isOpen);
$("#drill-view").append(drilling.chart.element);
document.body.append(drilling.stage.element);
document.body.classList.toggle("room", isRoom);
document.body.classList.toggle("led", isRoom && followOpener(follow));

$("#enter-form").addEventListener("submit", (event) => {
  event.preventDefault();
  enter($("#code").value);
});
$("#room").addEventListener("click", () => {
  if (!room.open()) notice("The browser blocked the window. Allow it for this page, and try again.", "warn");
});

async function enter(given) {
  code = given;
  notice("");
  try {
    which = await ask("class");
    await look();
    begin();
  } catch (error) {
    notice(error.message, "bad");
    $("#code").focus();
  }
}

/** In the room's view: do what the instructor's page says. */
async function follow({ code: given, areBarsHidden, areNamesHidden, question, lesson, drill: kind }) {
  if (given && !connection) await enter(given);
  if (areBarsHidden !== undefined) votes?.hideBars(areBarsHidden);
  if (question !== undefined) votes?.choose(question);
  if (lesson !== undefined) lane?.choose(lesson);
  if (areNamesHidden !== undefined && view) view.namesHidden = areNamesHidden;
  if (kind && view) drilling.begin(kind, view.present);
}

$("#announce-form").addEventListener("submit", (event) => {
  event.preventDefault();
  if (connection.chat(which.newsRoom, $("#say-text").value)) event.target.reset(); // without a validation message
});
$("#ask-form").addEventListener("submit", async (event) => {
  event.preventDefault();
  const options = $("#ask-options").value.split("\n").map((line) => line.trim()).filter(Boolean);
  if (await votes.send("ask", { text: $("#ask-text").value, options })) event.target.reset();
});
$("#here-form").addEventListener("submit", async (event) => {
  event.preventDefault();
  const exercise = $("#here-which").value;
  await ask("class/here", "POST", { exercise }).then(showPlace, (error) => notice(error.message, "warn"));
});
for (const kind of ["drill", "crash"]) {
  $(`#${kind}`).addEventListener("click", () => {
    const sure = confirm("The server restarts now, and every student's client reconnects on its own. Start the drill?");
    if (sure) ask(`class/${kind}`, "POST").then(() => drill(kind), (error) => notice(error.message, "bad"));
  });
}

/** Show a drill from its first moment: on the projector if there is one, and otherwise here. */
function drill(kind) {
  if (room.isOpen) room.tell({ drill: kind });
  else drilling.begin(kind, view.present);
}

// Snapshots

/** Request a snapshot. One request at a time; a call during a request gets a snapshot newer than the call. */
function look() {
  isAskedAgain = looking !== null;
  looking ??= lookAgain().finally(() => {
    looking = null;
  });
  return looking;
}

async function lookAgain() {
  do {
    isAskedAgain = false;
    await lookOnce();
  } while (isAskedAgain);
}

/** Events received meanwhile are applied afterwards; a repeated event has no effect. */
async function lookOnce() {
  waiting ??= [];
  try {
    const snapshot = await ask("class/board");
    clockBehind = snapshot.now - Date.now();
    view ??= new BoardView($("#board"), serversTime);
    view.show(snapshot);
    drilling.show(snapshot.drill);
    snapshot.news.slice(-1).forEach(showNews);
    offerPlaces(Object.keys(snapshot.catalogue));
  } finally {
    const received = waiting ?? [];
    waiting = null;
    if (view) received.forEach((event) => view.apply(event));
  }
}

/** Like `look`, but retry while the server is down. */
async function lookUntilItWorks() {
  try {
    await look();
  } catch (error) {
    notice(error.message, error.isFinal ? "bad" : "warn");
    if (!error.isFinal) setTimeout(lookUntilItWorks, LOOK_MS);
    return;
  }
  notice("");
}

function offerPlaces(exercises) {
  if ($("#here-which").options.length > 0) return;
  const words = ["nobody may catch up", ...exercises];
  $("#here-which").replaceChildren(...["", ...exercises].map((one, at) => el("option", { value: one }, words[at])));
  ask("class/here").then(showPlace, () => {});
}

function showPlace({ here }) {
  $("#here-which").value = here ?? "";
  const words = `Students who fell behind can catch up to ${here}. Every notebook shows it.`;
  setText($("#here-state"), here ? words : "Students keep what they wrote, and get our solutions up to this exercise.");
}

// The live connection

function begin() {
  $("#enter").hidden = true;
  $("#board").hidden = $("#lane").hidden = $("#votes").hidden = false;
  $("#acts").hidden = $("#help").hidden = $("#room").hidden = isRoom;
  setText($("#which"), `class ${which.class}`);
  beginVotes();
  beginLane();
  if (!isRoom) beginHelp();
  room.tell({ code });
  connection = new Connection(here);
  connection.addEventListener("state", ({ detail }) => state(detail.state));
  connection.addEventListener("event", ({ detail }) => apply(detail.event));
  connection.addEventListener("joined", ({ detail }) => joined(detail.room.roomId));
  connection.addEventListener("gap", () => [lookUntilItWorks(), votes.load(), help?.changed()]);
  connection.addEventListener("members", ({ detail }) => members(detail.room));
  connection.addEventListener("closed", ({ detail }) => detail.comesBack || notice(ending(detail), "bad"));
  connection.addEventListener("hopeless", ({ detail }) => notice(detail.words, "bad"));
  connection.start(fromCode(INSTRUCTOR, code));
  connection.join(which.room);
  connection.join(which.newsRoom);
  connection.join(which.votesRoom);
  if (which.helpRoom && !isRoom) connection.join(which.helpRoom);
}

function beginVotes() {
  const choices = (chosen) => room.tell(chosen);
  const namesVotes = which.votesByName && !isRoom;
  votes = new Votes(ask, (name) => view.shownName(name), namesVotes, (words) => notice(words, "warn"), choices);
  $("#votes").append(votes.element);
  $("#board").addEventListener("click", () => { // names may be hidden
    room.tell({ areNamesHidden: view.namesHidden });
    for (const part of [votes, help, lane]) part?.draw();
  });
}

function beginLane() {
  lane = new Lane(ask, view, !isRoom, (lesson) => room.tell({ lesson }));
  $("#lane").append(lane.element);
  lane.start();
}

function beginHelp() {
  const why = (name, exercise) => view.whyFailing(name, exercise);
  help = new Help(ask, (name) => view.shownName(name), why, (words) => notice(words, "warn"));
  $("#help").append(help.element);
}

function joined(roomId) {
  if (roomId === which.room) lookUntilItWorks();
  if (roomId === which.votesRoom) votes.load();
}

function ending({ code, reason }) {
  const words = "The instructor's code was renewed. Reload the page and enter the new one.";
  return code === REVOKED ? words : `Connection closed: ${code} ${reason}.`;
}

function apply(event) {
  if (event.roomId === which.votesRoom) {
    votes.changed(event.target);
    return;
  }
  if (event.type === "exercise" || event.roomId === which.helpRoom) help?.changed();
  if (event.roomId === which.helpRoom) return;
  if (event.roomId === which.newsRoom && event.type === "chat") showNews(event);
  if (waiting) waiting.push(event);
  else view.apply(event);
}

/** In the room's view: the newest announcement. */
function showNews({ text }) {
  $("#room-news").hidden = !isRoom;
  setText($("#room-news"), text);
}

function members({ roomId, members: here }) {
  if (roomId !== which.room || !here) return;
  const names = [...here.keys()].filter((name) => name !== INSTRUCTOR);
  view.presence(names);
  drilling.stage.present(names);
}

function state(now) {
  if (now !== "open") drilling.stage.dark();
  const words = { open: "live", waiting: "reconnecting", connecting: "reconnecting", authenticating: "reconnecting" };
  $("#state").className = `state ${now}`;
  setText($("#state"), words[now] ?? "stopped");
}

function notice(words, kind = "") {
  $("#notice").hidden = words === "";
  $("#notice").className = `notice ${kind}`;
  setText($("#notice"), words);
}

addEventListener("online", () => connection?.networkIsBack());
document.addEventListener("visibilitychange", () => document.hidden || connection?.link?.look());
