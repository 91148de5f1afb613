'use strict';

const { randomBytes } = require('node:crypto');

const TICKET_TTL = 60_000;

/**
 * Tickets are random, live for a minute and work once. The page gets one with
 * POST /api/ticket and sends it as its first message over the WebSocket.
 */
class Tickets {
  #tickets = new Map();

  issue(user) {
    this.#sweep();
    const ticket = randomBytes(32).toString('base64url');
    this.#tickets.set(ticket, { user, expires: Date.now() + TICKET_TTL });
    return ticket;
  }

  /** Returns the user, or null; the ticket cannot be used again. */
  redeem(ticket) {
    const entry = this.#tickets.get(ticket);
    if (!entry) return null;
    this.#tickets.delete(ticket);
    return entry.expires > Date.now() ? entry.user : null;
  }

  #sweep() {
    const now = Date.now();
    for (const [ticket, { expires }] of this.#tickets) {
      if (expires <= now) this.#tickets.delete(ticket);
    }
  }
}

module.exports = { Tickets };
