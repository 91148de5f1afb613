// How long to wait before a reconnect, and whether to come back at all: labkit/rules/backoff.py in JavaScript.
// A test runs both on the same draws. Every delay is drawn from the whole window, so that the cap gathers no crowd.

import { Then, Wait, retryMs, rowOf } from "./close_codes.js";

export const STABLE_MS = 10_000; // auth_ok and this much life prove a connection; before that nothing resets
const BASE_MS = 1000;
const CAP_MS = 30_000;
const DEFAULT_WINDOW_MS = 1000;
const LONGEST_WINDOW_MS = 3_600_000;

export class Backoff {
  /** `random` gives numbers from 0 to 1. */
  constructor(random = Math.random) {
    this.random = random;
    this.tries = 0;
    this.windowMs = DEFAULT_WINDOW_MS;
  }

  /** The server told its window; what makes no sense is cut to what does. */
  told(windowMs) {
    this.windowMs = Math.min(Math.max(0, windowMs), LONGEST_WINDOW_MS);
  }

  /** The connection was authenticated and lived for STABLE_MS: start over. */
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
    // A slot that led only to a slot: kept to blindly, retry=0 is a hot loop.
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
