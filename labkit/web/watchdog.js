// Detects a dead connection. A browser hides WebSocket pings from the page, so the page sends its own:
// it pings after receiving nothing for `pingMs`, and gives the connection up if nothing arrives for another 10 s.

export const GIVE_UP_MS = 10_000;
export const DEFAULT_PING_MS = 30_000; // for servers that do not send an interval
const LATE_MS = 2000;

export class Watchdog {
  /** Times are in milliseconds, from any monotonic clock. Until `authenticated`, it gives up without sending a ping. */
  constructor(now) {
    this.receivedAt = now;
    this.pingMs = null;
    this.pingedAt = null;
    this.graced = false;
  }

  authenticated(pingMs) {
    this.pingMs = pingMs > 0 ? pingMs : DEFAULT_PING_MS;
  }

  received(now) {
    this.receivedAt = now;
    this.pingedAt = null;
    this.graced = false;
  }

  /** What to do now ("wait", "ping" or "dead"), and when to check again. */
  look(now) {
    if (this.pingMs === null) return this.#until(this.receivedAt + GIVE_UP_MS, now);
    if (this.pingedAt !== null) return this.#until(this.pingedAt + GIVE_UP_MS, now);
    const due = this.receivedAt + this.pingMs;
    return now < due ? { act: "wait", at: due } : this.#ping(now);
  }

  #ping(now) {
    this.pingedAt = now;
    return { act: "ping", at: now + GIVE_UP_MS };
  }

  #until(due, now) {
    if (now < due) return { act: "wait", at: due };
    // A timer this late was suspended with its tab, and the pong may be unread. Ping once more before giving up.
    if (now > due + LATE_MS && !this.graced && this.pingMs !== null) {
      this.graced = true;
      return this.#ping(now);
    }
    return { act: "dead", at: now };
  }
}
