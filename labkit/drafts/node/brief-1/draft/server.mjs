// Room server over WebSocket. Start: node server.mjs
import { createServer } from 'node:http';
import { createHash, randomBytes, randomUUID, timingSafeEqual } from 'node:crypto';
import { WebSocketServer, WebSocket } from 'ws';

// ---------------------------------------------------------------- settings

const PORT = Number(process.env.PORT || 8080);
const DEV_TOKEN = process.env.DEV_TOKEN ?? 'dev-token';

const AUTH_TIMEOUT_S = 5;
const PING_INTERVAL_S = 30;
const PING_TIMEOUT_S = 10;
const CLOSE_DEADLINE_S = 1;
const OUTBOX_BYTES = 1048576;
const OUTBOX_AGE_S = 5;
const MAX_MESSAGE_BYTES = 8192;
const MAX_FRAME_BYTES = 65536;
const MAX_HEAD_BYTES = 16384;

// The only close reasons that this server ever sends.
const REASONS = new Map([
  [1000, 'done'],
  [1001, 'going away'],
  [1002, 'protocol error'],
  [1003, 'text only'],
  [1007, 'invalid UTF-8'],
  [1008, 'invalid message'],
  [1009, 'frame too big'],
  [1011, 'internal error'],
  [1013, 'slow'],
  [4401, 'auth required'],
  [4403, 'auth failed'],
  [4408, 'no pong'],
]);

// ------------------------------------------------------------------- state

/** roomId -> Set of connections. A Map, so that a room may be named __proto__. */
const rooms = new Map();
const connections = new Set();

// ------------------------------------------------------------------- audit

let auditBroken = false;
process.stdout.on('error', () => {
  auditBroken = true;
});

/** Records an event before anybody receives it. Returns false if it cannot be recorded. */
function record(line) {
  if (auditBroken) return false;
  process.stdout.write(line + '\n');
  return true;
}

function log(text) {
  process.stderr.write(text + '\n');
}
process.stderr.on('error', () => {});

// -------------------------------------------------------------- validation

const ROOM_ID = /^[a-zA-Z0-9:_-]{1,64}$/;

/** Returns a message with known fields only, or null if the message is invalid. */
function parseMessage(data) {
  if (data.length > MAX_MESSAGE_BYTES) return null;
  let raw;
  try {
    raw = JSON.parse(data.toString('utf8'));
  } catch {
    return null;
  }
  if (raw === null || typeof raw !== 'object' || Array.isArray(raw)) return null;

  switch (raw.type) {
    case 'auth':
      if (typeof raw.token !== 'string' || raw.token.length < 8) return null;
      return { type: 'auth', token: raw.token };
    case 'join':
      if (!isRoomId(raw.roomId)) return null;
      return { type: 'join', roomId: raw.roomId };
    case 'chat':
      if (!isRoomId(raw.roomId)) return null;
      if (typeof raw.text !== 'string' || raw.text.length < 1 || raw.text.length > 1000) return null;
      return {
        type: 'chat',
        roomId: raw.roomId,
        text: raw.text,
        requestId: typeof raw.requestId === 'string' ? raw.requestId.slice(0, 100) : randomUUID(),
      };
    case 'ping':
      return { type: 'ping' };
    default:
      return null;
  }
}

function isRoomId(value) {
  return typeof value === 'string' && ROOM_ID.test(value);
}

const digest = (text) => createHash('sha256').update(text, 'utf8').digest();
const EXPECTED = digest(DEV_TOKEN);

function tokenIsRight(token) {
  return timingSafeEqual(digest(token), EXPECTED);
}

// ------------------------------------------------------------------ outbox

function send(conn, message) {
  sendFrame(conn, Buffer.from(JSON.stringify(message), 'utf8'));
}

/** Frames are Buffers: ws.bufferedAmount counts a waiting string in characters, not bytes. */
function sendFrame(conn, frame) {
  if (conn.closed || conn.ws.readyState !== WebSocket.OPEN) return;
  const written = trackFrame(conn);
  conn.ws.send(frame, { binary: false }, written);
  checkOutbox(conn);
}

function checkOutbox(conn) {
  if (!conn.closed && conn.ws.bufferedAmount > OUTBOX_BYTES) conn.ws.close(1013);
}

/** Notes when a frame began to wait; the returned function is called when it is written. */
function trackFrame(conn) {
  conn.waiting.push(Date.now());
  if (conn.ageTimer === null) armAgeTimer(conn, OUTBOX_AGE_S * 1000);
  return () => {
    conn.firstWaiting += 1;
    if (conn.firstWaiting === conn.waiting.length) {
      conn.waiting = [];
      conn.firstWaiting = 0;
    } else if (conn.firstWaiting > 1024 && conn.firstWaiting * 2 > conn.waiting.length) {
      conn.waiting = conn.waiting.slice(conn.firstWaiting);
      conn.firstWaiting = 0;
    }
  };
}

function armAgeTimer(conn, delay) {
  conn.ageTimer = setTimeout(() => {
    conn.ageTimer = null;
    if (conn.closed || conn.waiting.length === 0) return;
    const age = Date.now() - conn.waiting[conn.firstWaiting];
    if (age >= OUTBOX_AGE_S * 1000) conn.ws.close(1013);
    else armAgeTimer(conn, OUTBOX_AGE_S * 1000 - age);
  }, delay);
}

// --------------------------------------------------------------- heartbeat

function schedulePing(conn, delay) {
  conn.pingTimer = setTimeout(() => {
    if (conn.closed) return;
    conn.pingPayload = randomBytes(8);
    conn.ws.ping(conn.pingPayload, false, trackFrame(conn));
    clearTimeout(conn.pongTimer);
    conn.pongTimer = setTimeout(() => conn.ws.close(4408), PING_TIMEOUT_S * 1000);
    schedulePing(conn, PING_INTERVAL_S * 1000);
  }, delay);
}

function onPong(conn, payload) {
  if (conn.pingPayload !== null && conn.pingPayload.equals(payload)) {
    conn.pingPayload = null;
    clearTimeout(conn.pongTimer);
  }
}

// ---------------------------------------------------------------- messages

function onMessage(conn, data, isBinary) {
  // ws still emits messages while a connection is closing: they have no effect.
  if (conn.closed) return;
  if (isBinary) return conn.ws.close(1003);

  const message = parseMessage(data);
  if (message === null) return conn.ws.close(1008);
  if (message.type === 'auth') return onAuth(conn, message);
  if (conn.userId === null) return conn.ws.close(4403);

  switch (message.type) {
    case 'join':
      return onJoin(conn, message);
    case 'chat':
      return onChat(conn, message);
    case 'ping':
      return send(conn, { type: 'pong', sentAt: new Date().toISOString() });
  }
}

function onAuth(conn, { token }) {
  if (conn.userId !== null) return; // a second auth changes nothing
  if (!tokenIsRight(token)) return conn.ws.close(4403);
  clearTimeout(conn.authTimer);
  conn.userId = 'user-' + randomUUID();
  send(conn, { type: 'auth_ok', connectionId: conn.id, userId: conn.userId });
  // Spread the first pings over the second half of the interval.
  schedulePing(conn, PING_INTERVAL_S * 1000 * (0.5 + Math.random() / 2));
}

function onJoin(conn, { roomId }) {
  let members = rooms.get(roomId);
  if (members === undefined) {
    members = new Set();
    rooms.set(roomId, members);
  }
  members.add(conn);
  conn.rooms.add(roomId);
  send(conn, { type: 'joined', roomId });
}

function onChat(conn, { roomId, requestId, text }) {
  if (!conn.rooms.has(roomId)) return conn.ws.close(1008);
  const line = JSON.stringify({
    type: 'chat',
    id: randomUUID(),
    requestId,
    roomId,
    userId: conn.userId,
    text,
    sentAt: new Date().toISOString(),
  });
  if (!record(line)) return conn.ws.close(1011);
  const frame = Buffer.from(line, 'utf8');
  // A copy: a member that turns out to be slow leaves the room during the loop.
  for (const member of [...rooms.get(roomId)]) sendFrame(member, frame);
}

// ------------------------------------------------------------- connections

/** From here on the connection is in no room, and nothing it sends has an effect. */
function retire(conn) {
  if (conn.closed) return;
  conn.closed = true;
  clearTimeout(conn.authTimer);
  clearTimeout(conn.pingTimer);
  clearTimeout(conn.pongTimer);
  clearTimeout(conn.ageTimer);
  for (const roomId of conn.rooms) {
    const members = rooms.get(roomId);
    members.delete(conn);
    if (members.size === 0) rooms.delete(roomId);
  }
  conn.rooms.clear();
}

function onConnection(ws) {
  const conn = {
    id: 'conn-' + randomUUID(),
    ws,
    userId: null,
    rooms: new Set(),
    closed: false,
    waiting: [],
    firstWaiting: 0,
    pingPayload: null,
    authTimer: null,
    pingTimer: null,
    pongTimer: null,
    ageTimer: null,
    abortTimer: null,
  };
  connections.add(conn);

  // Every close goes through here: ours, and those that ws makes itself (a protocol error, and the
  // answer to a close frame, in which ws would repeat the reason that the client sent).
  const close = ws.close.bind(ws);
  ws.close = (code) => {
    retire(conn);
    if (conn.abortTimer === null) {
      conn.abortTimer = setTimeout(() => ws.terminate(), CLOSE_DEADLINE_S * 1000);
    }
    close(code, REASONS.get(code));
  };

  conn.authTimer = setTimeout(() => ws.close(4401), AUTH_TIMEOUT_S * 1000);

  ws.on('message', (data, isBinary) => {
    try {
      onMessage(conn, data, isBinary);
    } catch (error) {
      log(`internal error: ${error instanceof Error ? error.name : 'unknown'}`);
      ws.close(1011);
    }
  });
  ws.on('ping', () => checkOutbox(conn)); // ws has just queued the pong
  ws.on('pong', (payload) => onPong(conn, payload));
  ws.on('error', () => {}); // ws closes the connection; 'close' follows
  ws.on('close', () => {
    retire(conn);
    clearTimeout(conn.abortTimer);
    connections.delete(conn);
  });
}

// -------------------------------------------------------------------- HTTP

const server = createServer(
  {
    maxHeaderSize: MAX_HEAD_BYTES,
    headersTimeout: AUTH_TIMEOUT_S * 1000,
    requestTimeout: AUTH_TIMEOUT_S * 1000,
    connectionsCheckingInterval: 1000,
  },
  (req, res) => {
    req.resume();
    const root = req.url === '/' || req.url.startsWith('/?');
    if (root && (req.method === 'GET' || req.method === 'HEAD')) {
      // A handshake that lacks its Connection or Upgrade header arrives here.
      const handshake = 'sec-websocket-key' in req.headers || 'sec-websocket-version' in req.headers;
      answer(res, handshake ? 426 : 200, handshake ? 'upgrade required\n' : 'ok\n');
    } else {
      answer(res, 404, 'not found\n');
    }
  },
);

function answer(res, status, body) {
  const headers = { 'content-type': 'text/plain; charset=utf-8', 'content-length': body.length };
  if (status === 426) headers.upgrade = 'websocket';
  res.writeHead(status, headers);
  res.end(body);
}

const wss = new WebSocketServer({
  server,
  maxPayload: MAX_FRAME_BYTES,
  perMessageDeflate: false,
  clientTracking: false,
  handleProtocols: () => false, // ws would echo the first subprotocol, which may hold a secret
});

wss.on('connection', onConnection);
wss.on('error', () => {}); // ws forwards the errors of the HTTP server, which is handled below
server.on('error', (error) => {
  log(`server error: ${error.code ?? error.name}`);
  if (!server.listening) process.exit(1);
});

server.listen(PORT, '127.0.0.1', () => log(`listening on 127.0.0.1:${server.address().port}`));

// ---------------------------------------------------------------- shutdown

let stopping = false;
function stop() {
  if (stopping) return;
  stopping = true;
  server.close();
  for (const conn of connections) conn.ws.close(1001);
  setTimeout(() => process.exit(0), (CLOSE_DEADLINE_S + 0.5) * 1000);
}
process.on('SIGTERM', stop);
process.on('SIGINT', stop);
