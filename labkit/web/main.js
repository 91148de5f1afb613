// The chat page: connects the sign-in form, the connection and its views.

import { Connection } from "./connection.js";
import { fromCode, fromToken } from "./credential.js";
import { $ } from "./dom.js";
import { Meters } from "./meters.js";
import { isLocal, socketOf } from "./place.js";
import { RoomsView } from "./rooms_view.js";
import { StateView } from "./state_view.js";
import { WireLog } from "./wire_log.js";

const views = { state: new StateView(), rooms: new RoomsView(), meters: new Meters(), wire: new WireLog() };
const CUT_MS = 5000;
let connection = null;

// The form

const here = socketOf();
$("#url").value = here;
$("#use-dev").hidden = $("#dev-hint").hidden = !isLocal();
$("#use-dev").addEventListener("click", () => {
  $("#token").value = "dev-token";
  $("#connect").focus();
});
for (const radio of document.querySelectorAll("input[name=with]")) radio.addEventListener("change", chooseFields);
chooseFields();
$("#enter-form").addEventListener("submit", enter);

function chosen() {
  return $("input[name=with]:checked").value;
}

function chooseFields() {
  for (const kind of ["token", "code"]) {
    const fields = $(`#with-${kind}`);
    fields.hidden = kind !== chosen();
    for (const input of fields.querySelectorAll("input")) input.disabled = fields.hidden;
  }
  $("#url").disabled = chosen() === "code"; // tickets are issued by the server of this page only
}

function enter(event) {
  event.preventDefault();
  const url = chosen() === "code" ? here : $("#url").value;
  const credential = chosen() === "token" ? fromToken($("#token").value) : fromCode($("#name").value, $("#code").value);
  if (connection?.url !== url) connection = begin(url);
  views.state.forget();
  connection.start(credential);
  views.rooms.open($("#room").value);
}

/** Create a connection to another server; keeps nothing of the old one. */
function begin(url) {
  views.rooms.clear();
  const fresh = new Connection(url);
  for (const view of Object.values(views)) view.watch(fresh);
  fresh.addEventListener("state", ({ detail }) => show(detail.state));
  return fresh;
}

function show(state) {
  const wasEntering = !$("#enter").hidden;
  if (state === "open") $("#talk").hidden = false;
  $("#enter").hidden = $("#steps").hidden = state !== "stopped" && !$("#talk").hidden;
  $("#connect").disabled = state !== "stopped";
  if (wasEntering && state === "open") $("#text").focus();
  if (state === "stopped") $("#connect").focus();
}

// The buttons of the state card

$("#try-now").addEventListener("click", () => connection.tryNow());
$("#cut").addEventListener("click", () => connection.cut(CUT_MS));
$("#leave-all").addEventListener("click", () => connection.stop());

// Browser events

addEventListener("online", () => connection?.networkIsBack());
document.addEventListener("visibilitychange", () => document.hidden || connection?.link?.look());
