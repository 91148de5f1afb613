// Round-trip time and send buffer, measured while the page is visible.

import { $ } from "./dom.js";
import { Sparkline } from "./sparkline.js";
import { bytes, count, milliseconds } from "./format.js";

const PING_EVERY_MS = 2000;
const LOOK_EVERY_MS = 1000;
const LONG_MS = 3000;

export class Meters {
  constructor() {
    this.latency = new Sparkline($("#latency"), $("#latency-words"), { unit: milliseconds, floor: 5 });
    this.buffer = new Sparkline($("#buffer"), $("#buffer-words"), { unit: bytes, floor: 1024 });
    setInterval(() => this.#look(), LOOK_EVERY_MS); // first, so that it does not count a ping sent at the same moment
    setInterval(() => this.#ask(), PING_EVERY_MS);
  }

  watch(connection) {
    this.connection = connection;
    connection.addEventListener("latency", ({ detail }) => this.latency.add(detail.ms));
    connection.addEventListener("closed", () => this.latency.add(null));
  }

  /** Send one ping at a time, and none while the page is hidden. */
  #ask() {
    const { state, link } = this.connection ?? {};
    if (state === "open" && link.waitingMs === 0 && !document.hidden) link.ping();
  }

  #look() {
    const { state, link, unsent } = this.connection ?? {};
    if (state !== "open" || document.hidden) return;
    const kept = `${count(unsent.size, "message")} (${bytes(unsent.bytes)}) not confirmed`;
    this.buffer.add(link.bufferedBytes);
    this.buffer.twin.textContent = `${this.buffer.words()} · ${kept}`;
    if (link.waitingMs > LONG_MS) this.latency.twin.textContent = `no reply for ${milliseconds(link.waitingMs)}`;
  }
}
