/**
 * Room server: WebSocket rooms with authentication, heartbeat and bounded buffers.
 *
 *   PORT=8080 DEV_TOKEN=dev-token node server.mjs
 */
import { createServer, STATUS_CODES } from 'node:http';
import { writeSync } from 'node:fs';
import { createHash, randomUUID, timingSafeEqual } from 'node:crypto';
import { WebSocket, WebSocketServer } from 'ws';

const HOST = '127.0.0.1';
const PORT = Number.parseInt(process.env.PORT ?? '8080', 10);
const TOKEN = process.env.DEV_TOKEN ?? 'dev-token';

const LIMITS = {
  auth_timeout_s: 5,
  ping_interval_s: 30,
  ping_timeout_s: 10,
  close_deadline_s: 1,
  outbox_bytes: 1_048_576,
  outbox_age_s: 5,
  max_message_bytes: 8192,
  max_frame_bytes: 65_536,
  head_bytes: 16_384,
  record_wait_s: 1,
};

const REASONS = {
  1000: 'done',
  1001: 'going away',
  1002: 'protocol error',
  1003: 'text only',
  1007: 'invalid UTF-8',
  1008: 'invalid message',
  1009: 'frame too big',
  1011: 'internal error',
  1013: 'slow',
  4401: 'auth required',
  4403: 'auth failed',
  4408: 'no pong',
};

const ms = (seconds) => seconds * 1000;
const timestamp = () => new Date().toISOString();

// ================================================================== recording

const pause = new Int32Array(new SharedArrayBuffer(4));

/**
 * Writes one line to standard output, and returns only when the system has taken all of it.
 * Throws if that fails: then the event must not be delivered.
 */
function record(line) {
  const bytes = Buffer.from(`${line}\n`, 'utf8');
  const deadline = Date.now() + ms(LIMITS.record_wait_s);
  let offset = 0;
  while (offset < bytes.length) {
    try {
      offset += writeSync(1, bytes, offset);
    } catch (error) {
      // The reader of a pipe is behind: give it a moment.
      if (error.code !== 'EAGAIN' || Date.now() > deadline) throw error;
      Atomics.wait(pause, 0, 0, 5);
    }
  }
}

function note(text) {
  try {
    writeSync(2, `${text}\n`);
  } catch {
    // Nobody listens.
  }
}

// ================================================================= validation

const isToken = (value) => typeof value === 'string' && value.length >= 8;
const isRoomId = (value) => typeof value === 'string' && /^[a-zA-Z0-9:_-]{1,64}$/.test(value);
const isText = (value) => typeof value === 'string' && value.length >= 1 && value.length <= 1000;

/** type -> the fields that must be valid. */
const FIELDS = new Map([
  ['auth', { token: isToken }],
  ['join', { roomId: isRoomId }],
  ['chat', { roomId: isRoomId, text: isText }],
  ['ping', {}],
]);

/** Returns the parsed message, or undefined if it is invalid. */
function validate(data) {
  if (data.length > LIMITS.max_message_bytes) return undefined;
  let message;
  try {
    message = JSON.parse(data.toString('utf8'));
  } catch {
    return undefined;
  }
  if (typeof message !== 'object' || message === null || Array.isArray(message)) return undefined;
  const fields = FIELDS.get(message.type);
  if (fields === undefined) return undefined;
  for (const [name, isValid] of Object.entries(fields)) {
    if (!isValid(message[name])) return undefined;
  }
  return message;
}

function sameToken(given) {
  const sha256 = (value) => createHash('sha256').update(value).digest();
  return timingSafeEqual(sha256(given), sha256(TOKEN));
}

// ====================================================================== rooms

const rooms = {
  byId: new Map(),

  join(roomId, member) {
    if (!this.byId.has(roomId)) this.byId.set(roomId, new Set());
    this.byId.get(roomId).add(member);
  },

  has(roomId, member) {
    return this.byId.get(roomId)?.has(member) ?? false;
  },

  leave(roomId, member) {
    const members = this.byId.get(roomId);
    members?.delete(member);
    if (members?.size === 0) this.byId.delete(roomId);
  },

  publish(roomId, event) {
    const line = JSON.stringify(event);
    record(line);
    const frame = Buffer.from(line, 'utf8');
    for (const member of Array.from(this.byId.get(roomId) ?? [])) member.deliver(frame);
  },
};

// ================================================================= connection

/** One client. ws creates it (see the option WebSocket below), and calls close() as we do. */
class Member extends WebSocket {
  #id = randomUUID();
  #userId = null;
  #joined = new Set();
  #retired = false;
  #tcp = null;
  #timers = new Map();
  #pings = 0;
  #awaitedPong = null;
  /** How many bytes had been written to the socket at which time: {at, total}, oldest first. */
  #marks = [];

  start(tcp) {
    this.#tcp = tcp;
    this.#after('auth', LIMITS.auth_timeout_s, () => this.close(4401));

    this.on('message', (data, isBinary) => this.#receive(data, isBinary));
    this.on('ping', () => this.#checkOutboxBytes()); // ws has answered it
    this.on('pong', (payload) => {
      if (payload.toString('latin1') !== this.#awaitedPong) return;
      this.#awaitedPong = null;
      this.#cancel('pong');
    });
    this.on('error', () => {}); // ws has called close()
    this.on('close', () => {
      this.#retire();
      this.#cancel('abort');
      members.delete(this);
    });
  }

  // ---------------------------------------------------------------- closing

  /**
   * Also called by ws: after a protocol error, and to answer a close frame. The reason is always
   * our own; ws would send back the one of the client.
   */
  close(code) {
    this.#retire();
    if (!this.#timers.has('abort')) {
      this.#after('abort', LIMITS.close_deadline_s, () => this.terminate());
    }
    super.close(code, REASONS[code]);
  }

  #retire() {
    if (this.#retired) return;
    this.#retired = true;
    for (const name of ['auth', 'ping', 'pong']) this.#cancel(name);
    for (const roomId of this.#joined) rooms.leave(roomId, this);
    this.#joined.clear();
    this.#marks = [];
  }

  // ---------------------------------------------------------------- sending

  deliver(frame) {
    if (this.#retired) return;
    this.send(frame, { binary: false });
    this.#checkOutboxBytes();
  }

  #answer(message) {
    this.deliver(Buffer.from(JSON.stringify(message), 'utf8'));
  }

  #checkOutboxBytes() {
    if (!this.#retired && this.bufferedAmount > LIMITS.outbox_bytes) this.close(1013);
  }

  /**
   * bytesWritten counts what was ever given to the socket, also what still waits there. So the
   * difference to bufferedAmount has left, and a mark beyond it is as old as its oldest byte, or
   * a little younger. This covers events, answers, pings and pongs alike.
   */
  checkOutboxAge(now) {
    if (this.#retired) return;
    const total = this.#tcp.bytesWritten;
    const left = total - this.bufferedAmount;
    while (this.#marks.length > 0 && this.#marks[0].total <= left) this.#marks.shift();
    if (total > left && this.#marks.at(-1)?.total !== total) this.#marks.push({ at: now, total });
    if (this.#marks.length > 0 && now - this.#marks[0].at >= ms(LIMITS.outbox_age_s)) this.close(1013);
  }

  // -------------------------------------------------------------- heartbeat

  #schedulePing(seconds) {
    this.#after('ping', seconds, () => {
      this.#pings += 1;
      this.#awaitedPong = `${this.#id}/${this.#pings}`;
      this.ping(this.#awaitedPong);
      this.#after('pong', LIMITS.ping_timeout_s, () => this.close(4408));
      this.#schedulePing(LIMITS.ping_interval_s);
    });
  }

  // -------------------------------------------------------------- receiving

  #receive(data, isBinary) {
    if (this.#retired) return; // ws still reads while it waits for the close frame
    try {
      if (isBinary) this.close(1003);
      else this.#handle(validate(data));
    } catch (error) {
      note(`internal error: ${error?.code ?? error?.name ?? 'unknown'}`);
      this.close(1011);
    }
  }

  #handle(message) {
    if (message === undefined) return this.close(1008);
    if (this.#userId === null && message.type !== 'auth') return this.close(4403);
    return this.#handlers[message.type](message);
  }

  #handlers = {
    auth: ({ token }) => {
      if (this.#userId !== null) return;
      if (!sameToken(token)) return this.close(4403);
      this.#cancel('auth');
      this.#userId = randomUUID();
      this.#answer({ type: 'auth_ok', connectionId: this.#id, userId: this.#userId });
      this.#schedulePing(LIMITS.ping_interval_s * (1 + Math.random()) / 2);
    },

    join: ({ roomId }) => {
      rooms.join(roomId, this);
      this.#joined.add(roomId);
      this.#answer({ type: 'joined', roomId });
    },

    chat: ({ roomId, requestId, text }) => {
      if (!rooms.has(roomId, this)) return this.close(1008);
      rooms.publish(roomId, {
        type: 'chat',
        id: randomUUID(),
        requestId: typeof requestId === 'string' ? requestId.slice(0, 100) : randomUUID(),
        roomId,
        userId: this.#userId,
        text,
        sentAt: timestamp(),
      });
    },

    ping: () => {
      this.#answer({ type: 'pong', sentAt: timestamp() });
    },
  };

  // ----------------------------------------------------------------- timers

  #after(name, seconds, callback) {
    this.#cancel(name);
    this.#timers.set(
      name,
      setTimeout(() => {
        this.#timers.delete(name);
        callback();
      }, ms(seconds)),
    );
  }

  #cancel(name) {
    clearTimeout(this.#timers.get(name));
    this.#timers.delete(name);
  }
}

const members = new Set();

setInterval(() => {
  const now = performance.now();
  for (const member of members) member.checkOutboxAge(now);
}, 250);

// ======================================================================= HTTP

const http = createServer({
  maxHeaderSize: LIMITS.head_bytes,
  headersTimeout: ms(LIMITS.auth_timeout_s),
  requestTimeout: ms(2 * LIMITS.auth_timeout_s),
  connectionsCheckingInterval: 500,
});

http.on('request', (req, res) => {
  req.resume();
  const isRoot = /^\/(\?|$)/.test(req.url);
  let status = 404;
  if (isRoot) status = req.method === 'GET' || req.method === 'HEAD' ? 200 : 405;
  // A handshake without "Connection: Upgrade" is an ordinary request for Node.
  if (req.headers['sec-websocket-key'] !== undefined) status = 400;
  res.writeHead(status, { 'Content-Type': 'text/plain; charset=utf-8' });
  res.end(`${STATUS_CODES[status]}\n`);
});

http.on('clientError', (error, socket) => {
  if (error.code === 'ECONNRESET' || !socket.writable) return socket.destroy();
  const statuses = { HPE_HEADER_OVERFLOW: 431, ERR_HTTP_REQUEST_TIMEOUT: 408 };
  const status = statuses[error.code] ?? 400;
  socket.end(`HTTP/1.1 ${status} ${STATUS_CODES[status]}\r\nConnection: close\r\nContent-Length: 0\r\n\r\n`);
  setTimeout(() => socket.destroy(), ms(LIMITS.close_deadline_s));
});

const wss = new WebSocketServer({
  noServer: true,
  WebSocket: Member,
  maxPayload: LIMITS.max_frame_bytes,
  perMessageDeflate: false,
  clientTracking: false,
  handleProtocols: () => false, // a subprotocol is not repeated to the client
});
wss.on('error', (error) => note(`websocket server error: ${error.code ?? error.name}`));

http.on('upgrade', (req, socket, head) => {
  socket.on('error', () => socket.destroy());
  wss.handleUpgrade(req, socket, head, (member) => {
    members.add(member);
    member.start(socket);
  });
});

http.on('error', (error) => {
  note(`server error: ${error.code ?? error.name}`);
  if (!http.listening) process.exit(1);
});

http.listen(PORT, HOST, () => note(`ready on ${HOST}:${http.address().port}`));

// =================================================================== shutdown

for (const signal of ['SIGINT', 'SIGTERM']) {
  process.once(signal, () => {
    http.close();
    for (const member of members) member.close(1001);
    setTimeout(() => process.exit(0), ms(LIMITS.close_deadline_s) + 200);
  });
}
