// Is the line still alive? A browser never shows a page the protocol's own pings, so the page has to ask:
// after `pingMs` of silence it pings, and 10 s of silence later it gives the connection up.

export const GIVE_UP_MS = 10_000;
export const DEFAULT_PING_MS = 30_000; // for servers that do not say
const LATE_MS = 2000;

export class Watchdog {
  /** Times are milliseconds of any steady clock. Until `authenticated`, silence alone ends the connection. */
  constructor(now) {
    this.heardAt = now;
    this.pingMs = null;
    this.pingedAt = null;
    this.graced = false;
  }

  authenticated(pingMs) {
    this.pingMs = pingMs > 0 ? pingMs : DEFAULT_PING_MS;
  }

  heard(now) {
    this.heardAt = now;
    this.pingedAt = null;
    this.graced = false;
  }

  /** What to do now ("wait", "ping" or "dead"), and when to look again. */
  look(now) {
    if (this.pingMs === null) return this.#until(this.heardAt + GIVE_UP_MS, now);
    if (this.pingedAt !== null) return this.#until(this.pingedAt + GIVE_UP_MS, now);
    const due = this.heardAt + this.pingMs;
    return now < due ? { act: "wait", at: due } : this.#ping(now);
  }

  #ping(now) {
    this.pingedAt = now;
    return { act: "ping", at: now + GIVE_UP_MS };
  }

  #until(due, now) {
    if (now < due) return { act: "wait", at: due };
    // A timer this late was asleep with its tab: the answer may be here, unread. Ask once more before giving up.
    if (now > due + LATE_MS && !this.graced && this.pingMs !== null) {
      this.graced = true;
      return this.#ping(now);
    }
    return { act: "dead", at: now };
  }
}
