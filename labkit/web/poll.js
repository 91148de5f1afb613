// Polls the server once per second: one request at a time, with backoff while it does not respond.

import { Backoff } from "./backoff.js";
import { NO_CLOSE_FRAME } from "./close_codes.js";
import { beside } from "./place.js";

const EVERY_MS = 1000;
const SLOWEST_MS = 5000;

const REFUSED = {
  401: "The server rejected this token. Check it and try again.",
  403:
    "Monitoring is disabled, because OPS_TOKEN is not set in the server's environment. Restart the server with " +
    "OPS_TOKEN=SECRET labkit serve, where SECRET is a token of your own, and enter that token here.",
};

export class Poll {
  /** `on` has news(connections, metricsText), refused(words), down(words). */
  constructor(bearer, on) {
    this.bearer = bearer;
    this.on = on;
    this.isStopped = false;
    this.isPaused = false;
    this.backoff = new Backoff();
    this.#ask();
  }

  stop() {
    this.isStopped = true;
    this.bearer = null;
    clearTimeout(this.timer);
  }

  async #ask() {
    const wait = this.isPaused || document.hidden ? EVERY_MS : await this.#once();
    if (!this.isStopped) this.timer = setTimeout(() => this.#ask(), wait);
  }

  /** Send one request. Returns how long to wait before the next, in milliseconds. */
  async #once() {
    try {
      const options = { credentials: "omit", cache: "no-store", signal: AbortSignal.timeout(SLOWEST_MS) };
      const headers = { Authorization: `Bearer ${this.bearer}` };
      const answer = await fetch(beside("connections"), { ...options, headers });
      if (this.isStopped) return 0;
      if (REFUSED[answer.status]) return this.#refused(REFUSED[answer.status]);
      if (!answer.ok) throw new Error(`HTTP ${answer.status}`);
      const [connections, metrics] = [await answer.json(), await fetch(beside("metrics"), options)];
      if (!this.isStopped && !this.isPaused) this.on.news(connections, await metrics.text());
      this.backoff.proved();
      return EVERY_MS;
    } catch {
      return this.#down();
    }
  }

  #refused(words) {
    this.stop();
    this.on.refused(words);
    return 0;
  }

  #down() {
    if (this.isStopped) return 0;
    const wait = Math.min(SLOWEST_MS, 500 + this.backoff.delayMs(NO_CLOSE_FRAME));
    this.on.down(`The server does not respond. Next attempt in ${(wait / 1000).toFixed(1)} s.`);
    return wait;
  }
}
