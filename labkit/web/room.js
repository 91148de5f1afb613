// The position in one room: delivers each event once and in order, and reports every gap. Uses no socket and no page.

export const ROOM_ID = /^[a-zA-Z0-9:_-]{1,64}$/;
const REMEMBERED = 1000;

export class Room {
  constructor(roomId) {
    this.roomId = roomId;
    this.epoch = null;
    this.seq = 0;
    this.access = "rw";
    this.isJoined = false;
    this.members = null; // userId -> since; null until the server has sent them
    this.wasJoined = false;
    this.seen = new Set();
  }

  /** Our position in the room; undefined if the server does not number events. */
  get since() {
    return this.epoch === null ? undefined : { epoch: this.epoch, seq: this.seq };
  }

  /** Handle `joined`, the first or a later one. Returns the gap to report, or null. */
  joined(answer) {
    this.access = answer.access ?? "rw";
    const epoch = answer.epoch ?? null;
    const seq = answer.seq ?? 0;
    // A server without epochs keeps no history, so everything sent meanwhile is lost.
    const lost = this.wasJoined && ((answer.gap ?? true) || epoch !== this.epoch);
    const gap = lost ? { first: epoch !== null && epoch === this.epoch ? this.seq + 1 : null, last: seq } : null;
    if (lost || !this.wasJoined) this.seq = seq;
    this.epoch = epoch;
    this.isJoined = this.wasJoined = true;
    return gap;
  }

  /** Handle an event. Returns whether it is new, and the gap before it, if any. */
  receive(event) {
    if (!Number.isInteger(event.seq)) return { isNew: this.#firstTime(event.requestId), gap: null };
    if (event.seq <= this.seq) return { isNew: false, gap: null };
    const missing = event.seq !== this.seq + 1 && this.access.includes("r");
    const gap = missing ? { first: this.seq + 1, last: event.seq - 1 } : null;
    this.seq = event.seq;
    return { isNew: true, gap };
  }

  /** Without seq, only the requestId identifies a duplicate. */
  #firstTime(requestId) {
    if (typeof requestId !== "string") return true;
    if (this.seen.has(requestId)) return false;
    this.seen.add(requestId);
    if (this.seen.size > REMEMBERED) this.seen.delete(this.seen.values().next().value);
    return true;
  }

  disconnected() {
    this.isJoined = false;
    this.members = null;
  }
}
