// One room on the chat page: its tab, members, messages, and unconfirmed messages.

import { clock, el, hue, setText } from "./dom.js";
import { count, describe, describeGap } from "./format.js";

const LONGEST_LOG = 500;
const NEAR_PX = 60;

export class Panel {
  constructor(room, on) {
    this.room = room;
    this.news = 0;
    this.wasOpen = false;
    this.badge = el("span", { class: "badge", hidden: true });
    const id = `room-${room.roomId}`;
    this.tab = el("button", { type: "button", role: "tab", id: `tab-${id}`, "aria-controls": id,
      onclick: () => on.select(this) }, room.roomId, this.badge);
    this.log = el("ol", { class: "log" });
    const live = el("div", { role: "log", "aria-label": `Messages in ${room.roomId}` }, this.log);
    this.pending = el("ol", { class: "pending", "aria-label": "Not confirmed yet" });
    const toEnd = () => this.#toEnd();
    this.newest = el("button", { type: "button", class: "newest", hidden: true, onclick: toEnd }, "Newest ↓");
    this.scroll = el("div", { class: "scroll", tabindex: "0", role: "group", "aria-label": `Log of ${room.roomId}`,
      onscroll: () => (this.newest.hidden = this.#isAtEnd()) }, live, this.pending);
    this.who = el("p", { class: "who-is-here" });
    this.leave = el("button", { type: "button", class: "quiet", "aria-label": `Leave ${room.roomId}`,
      onclick: on.leave }, "Leave");
    this.body = el("div", { class: "panel", role: "tabpanel", id, "aria-labelledby": this.tab.id },
      el("div", { class: "panel-head" }, this.who, this.leave), this.scroll, this.newest);
    this.#showMembers();
  }

  // Tabs

  show() {
    this.#select(true);
    this.news = 0;
    this.#showNews();
    this.#toEnd();
  }

  hide() {
    this.#select(false);
  }

  unread() {
    this.news += 1;
    this.#showNews();
  }

  #select(isSelected) {
    this.body.hidden = !isSelected;
    this.tab.setAttribute("aria-selected", String(isSelected));
    this.tab.tabIndex = isSelected ? 0 : -1;
  }

  #showNews() {
    this.badge.hidden = this.news === 0;
    const words = this.news === 0 ? [] : [String(this.news), el("span", { class: "unseen" }, " unread")];
    this.badge.replaceChildren(...words);
  }

  // Connection events

  joined() {
    this.wasOpen = true;
    const { epoch, seq, access } = this.room;
    const may = { r: "You can read but not write here.", w: "You can write here but see only your own messages." };
    this.note(epoch === null ? "Joined." : `Joined; the newest event is #${seq}. ${may[access] ?? ""}`.trim());
    this.#showMembers();
  }

  moved(state) {
    this.tab.classList.toggle("away", state !== "open");
    if (state !== "open" && this.wasOpen) this.note("Connection lost. No messages arrive until it is back.");
    this.wasOpen = state === "open";
    if (state !== "open") this.#showMembers();
  }

  members(message) {
    this.#showMembers();
    if (message.type === "entered") this.note(`${message.userId} joined.`);
    if (message.type === "gone") this.note(`${message.userId} left.`);
  }

  gap(gap) {
    this.note(describeGap(gap), "gap");
  }

  refused(publication, message) {
    this.note(`Not sent (${message.message ?? message.code}): ${publication.text}`, "gap");
  }

  event(event, isMine) {
    const at = new Date(event.sentAt);
    const time = Number.isNaN(at.getTime()) ? null : el("time", { datetime: event.sentAt }, clock(at));
    const number = Number.isInteger(event.seq) ? el("span", { class: "seq" }, `#${event.seq}`) : null;
    const who = el("b", { class: hue(event.userId) }, String(event.userId), isMine ? " (you)" : "");
    const kind = event.type === "chat" ? null : el("span", { class: "kind" }, String(event.type));
    this.#put(el("li", { class: isMine ? "said mine" : "said" }, el("p", { class: "head" }, who, kind, time, number),
      el("p", { class: "text" }, describe(event))));
  }

  note(text, className = "") {
    this.#put(el("li", { class: `note ${className}`.trim() }, text));
  }

  unsent(publications) {
    const wasAtEnd = this.#isAtEnd();
    this.pending.replaceChildren(...publications.map(waiting));
    if (wasAtEnd) this.#toEnd();
  }

  #showMembers() {
    const { members, isJoined } = this.room;
    if (!isJoined) return setText(this.who, "You are not in the room right now.");
    if (members === null) return setText(this.who, "You are in the room. This server does not list its members.");
    const here = `${count(members.size, "person", "people")} here: ${[...members.keys()].join(", ")}`;
    if (members.size > 1) return setText(this.who, here);
    const second = el("a", { href: "index.html", target: "_blank", rel: "noopener" }, "Open a second window");
    this.who.replaceChildren(`${here}. `, second);
  }

  // Scrolling

  #put(entry) {
    const wasAtEnd = this.#isAtEnd();
    this.log.append(entry);
    if (this.log.children.length > LONGEST_LOG) this.log.firstElementChild.remove();
    if (wasAtEnd) this.#toEnd();
    else this.newest.hidden = false;
  }

  #isAtEnd() {
    return this.scroll.scrollHeight - this.scroll.scrollTop - this.scroll.clientHeight < NEAR_PX;
  }

  #toEnd() {
    this.scroll.scrollTop = this.scroll.scrollHeight;
    this.newest.hidden = true;
  }
}

/** A message of ours that the server has not confirmed. */
function waiting({ text, tries }) {
  const state = tries === 0 ? "waiting to be sent" : "sent, not confirmed";
  return el("li", { class: "said mine waits" }, el("p", { class: "text" }, text), el("p", { class: "head" }, state));
}
