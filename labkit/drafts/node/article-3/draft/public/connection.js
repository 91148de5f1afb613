const MIN_DELAY = 500;
const MAX_DELAY = 30_000;

/**
 * A WebSocket that comes back. Before every attempt it asks `getTicket` for a
 * new ticket, since each works once. `getTicket` may throw an error with
 * `fatal = true` to end the attempts.
 */
export class Connection {
  constructor({ getTicket, onMessage, onStatus }) {
    this.getTicket = getTicket;
    this.onMessage = onMessage;
    this.onStatus = onStatus;
    this.rooms = new Set();
    this.failures = 0;
    this.generation = 0;
    this.socket = null;
    this.timer = null;
  }

  async open() {
    const generation = ++this.generation;
    clearTimeout(this.timer);
    this.onStatus('connecting');

    let ticket;
    try {
      ticket = await this.getTicket();
    } catch (err) {
      if (generation !== this.generation) return;
      if (err.fatal) this.onStatus('refused', err.message);
      else this.retry();
      return;
    }
    if (generation !== this.generation) return;

    const scheme = location.protocol === 'https:' ? 'wss' : 'ws';
    const socket = new WebSocket(`${scheme}://${location.host}/realtime`);
    this.socket = socket;

    socket.onopen = () => this.send({ type: 'auth', ticket });

    socket.onmessage = (event) => {
      const message = JSON.parse(event.data);
      if (message.type === 'authenticated') {
        this.failures = 0;
        this.onStatus('online', message.user);
        for (const roomId of this.rooms) this.send({ type: 'join', roomId });
      }
      this.onMessage(message);
    };

    socket.onclose = (event) => {
      if (generation !== this.generation) return;
      this.socket = null;
      if (event.code === 1008) this.onStatus('refused', event.reason);
      else this.retry();
    };
  }

  close() {
    this.generation++;
    clearTimeout(this.timer);
    this.socket?.close(1000);
    this.socket = null;
    this.rooms.clear();
    this.failures = 0;
  }

  retry() {
    // Exponential backoff, and jitter so that clients do not all return at once.
    const limit = Math.min(MAX_DELAY, MIN_DELAY * 2 ** this.failures);
    const delay = limit * (0.5 + Math.random() * 0.5);
    this.failures++;
    this.onStatus('waiting', delay);
    this.timer = setTimeout(() => this.open(), delay);
  }

  send(message) {
    if (this.socket?.readyState !== WebSocket.OPEN) return false;
    this.socket.send(JSON.stringify(message));
    return true;
  }

  join(roomId) {
    this.rooms.add(roomId);
    this.send({ type: 'join', roomId });
  }

  leave(roomId) {
    this.rooms.delete(roomId);
    this.send({ type: 'leave', roomId });
  }
}
