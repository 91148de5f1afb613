// Whether to reconnect and how long to wait first: labkit/rules/backoff.py in JavaScript. A test compares the two.
// Full jitter: every delay is drawn from the whole window, so that clients do not bunch up at the cap.

import { Then, Wait, retryMs, rowOf } from "./close_codes.js";

export const STABLE_MS = 10_000; // a connection must stay open this long after auth_ok before the backoff resets
const BASE_MS = 1000;
const CAP_MS = 30_000;
const DEFAULT_WINDOW_MS = 1000;
const LONGEST_WINDOW_MS = 3_600_000;

export class Backoff {
  /** `random` returns numbers from 0 to 1. */
  constructor(random = Math.random) {
    this.random = random;
    this.tries = 0;
    this.windowMs = DEFAULT_WINDOW_MS;
  }

  /** Use the window that the server sent, clamped to a sensible range. */
  setWindow(windowMs) {
    this.windowMs = Math.min(Math.max(0, windowMs), LONGEST_WINDOW_MS);
  }

  /** Reset: the connection was authenticated and stayed open for STABLE_MS. */
  proved() {
    this.tries = 0;
  }

  /** Milliseconds to wait after a close; null means stop and tell the user. */
  delayMs(code, reason = "") {
    const { then, wait } = rowOf(code);
    if (then === Then.STOP) return null;
    const drawn = this.#width() * this.random();
    const slot = wait === Wait.WINDOW ? null : retryMs(reason);
    let waits = slot ?? drawn;
    // If a slot led to another close, apply the random delay as well: obeying retry=0 alone would be a hot loop.
    if (this.tries > 0) waits = Math.max(waits, drawn);
    this.tries += 1;
    if (wait === Wait.SLOT_AT_LEAST_1S && (slot === null || waits < 1000)) waits += 1000;
    return waits;
  }

  #width() {
    if (this.tries === 0) return this.windowMs;
    return Math.max(this.windowMs, Math.min(CAP_MS, BASE_MS * 2 ** (this.tries - 1)));
  }
}
