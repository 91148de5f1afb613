// The reconnecting client of this page: labkit/wire/client/client.py for browsers.
// It is an EventTarget. Its events, and the part of the page that uses them:
//   state {state}  closed {code, reason, comesBack}  waiting {ms}  welcome {answer}     the state card
//   joined, left, refusedRoom {room}  event {room, event}  gap {room, gap}   the rooms
//   unsent {}  refused {publication, message}                                the message box
//   latency {ms, of}  wire {direction, shown}                                the meters and the wire log

import { Backoff, STABLE_MS } from "./backoff.js";
import { Credential, NORMAL, NO_CLOSE_FRAME, SESSION_EXPIRED, rowOf } from "./close_codes.js";
import { dispatcher } from "./dispatch.js";
import { Link, browser } from "./link.js";
import { Room } from "./room.js";
import { check } from "./states.js";
import { Unsent } from "./unsent.js";

const MAX_BUFFERED_BYTES = 512 * 1024;

/** No credential can be obtained, and retrying would not help; the message says why. */
export class Hopeless extends Error {}

export class Connection extends EventTarget {
  constructor(url, env = browser()) {
    super();
    this.url = url;
    this.env = env;
    this.state = null;
    this.connectionId = null;
    this.userId = null;
    this.users = new Set(); // a server without sessions gives us a new name each time
    this.rooms = new Map();
    this.unsent = new Unsent();
    this.backoff = new Backoff(env.random);
    this.link = null;
    this.waitsUntil = 0;
    this.shortestWaitMs = 0;
    this.credential = null; // see credential.js
    this.openedAt = null;
    this.resume = null;
    this.dispatch = dispatcher(this);
  }

  emit(type, detail = {}) {
    this.dispatchEvent(new CustomEvent(type, { detail }));
  }

  // User actions

  /** Connect for the first time or after a stop. Keeps rooms and unsent messages, but starts a new session. */
  start(credential) {
    if (this.state !== null && this.state !== "stopped") return;
    this.state = null;
    this.credential = credential;
    this.resume = null;
    this.#connect();
  }

  /** Close the connection and do not reconnect. */
  stop(reason = "done") {
    if (this.state === "stopped") return;
    const link = this.link;
    this.#disconnected();
    this.#move("stopped");
    link?.close(NORMAL, reason);
  }

  /** Simulate a network outage of `forMs` milliseconds. */
  cut(forMs) {
    this.shortestWaitMs = forMs;
    this.link?.giveUp();
  }

  /** Reconnect now instead of waiting. */
  tryNow() {
    if (this.state !== "waiting") return;
    this.env.clearTimeout(this.timer);
    this.#connect();
  }

  /** The network is back: shorten the wait to a random time within the first window. */
  networkIsBack() {
    const left = this.waitsUntil - this.env.now();
    if (this.state === "waiting") this.#wait(Math.min(left, this.backoff.windowMs * this.env.random()));
  }

  join(roomId) {
    if (this.rooms.has(roomId)) return;
    const room = new Room(roomId);
    this.rooms.set(roomId, room);
    if (this.state === "open") this.sendJoin(room);
  }

  leave(roomId) {
    const room = this.rooms.get(roomId);
    this.rooms.delete(roomId);
    for (const { requestId } of this.unsent.ofRoom(roomId)) this.unsent.done(requestId);
    if (room.isJoined) this.sendLeave(roomId, room.epoch);
    this.emit("left", { room });
    this.emit("unsent");
  }

  /** Send a chat message. Returns false, keeping nothing, if too much is already unsent. */
  chat(roomId, text) {
    const requestId = this.env.newId();
    const message = { type: "chat", roomId, requestId, text };
    const kept = this.unsent.add({ requestId, roomId, text, message, body: JSON.stringify(message) });
    if (kept) this.resend(requestId);
    this.emit("unsent");
    return kept;
  }

  // Used when a message arrives

  sendJoin(room) {
    this.link?.send({ type: "join", roomId: room.roomId, since: room.since });
  }

  /** A server without epochs does not know `leave` either and would close the connection for it. */
  sendLeave(roomId, epoch) {
    if (epoch != null) this.link?.send({ type: "leave", roomId });
  }

  /** Send a kept message, if its room is joined; wait while the browser's send buffer is full. */
  resend(requestId) {
    const one = this.unsent.find(requestId);
    if (!one || !this.rooms.get(one.roomId)?.isJoined || this.state !== "open") return;
    if (this.link.bufferedBytes > MAX_BUFFERED_BYTES) return this.later(0, () => this.resend(requestId));
    one.tries += 1;
    one.sentAt = this.env.now();
    this.link.sendText(one.body, one.message);
  }

  later(tries, act) {
    this.env.setTimeout(act, Math.min(5000, 200 * 2 ** Math.min(tries, 10)));
  }

  /** Handle the first auth_ok of a connection. */
  opened(answer) {
    this.connectionId = answer.connectionId ?? null;
    this.userId = answer.userId ?? null;
    this.users.add(this.userId);
    this.resume = answer.resume ?? null;
    this.link.authenticated(answer.pingMs);
    this.#move("open");
    this.openedAt = this.env.now();
    this.emit("welcome", { answer });
    for (const room of this.rooms.values()) this.sendJoin(room);
  }

  // The connection

  async #connect() {
    this.#move("connecting");
    this.openedAt = null;
    const attempt = (this.attempt = Symbol("attempt"));
    try {
      const token = this.resume ?? (await this.credential.get());
      if (this.attempt === attempt) this.#open(token);
    } catch (error) {
      if (this.attempt === attempt) this.#noCredential(error);
    }
  }

  #open(token) {
    const on = {
      opened: () => this.#authenticate(token),
      received: (message) => this.dispatch(message),
      ended: (code, reason) => this.#ended(code, reason),
      wire: (direction, shown) => this.emit("wire", { direction, shown }),
    };
    try {
      this.link = new Link(this.url, on, this.env);
    } catch {
      throw new Hopeless("The browser refuses this address. A page loaded over https can connect to wss:// only.");
    }
  }

  #authenticate(token) {
    this.#move("authenticating");
    const message = { type: "auth", token, previous: this.connectionId ?? undefined };
    this.link.sendText(JSON.stringify(message), { ...message, token: "***" });
  }

  #noCredential(error) {
    if (!(error instanceof Hopeless)) return this.#ended(NO_CLOSE_FRAME, error.reason ?? "");
    this.#disconnected();
    this.emit("hopeless", { words: error.message });
    this.#move("stopped");
  }

  #ended(code, reason) {
    this.#disconnected();
    if (this.openedAt !== null && this.env.now() - this.openedAt >= STABLE_MS) this.backoff.proved();
    const ms = this.#hasNothingFresher(code) ? null : this.backoff.delayMs(code, reason);
    this.emit("closed", { code, reason, comesBack: ms !== null });
    if (rowOf(code).credential === Credential.FRESH) this.resume = null;
    if (ms === null) return this.#move("stopped");
    this.#move("waiting");
    this.#wait(Math.max(ms, this.shortestWaitMs));
    this.shortestWaitMs = 0;
  }

  /** Whether the expired credential is the only one there is: retrying with it would loop forever. */
  #hasNothingFresher(code) {
    return code === SESSION_EXPIRED && this.openedAt === null && this.resume === null && !this.credential.renews;
  }

  #wait(ms) {
    this.env.clearTimeout(this.timer);
    this.waitsUntil = this.env.now() + ms;
    this.timer = this.env.setTimeout(() => this.#connect(), ms);
    this.emit("waiting", { ms });
  }

  #disconnected() {
    this.attempt = null;
    this.link = null;
    this.env.clearTimeout(this.timer);
    for (const room of this.rooms.values()) room.disconnected();
  }

  #move(state) {
    check(this.state, state);
    this.state = state;
    this.emit("state", { state });
  }
}
