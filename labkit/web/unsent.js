// Messages that have not come back as events: kept in order, and sent again under the same requestId.
// A connection may end between the server's commit and its echo, so sending alone confirms nothing.

export const MAX_UNSENT_BYTES = 512 * 1024;

export class Unsent {
  constructor(maxBytes = MAX_UNSENT_BYTES) {
    this.maxBytes = maxBytes;
    this.bytes = 0;
    this.waiting = new Map();
  }

  get size() {
    return this.waiting.size;
  }

  /** Keep a message. Returns false, keeping nothing, if it does not fit. */
  add(publication) {
    const bytes = new TextEncoder().encode(publication.body).length;
    if (this.bytes + bytes > this.maxBytes) return false;
    this.waiting.set(publication.requestId, { ...publication, bytes, tries: 0, sentAt: null });
    this.bytes += bytes;
    return true;
  }

  find(requestId) {
    return this.waiting.get(requestId);
  }

  /** Forget a message that was confirmed or rejected. */
  done(requestId) {
    const found = this.waiting.get(requestId);
    if (this.waiting.delete(requestId)) this.bytes -= found.bytes;
  }

  /** The unsent messages of one room, oldest first. */
  ofRoom(roomId) {
    return [...this.waiting.values()].filter((one) => one.roomId === roomId);
  }
}
