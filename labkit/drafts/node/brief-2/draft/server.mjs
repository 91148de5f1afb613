// A room server over WebSocket.
//
// Four parts:
//   Ledger      writes each event to standard output; its effect runs once the write has finished
//   Outbox      what waits for one client: limited in bytes and in age
//   Connection  one client: authentication, messages, heartbeat, close
//   RoomServer  the rooms, the HTTP server, and one clock that checks every deadline

import http from 'node:http';
import crypto from 'node:crypto';
import { performance } from 'node:perf_hooks';
import { WebSocketServer } from 'ws';

const config = Object.freeze({
  host: '127.0.0.1',
  port: Number(process.env.PORT || 8080),
  token: process.env.DEV_TOKEN ?? 'dev-token',
  auth_timeout_s: 5,
  ping_interval_s: 30,
  ping_timeout_s: 10,
  close_deadline_s: 1,
  outbox_bytes: 1048576,
  outbox_age_s: 5,
  max_message_bytes: 8192,
  max_frame_bytes: 65536,
  max_head_bytes: 16384,
  // not part of the protocol
  tick_s: 0.1,
  inflight_bytes: 65536,
  ledger_bytes: 8 * 1048576,
});

const CLOSE = Object.freeze({
  DONE: 1000,
  PROTOCOL_ERROR: 1002,
  TEXT_ONLY: 1003,
  INVALID_UTF8: 1007,
  INVALID_MESSAGE: 1008,
  FRAME_TOO_BIG: 1009,
  INTERNAL_ERROR: 1011,
  RESTART: 1012,
  SLOW: 1013,
  AUTH_REQUIRED: 4401,
  AUTH_FAILED: 4403,
  NO_PONG: 4408,
});

const REASONS = new Map([
  [1000, 'done'],
  [1001, 'going away'],
  [1002, 'protocol error'],
  [1003, 'text only'],
  [1007, 'invalid UTF-8'],
  [1008, 'invalid message'],
  [1009, 'frame too big'],
  [1011, 'internal error'],
  [1012, 'restart'],
  [1013, 'slow'],
  [4401, 'auth required'],
  [4403, 'auth failed'],
  [4408, 'no pong'],
]);

/** Seconds on a clock that never jumps. */
const now = () => performance.now() / 1000;

const diagnose = (text) => process.stderr.write(`${text}\n`);

/** A queue whose shift() does not move the rest. */
class Fifo {
  #items = [];
  #head = 0;

  get length() {
    return this.#items.length - this.#head;
  }
  peek() {
    return this.#items[this.#head];
  }
  push(item) {
    this.#items.push(item);
  }
  shift() {
    const item = this.#items[this.#head];
    this.#items[this.#head] = undefined;
    this.#head += 1;
    if (this.#head > 512 && this.#head * 2 > this.#items.length) {
      this.#items = this.#items.slice(this.#head);
      this.#head = 0;
    }
    return item;
  }
  clear() {
    this.#items = [];
    this.#head = 0;
  }
}

// ------------------------------------------------------------------------------------- Ledger

/**
 * The record of events, and the order of everything that follows from them.
 *
 * append() writes a line and runs its effect when the line is written. after() runs an effect in
 * its turn: at once if nothing is being written, otherwise after the effects before it. So an
 * event is never delivered before it is recorded, all members see one order, and the answers to
 * one client keep the order of its messages.
 */
class Ledger {
  #queue = new Fifo();
  #bytes = 0;
  #stream;

  constructor(stream) {
    this.#stream = stream;
    stream.on('error', () => diagnose('standard output failed: events cannot be recorded'));
  }

  get full() {
    return this.#bytes > config.ledger_bytes;
  }

  append(line, effect) {
    const entry = { done: false, ok: false, bytes: line.length + 1, effect };
    this.#queue.push(entry);
    this.#bytes += entry.bytes;
    this.#stream.write(`${line}\n`, (error) => {
      entry.done = true;
      entry.ok = !error;
      this.#drain();
    });
  }

  after(effect) {
    if (this.#queue.length === 0) effect(true);
    else this.#queue.push({ done: true, ok: true, bytes: 0, effect });
  }

  #drain() {
    while (this.#queue.length > 0 && this.#queue.peek().done) {
      const entry = this.#queue.shift();
      this.#bytes -= entry.bytes;
      entry.effect(entry.ok);
    }
  }
}

// ------------------------------------------------------------------------------------- Outbox

/**
 * Frames for one client. Only a little is handed to ws at a time; the rest waits here, where it
 * can be dropped when the client is closed, so the close frame does not wait behind a megabyte.
 */
class Outbox {
  #ws;
  #waiting = new Fifo();
  #waitingBytes = 0;
  #inflight = new Fifo();
  #inflightBytes = 0;
  #stopped = false;

  constructor(ws) {
    this.#ws = ws;
  }

  /** Everything that waits: this queue, and what ws and the socket hold, pongs included. */
  get bytes() {
    return this.#waitingBytes + this.#ws.bufferedAmount;
  }

  /** Since when the oldest frame waits, or null. */
  get since() {
    const oldest = this.#inflight.peek() ?? this.#waiting.peek();
    return oldest === undefined ? null : oldest.since;
  }

  push(frame) {
    if (this.#stopped) return;
    this.#waiting.push({ frame, since: now() });
    this.#waitingBytes += frame.length;
    this.#pump();
  }

  stop() {
    this.#stopped = true;
    this.#waiting.clear();
    this.#waitingBytes = 0;
  }

  #pump() {
    while (!this.#stopped && this.#waiting.length > 0 && this.#inflightBytes < config.inflight_bytes) {
      const { frame, since } = this.#waiting.shift();
      this.#waitingBytes -= frame.length;
      this.#inflight.push({ since });
      this.#inflightBytes += frame.length;
      this.#ws.send(frame, { binary: false }, () => {
        this.#inflight.shift();
        this.#inflightBytes -= frame.length;
        this.#pump();
      });
    }
  }
}

// ----------------------------------------------------------------------------------- Messages

const ROOM_ID = /^[a-zA-Z0-9:_-]{1,64}$/;

class InvalidMessage extends Error {}

function roomId(value) {
  if (typeof value !== 'string' || !ROOM_ID.test(value)) throw new InvalidMessage();
  return value;
}

function text(value, min, max) {
  if (typeof value !== 'string' || value.length < min || value.length > max) throw new InvalidMessage();
  return value;
}

/** What is read from each type of message. Every other field is dropped here. */
const SHAPES = new Map([
  ['auth', (raw) => ({ token: text(raw.token, 8, Infinity) })],
  ['join', (raw) => ({ roomId: roomId(raw.roomId) })],
  [
    'chat',
    (raw) => ({
      roomId: roomId(raw.roomId),
      text: text(raw.text, 1, 1000),
      requestId: typeof raw.requestId === 'string' ? raw.requestId.slice(0, 100) : crypto.randomUUID(),
    }),
  ],
  ['ping', () => ({})],
]);

function decode(data) {
  if (data.length > config.max_message_bytes) throw new InvalidMessage();
  let raw;
  try {
    raw = JSON.parse(data.toString('utf8'));
  } catch {
    throw new InvalidMessage();
  }
  if (typeof raw !== 'object' || raw === null || Array.isArray(raw)) throw new InvalidMessage();
  const shape = SHAPES.get(raw.type);
  if (shape === undefined) throw new InvalidMessage();
  return { type: raw.type, ...shape(raw) };
}

const encode = (message) => Buffer.from(JSON.stringify(message), 'utf8');

// ---------------------------------------------------------------------------------- Connection

class Connection {
  id = `c_${crypto.randomUUID()}`;
  userId = null;
  rooms = new Set();
  closing = false;

  #server;
  #ws;
  #outbox;
  #authBy = now() + config.auth_timeout_s;
  #pingAt = Infinity;
  #pongBy = Infinity;
  #pingPayload = null;
  #abortAt = Infinity;

  constructor(server, ws) {
    this.#server = server;
    this.#ws = ws;
    this.#outbox = new Outbox(ws);

    // ws closes by itself after a protocol error, and answers a close frame with the reason that
    // the client sent. Both call ws.close(): from here it takes its reasons from REASONS only.
    const close = ws.close.bind(ws);
    ws.close = (code, slot) => {
      this.#retire();
      const reason = REASONS.get(code);
      close(code, Number.isInteger(slot) ? `${reason} retry=${slot}` : reason);
    };

    ws.on('message', (data, isBinary) => this.#onMessage(data, isBinary));
    ws.on('ping', () => this.#checkBytes());
    ws.on('pong', (payload) => this.#onPong(payload));
    ws.on('error', () => {}); // ws has closed the connection already
    ws.on('close', () => {
      this.#retire();
      server.forget(this);
    });
  }

  // ---- out

  send(frame) {
    if (this.closing) return;
    this.#outbox.push(frame);
    this.#checkBytes();
  }

  /** Sends an answer in its turn: after the events that are still being recorded. */
  #answer(message) {
    this.#server.ledger.after(() => this.send(encode(message)));
  }

  #checkBytes() {
    if (!this.closing && this.#outbox.bytes > config.outbox_bytes) this.close(CLOSE.SLOW);
  }

  // ---- close

  close(code, slot) {
    if (!this.closing) this.#ws.close(code, slot);
  }

  #retire() {
    if (this.closing) return;
    this.closing = true;
    this.#abortAt = now() + config.close_deadline_s;
    this.#outbox.stop();
    this.#server.leaveAll(this);
  }

  // ---- time

  tick(time) {
    if (this.closing) {
      if (time >= this.#abortAt) this.#ws.terminate();
      return;
    }
    if (this.userId === null && time >= this.#authBy) return this.close(CLOSE.AUTH_REQUIRED);
    if (time >= this.#pongBy) return this.close(CLOSE.NO_PONG);
    const since = this.#outbox.since;
    if (since !== null && time - since >= config.outbox_age_s) return this.close(CLOSE.SLOW);
    if (time >= this.#pingAt) this.#ping(time);
  }

  #ping(time) {
    this.#pingPayload = crypto.randomBytes(8);
    this.#pongBy = time + config.ping_timeout_s;
    this.#pingAt = time + config.ping_interval_s;
    this.#ws.ping(this.#pingPayload);
    this.#checkBytes();
  }

  #onPong(payload) {
    if (this.#pingPayload === null || !this.#pingPayload.equals(payload)) return;
    this.#pingPayload = null;
    this.#pongBy = Infinity;
  }

  // ---- in

  #onMessage(data, isBinary) {
    if (this.closing) return;
    if (isBinary) return this.close(CLOSE.TEXT_ONLY);
    try {
      this.#handle(decode(data));
    } catch (error) {
      if (error instanceof InvalidMessage) return this.close(CLOSE.INVALID_MESSAGE);
      diagnose(`internal error: ${error?.name}`);
      this.close(CLOSE.INTERNAL_ERROR);
    }
  }

  #handle(message) {
    if (message.type === 'auth') return this.#auth(message);
    if (this.userId === null) return this.close(CLOSE.AUTH_FAILED);
    if (message.type === 'join') return this.#join(message);
    if (message.type === 'chat') return this.#chat(message);
    this.#answer({ type: 'pong', sentAt: new Date().toISOString() });
  }

  #auth({ token }) {
    if (this.userId !== null) return;
    if (!this.#server.accepts(token)) return this.close(CLOSE.AUTH_FAILED);
    this.userId = `u_${crypto.randomUUID()}`;
    this.#pingAt = now() + config.ping_interval_s * (0.5 + 0.5 * Math.random());
    this.#answer({
      type: 'auth_ok',
      connectionId: this.id,
      userId: this.userId,
      pingMs: config.ping_interval_s * 1000,
      reconnect: { windowMs: this.#server.windowMs },
    });
  }

  #join({ roomId }) {
    this.#server.join(this, roomId);
    this.#answer({ type: 'joined', roomId });
  }

  #chat({ roomId, requestId, text }) {
    if (!this.rooms.has(roomId)) return this.close(CLOSE.INVALID_MESSAGE);
    if (this.#server.ledger.full) return this.close(CLOSE.INTERNAL_ERROR);
    const event = {
      type: 'chat',
      id: crypto.randomUUID(),
      requestId,
      roomId,
      userId: this.userId,
      text,
      sentAt: new Date().toISOString(),
    };
    // The members of this moment: one that joins later sees "joined" before its first event.
    const members = this.#server.members(roomId);
    const line = JSON.stringify(event);
    this.#server.ledger.append(line, (recorded) => {
      if (!recorded) return this.close(CLOSE.INTERNAL_ERROR);
      const frame = Buffer.from(line, 'utf8');
      for (const member of members) member.send(frame);
    });
  }
}

// ---------------------------------------------------------------------------------- RoomServer

class RoomServer {
  ledger = new Ledger(process.stdout);

  #connections = new Set();
  #rooms = new Map();
  #key = crypto.randomBytes(32);
  #expected = this.#mac(config.token);
  #http;
  #clock;

  constructor() {
    this.#http = http.createServer(
      {
        maxHeaderSize: config.max_head_bytes,
        headersTimeout: config.auth_timeout_s * 1000,
        requestTimeout: config.auth_timeout_s * 1000,
        connectionsCheckingInterval: 1000,
      },
      (req, res) => this.#onRequest(req, res),
    );
    const wss = new WebSocketServer({
      server: this.#http,
      maxPayload: config.max_frame_bytes,
      perMessageDeflate: false,
      clientTracking: false,
      handleProtocols: () => false, // never echo a subprotocol: some clients put a token there
    });
    wss.on('connection', (ws) => this.#connections.add(new Connection(this, ws)));
    wss.on('error', () => {}); // the same errors as below
    this.#http.on('error', (error) => {
      diagnose(`server error: ${error.code}`);
      if (!this.#http.listening) process.exit(1);
    });
  }

  start() {
    this.#clock = setInterval(() => {
      const time = now();
      for (const connection of this.#connections) connection.tick(time);
    }, config.tick_s * 1000);
    this.#http.listen(config.port, config.host, () => {
      diagnose(`listening on ${config.host}:${this.#http.address().port}`);
    });
  }

  /** Gives each client a slot of its own to come back in, then ends. */
  stop() {
    this.#http.close();
    const windowMs = this.windowMs;
    for (const connection of this.#connections) {
      connection.close(CLOSE.RESTART, 1000 + Math.floor(Math.random() * windowMs));
    }
    setTimeout(() => process.exit(0), (config.close_deadline_s + 0.5) * 1000);
  }

  /** Over how long the present clients should spread their reconnects: about 200 a second. */
  get windowMs() {
    return Math.min(120_000, Math.max(1000, this.#connections.size * 5));
  }

  // ---- credentials

  accepts(token) {
    return crypto.timingSafeEqual(this.#mac(token), this.#expected);
  }

  #mac(token) {
    return crypto.createHmac('sha256', this.#key).update(token, 'utf8').digest();
  }

  // ---- rooms

  join(connection, roomId) {
    let room = this.#rooms.get(roomId);
    if (room === undefined) this.#rooms.set(roomId, (room = new Set()));
    room.add(connection);
    connection.rooms.add(roomId);
  }

  members(roomId) {
    return [...(this.#rooms.get(roomId) ?? [])];
  }

  leaveAll(connection) {
    for (const roomId of connection.rooms) {
      const room = this.#rooms.get(roomId);
      room.delete(connection);
      if (room.size === 0) this.#rooms.delete(roomId);
    }
    connection.rooms.clear();
  }

  forget(connection) {
    this.#connections.delete(connection);
  }

  // ---- HTTP

  #onRequest(req, res) {
    req.resume();
    const [path] = req.url.split('?', 1);
    const isHealthCheck = req.method === 'GET' && path === '/';
    const status = isHealthCheck ? 200 : 404;
    res.writeHead(status, { 'content-type': 'text/plain' });
    res.end(isHealthCheck ? 'ok\n' : 'not found\n');
  }
}

const server = new RoomServer();
server.start();
process.once('SIGTERM', () => server.stop());
process.once('SIGINT', () => server.stop());
