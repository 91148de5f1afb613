// One WebSocket from its opening to its end. `ended` is called exactly once, with a close code and a reason.
// On a dead line `close()` waits for an answer that never comes, so giving up means: stop listening, and go on.

import { NO_CLOSE_FRAME } from "./close_codes.js";
import { Watchdog } from "./watchdog.js";

export class Link {
  /** `on` has opened(), heard(message), ended(code, reason), wire(direction, shown). `env` is the world. */
  constructor(url, on, env) {
    this.on = on;
    this.env = env;
    this.pinged = []; // when each unanswered ping was sent
    this.isOver = false;
    this.watchdog = new Watchdog(env.now());
    this.socket = new env.WebSocket(url);
    this.socket.onopen = () => this.#opened();
    this.socket.onmessage = ({ data }) => this.#hear(data);
    this.socket.onclose = ({ code, reason }) => this.#end(code, reason);
    this.look();
  }

  get bufferedBytes() {
    return this.socket.bufferedAmount;
  }

  say(message) {
    this.sayText(JSON.stringify(message), message);
  }

  /** Send text as it is; `shown` is what the log may show of it (never a token). */
  sayText(text, shown) {
    if (this.isOver || this.socket.readyState !== this.env.WebSocket.OPEN) return;
    this.socket.send(text);
    this.on.wire("out", shown);
  }

  ping() {
    this.pinged.push(this.env.now());
    this.say({ type: "ping" });
  }

  /** A pong came: milliseconds since its ping; null for one we never asked for. */
  ponged() {
    const at = this.pinged.shift();
    return at === undefined ? null : this.env.now() - at;
  }

  /** Milliseconds that the oldest ping has waited for its pong; 0 when none waits. */
  get waitingMs() {
    return this.pinged.length === 0 ? 0 : this.env.now() - this.pinged[0];
  }

  /** End it in good order. */
  close(code, reason) {
    this.#forget();
    this.socket.close(code, reason);
  }

  /** Give it up, as if the network had. */
  giveUp() {
    if (this.isOver) return;
    this.#forget();
    this.socket.close();
    this.on.ended(NO_CLOSE_FRAME, "");
  }

  authenticated(pingMs) {
    this.watchdog.authenticated(pingMs);
    this.look();
  }

  /** Let the watchdog look now, and again when it wants to. */
  look() {
    if (this.isOver) return;
    this.env.clearTimeout(this.timer);
    const { act, at } = this.watchdog.look(this.env.now());
    if (act === "dead") return this.giveUp();
    if (act === "ping") this.ping();
    this.timer = this.env.setTimeout(() => this.look(), Math.max(10, at - this.env.now()));
  }

  #opened() {
    this.watchdog.heard(this.env.now());
    this.on.opened();
  }

  #hear(data) {
    this.watchdog.heard(this.env.now());
    const message = parse(data);
    this.on.wire("in", message ?? "something that is no JSON object");
    if (message !== null) this.on.heard(message);
  }

  #end(code, reason) {
    if (this.isOver) return;
    this.#forget();
    this.on.ended(code, reason);
  }

  #forget() {
    this.isOver = true;
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

/** The real world. Tests bring their own. */
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

/** crypto.randomUUID exists only on https and localhost; a class room may have neither. */
function newId() {
  return Array.from(crypto.getRandomValues(new Uint8Array(16)), (byte) => byte.toString(16).padStart(2, "0")).join("");
}
