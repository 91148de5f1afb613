// A world for connection.js: a clock that moves only when a test says so, sockets without a network, draws from a list.

export class FakeSocket {
  static OPEN = 1;
  static made = [];

  constructor(url) {
    if (!/^wss?:/.test(url)) throw new SyntaxError("not a WebSocket address");
    this.url = url;
    this.readyState = 0;
    this.bufferedAmount = 0;
    this.sent = [];
    this.closedWith = null;
    FakeSocket.made.push(this);
  }

  send(text) {
    this.sent.push(JSON.parse(text));
  }

  /** As in a browser, the close event comes when the peer has answered: here, never by itself. */
  close(code, reason) {
    this.closedWith = [code, reason];
    this.readyState = 2;
  }

  // What the server does

  accept() {
    this.readyState = 1;
    this.onopen?.();
  }

  deliver(message) {
    this.onmessage?.({ data: typeof message === "string" ? message : JSON.stringify(message) });
  }

  end(code, reason = "") {
    this.readyState = 3;
    this.onclose?.({ code, reason });
  }

  /** Types of the messages sent, and the messages of one type. */
  get types() {
    return this.sent.map(({ type }) => type);
  }

  of(type) {
    return this.sent.filter((message) => message.type === type);
  }
}

export class World {
  constructor({ draws = 0.5 } = {}) {
    FakeSocket.made = [];
    this.time = 0;
    this.timers = new Map();
    this.lastTimer = 0;
    this.lastId = 0;
    this.env = {
      WebSocket: FakeSocket,
      now: () => this.time,
      setTimeout: (act, ms) => (this.timers.set(++this.lastTimer, { act, at: this.time + ms }), this.lastTimer),
      clearTimeout: (timer) => this.timers.delete(timer),
      random: () => draws,
      newId: () => `request-${++this.lastId}`,
    };
  }

  get sockets() {
    return FakeSocket.made;
  }

  get socket() {
    return FakeSocket.made.at(-1);
  }

  /** Let time pass, each timer in its turn. */
  async pass(ms) {
    const until = this.time + ms;
    for (;;) {
      const due = [...this.timers].filter(([, { at }]) => at <= until).sort(([a, x], [b, y]) => x.at - y.at || a - b)[0];
      if (!due) break;
      this.timers.delete(due[0]);
      this.time = Math.max(this.time, due[1].at);
      due[1].act();
      await settle();
    }
    this.time = until;
  }
}

/** Let promises that are settled already run. */
export const settle = () => new Promise((resolve) => setImmediate(resolve));

/** Everything that a connection emits, as [type, detail]. */
export function listen(connection) {
  const emitted = [];
  const types = ["state", "closed", "waiting", "welcome", "joined", "left", "refusedRoom", "event", "gap", "members",
    "unsent", "refused", "latency", "wire", "hopeless"];
  for (const type of types) connection.addEventListener(type, ({ detail }) => emitted.push([type, detail]));
  emitted.of = (type) => emitted.filter(([one]) => one === type).map(([, detail]) => detail);
  return emitted;
}
