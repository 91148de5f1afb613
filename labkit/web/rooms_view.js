// The rooms of the chat page: one tab and panel per room, and the message box.

import { $, el, setText } from "./dom.js";
import { Panel } from "./panel.js";
import { count } from "./format.js";

export class RoomsView {
  constructor() {
    this.panels = new Map();
    this.current = null;
    $("#join-form").addEventListener("submit", (event) => this.#join(event));
    $("#say-form").addEventListener("submit", (event) => this.#say(event));
    $("#tabs").addEventListener("keydown", (event) => this.#arrow(event));
  }

  watch(connection) {
    this.connection = connection;
    const on = (type, act) => connection.addEventListener(type, ({ detail }) => act(detail));
    on("state", ({ state }) => this.#moved(state));
    on("joined", ({ room }) => this.#panel(room).joined());
    on("left", ({ room }) => this.#remove(room.roomId));
    on("refusedRoom", ({ room, message }) => this.#refusedRoom(room, message));
    on("event", ({ room, event }) => this.#event(room, event));
    on("gap", ({ room, gap }) => this.#panel(room).gap(gap));
    on("members", ({ room, message }) => this.#panel(room).members(message));
    on("refused", ({ publication, message }) => this.panels.get(publication.roomId)?.refused(publication, message));
    on("unsent", () => this.#unsent());
  }

  /** Join a room and show it. */
  open(roomId) {
    this.connection.join(roomId);
    if (this.connection.rooms.has(roomId)) this.#show(this.#panel(this.connection.rooms.get(roomId)));
  }

  clear() {
    for (const roomId of [...this.panels.keys()]) this.#remove(roomId);
  }

  // User actions

  #join(event) {
    event.preventDefault();
    this.open($("#join-room").value);
    event.target.reset();
    $("#text").focus();
  }

  #say(event) {
    event.preventDefault();
    const box = $("#text");
    if (this.current === null || box.value.trim() === "") return;
    const kept = this.connection.chat(this.current.room.roomId, box.value);
    this.#note(kept ? "" : "Too many messages are waiting to be sent. Your text is still in the box; send it later.");
    if (kept) box.value = "";
  }

  #arrow(event) {
    const panels = [...this.panels.values()];
    const at = panels.indexOf(this.current);
    const to = { ArrowLeft: at - 1, ArrowRight: at + 1, Home: 0, End: panels.length - 1 }[event.key];
    if (to === undefined || panels.length === 0) return;
    event.preventDefault();
    const panel = panels[(to + panels.length) % panels.length];
    this.#show(panel);
    panel.tab.focus();
  }

  // Connection events

  #moved(state) {
    for (const panel of this.panels.values()) panel.moved(state);
    this.#unsent();
  }

  #event(room, event) {
    const panel = this.#panel(room);
    panel.event(event, this.connection.users.has(event.userId));
    if (panel !== this.current) panel.unread();
  }

  #refusedRoom(room, message) {
    this.#remove(room.roomId);
    this.#note(`${room.roomId}: ${message.message ?? message.code}`);
  }

  #unsent() {
    for (const [roomId, panel] of this.panels) panel.unsent(this.connection.unsent.ofRoom(roomId));
    const waiting = this.connection.unsent.size;
    const isKept = waiting > 0 && this.connection.state !== "open";
    if (isKept) this.#note(`${count(waiting, "message")} kept and sent when the connection is back.`, "unsent");
    else if (this.noteIsAbout === "unsent") this.#note("");
  }

  #note(text, about = "") {
    this.noteIsAbout = about;
    setText($("#say-note"), text);
  }

  // Panels

  #panel(room) {
    if (!this.panels.has(room.roomId)) this.#add(room);
    return this.panels.get(room.roomId);
  }

  #add(room) {
    const leave = () => this.connection.leave(room.roomId);
    const panel = new Panel(room, { select: (which) => this.#show(which), leave });
    this.panels.set(room.roomId, panel);
    $("#tabs").append(panel.tab);
    $("#panels").append(panel.body);
    if (this.current === null) this.#show(panel);
    else panel.hide();
  }

  #remove(roomId) {
    const panel = this.panels.get(roomId);
    if (!panel) return;
    this.panels.delete(roomId);
    panel.tab.remove();
    panel.body.remove();
    if (panel !== this.current) return;
    this.current = null;
    const other = this.panels.values().next().value;
    if (other) this.#show(other);
    this.#enable();
  }

  #show(panel) {
    this.current?.hide();
    this.current = panel;
    panel.show();
    this.#enable();
  }

  /** Enable the message box only while a room is open. */
  #enable() {
    $("#text").disabled = $("#say").disabled = this.current === null;
    const room = this.current?.room.roomId;
    $("#text").placeholder = room === undefined ? "Join a room first" : `Message to ${room}`;
  }
}
