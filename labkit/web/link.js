// One WebSocket from opening to close. `ended` is called exactly once, with a close code and a reason.
// On a dead connection `close()` waits for a reply that never comes, so to give up, stop listening at once.

import { NO_CLOSE_FRAME } from "./close_codes.js";
import { Watchdog } from "./watchdog.js";

export class Link {
  /** `on` has opened(), received(message), ended(code, reason), wire(direction, shown). `env`: see `browser`. */
  constructor(url, on, env) {
    this.on = on;
    this.env = env;
    this.pinged = []; // when each unanswered ping was sent
    this.isClosed = false;
    this.watchdog = new Watchdog(env.now());
    this.socket = new env.WebSocket(url);
    this.socket.onopen = () => this.#opened();
    this.socket.onmessage = ({ data }) => this.#receive(data);
    this.socket.onclose = ({ code, reason }) => this.#end(code, reason);
    this.look();
  }

  get bufferedBytes() {
    return this.socket.bufferedAmount;
  }

  send(message) {
    this.sendText(JSON.stringify(message), message);
  }

  /** Send text; `shown` is what the log shows instead (never a token). */
  sendText(text, shown) {
    if (this.isClosed || this.socket.readyState !== this.env.WebSocket.OPEN) return;
    this.socket.send(text);
    this.on.wire("out", shown);
  }

  ping() {
    this.pinged.push(this.env.now());
    this.send({ type: "ping" });
  }

  /** Handle a pong. Returns milliseconds since its ping; null if no ping was sent. */
  ponged() {
    const at = this.pinged.shift();
    return at === undefined ? null : this.env.now() - at;
  }

  /** Milliseconds that the oldest unanswered ping has waited; 0 if there is none. */
  get waitingMs() {
    return this.pinged.length === 0 ? 0 : this.env.now() - this.pinged[0];
  }

  /** Close with a close frame. */
  close(code, reason) {
    this.#forget();
    this.socket.close(code, reason);
  }

  /** Drop the connection at once, as if the network had failed. */
  giveUp() {
    if (this.isClosed) return;
    this.#forget();
    this.socket.close();
    this.on.ended(NO_CLOSE_FRAME, "");
  }

  authenticated(pingMs) {
    this.watchdog.authenticated(pingMs);
    this.look();
  }

  /** Run the watchdog now and schedule its next run. */
  look() {
    if (this.isClosed) return;
    this.env.clearTimeout(this.timer);
    const { act, at } = this.watchdog.look(this.env.now());
    if (act === "dead") return this.giveUp();
    if (act === "ping") this.ping();
    this.timer = this.env.setTimeout(() => this.look(), Math.max(10, at - this.env.now()));
  }

  #opened() {
    this.watchdog.received(this.env.now());
    this.on.opened();
  }

  #receive(data) {
    this.watchdog.received(this.env.now());
    const message = parse(data);
    this.on.wire("in", message ?? "not a JSON object");
    if (message !== null) this.on.received(message);
  }

  #end(code, reason) {
    if (this.isClosed) return;
    this.#forget();
    this.on.ended(code, reason);
  }

  #forget() {
    this.isClosed = true;
    this.env.clearTimeout(this.timer);
    this.socket.onopen = this.socket.onmessage = this.socket.onclose = null;
  }
}

function parse(data) {
  try {
    const value = JSON.parse(data);
    return typeof value === "object" && value !== null && !Array.isArray(value) ? value : null;
  } catch {
    return null;
  }
}

/** The browser's socket, clock, timers and random numbers. Tests replace them. */
export function browser() {
  return {
    WebSocket: globalThis.WebSocket,
    now: () => performance.now(),
    setTimeout: (act, ms) => globalThis.setTimeout(act, ms),
    clearTimeout: (timer) => globalThis.clearTimeout(timer),
    random: Math.random,
    newId,
  };
}

/** A random id. crypto.randomUUID exists only on https and localhost, and a classroom may use neither. */
function newId() {
  return Array.from(crypto.getRandomValues(new Uint8Array(16)), (byte) => byte.toString(16).padStart(2, "0")).join("");
}
