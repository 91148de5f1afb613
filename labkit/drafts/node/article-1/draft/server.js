'use strict';

const crypto = require('crypto');
const fs = require('fs');
const http = require('http');
const path = require('path');
const { WebSocketServer, WebSocket } = require('ws');
const { loadUsers, createAuthenticator } = require('./auth');
const { openAuditLog } = require('./audit');
const { parseMessage } = require('./messages');

const HOST = 'localhost';
const PORT = Number(process.env.PORT) || 8080;
const AUDIT_FILE = process.env.AUDIT_FILE || path.join(__dirname, 'audit.log');

const AUTH_TIMEOUT = 10_000;         // time a client has to authenticate
const HEARTBEAT_INTERVAL = 30_000;
const MAX_PAYLOAD = 16 * 1024;       // largest message a client may send
const MAX_BUFFERED = 1024 * 1024;    // most that may wait for a slow client
const MAX_ROOMS_PER_CLIENT = 20;

const CLOSE_POLICY = 1008;
const CLOSE_TRY_AGAIN = 1013;

const { users, generated } = loadUsers();
const authenticate = createAuthenticator(users);
const audit = openAuditLog(AUDIT_FILE);

// --- HTTP: the page ---------------------------------------------------------

const STATIC = new Map([
  ['/', ['index.html', 'text/html; charset=utf-8']],
  ['/client.js', ['client.js', 'text/javascript; charset=utf-8']],
  ['/style.css', ['style.css', 'text/css; charset=utf-8']],
]);

const server = http.createServer((req, res) => {
  const entry = STATIC.get(req.url.split('?')[0]);
  if (!entry || req.method !== 'GET') {
    res.writeHead(entry ? 405 : 404, { 'Content-Type': 'text/plain' });
    res.end(entry ? 'Method not allowed' : 'Not found');
    return;
  }
  fs.readFile(path.join(__dirname, 'public', entry[0]), (err, body) => {
    if (err) {
      res.writeHead(500).end();
      return;
    }
    res.writeHead(200, {
      'Content-Type': entry[1],
      'Content-Security-Policy': "default-src 'self'; connect-src 'self' ws: wss:",
      'X-Content-Type-Options': 'nosniff',
      'Referrer-Policy': 'no-referrer',
    });
    res.end(body);
  });
});

// --- Rooms ------------------------------------------------------------------

const rooms = new Map(); // roomId -> Set of sockets

function addToRoom(ws, roomId) {
  if (!rooms.has(roomId)) rooms.set(roomId, new Set());
  rooms.get(roomId).add(ws);
  ws.state.rooms.add(roomId);
}

function removeFromRoom(ws, roomId) {
  ws.state.rooms.delete(roomId);
  const members = rooms.get(roomId);
  if (!members) return;
  members.delete(ws);
  if (members.size === 0) rooms.delete(roomId);
}

// --- Sending ----------------------------------------------------------------

/** Every message to a client goes through here, so none escapes the limit. */
function sendRaw(ws, data) {
  if (ws.readyState !== WebSocket.OPEN) return false;
  if (ws.bufferedAmount + Buffer.byteLength(data) > MAX_BUFFERED) {
    closeSlow(ws);
    return false;
  }
  ws.send(data, (err) => {
    if (err) ws.terminate();
  });
  return true;
}

function send(ws, message) {
  return sendRaw(ws, JSON.stringify(message));
}

function sendToRoom(roomId, message) {
  const data = JSON.stringify(message);
  for (const ws of [...(rooms.get(roomId) || [])]) sendRaw(ws, data);
}

function closeSlow(ws) {
  audit.write('slow_client', { connectionId: ws.state.id, userId: ws.state.userId, buffered: ws.bufferedAmount });
  dropFromRooms(ws);
  ws.close(CLOSE_TRY_AGAIN, 'Too much buffered');
  // The close frame waits behind the buffer; do not wait for ever.
  setTimeout(() => ws.terminate(), 5000).unref();
}

function reject(ws, reason) {
  audit.write('rejected', { connectionId: ws.state.id, userId: ws.state.userId, reason });
  ws.close(CLOSE_POLICY, reason);
}

function dropFromRooms(ws) {
  for (const roomId of [...ws.state.rooms]) {
    removeFromRoom(ws, roomId);
    audit.write('leave', { connectionId: ws.state.id, userId: ws.state.userId, roomId });
    sendToRoom(roomId, { type: 'left', roomId, userId: ws.state.userId });
  }
}

// --- Messages ---------------------------------------------------------------

const handlers = {
  auth(ws, { token }) {
    if (ws.state.userId) return reject(ws, 'Already authenticated');
    const userId = authenticate(token);
    if (!userId) return reject(ws, 'Authentication failed');
    clearTimeout(ws.state.authTimer);
    ws.state.userId = userId;
    audit.write('auth', { connectionId: ws.state.id, userId });
    send(ws, { type: 'authenticated', userId });
  },

  join(ws, { roomId }) {
    if (ws.state.rooms.has(roomId)) {
      send(ws, { type: 'joined', roomId, userId: ws.state.userId });
      return;
    }
    if (ws.state.rooms.size >= MAX_ROOMS_PER_CLIENT) return reject(ws, 'Too many rooms');
    addToRoom(ws, roomId);
    audit.write('join', { connectionId: ws.state.id, userId: ws.state.userId, roomId });
    sendToRoom(roomId, { type: 'joined', roomId, userId: ws.state.userId });
  },

  leave(ws, { roomId }) {
    if (!ws.state.rooms.has(roomId)) return reject(ws, 'Not in this room');
    removeFromRoom(ws, roomId);
    audit.write('leave', { connectionId: ws.state.id, userId: ws.state.userId, roomId });
    send(ws, { type: 'left', roomId, userId: ws.state.userId });
    sendToRoom(roomId, { type: 'left', roomId, userId: ws.state.userId });
  },

  chat(ws, { roomId, text }) {
    if (!ws.state.rooms.has(roomId)) return reject(ws, 'Not in this room');
    const message = {
      type: 'chat',
      id: crypto.randomUUID(),
      roomId,
      userId: ws.state.userId,
      text,
      at: new Date().toISOString(),
    };
    // The log comes first: what was delivered was also recorded.
    audit.write('chat', { connectionId: ws.state.id, userId: message.userId, roomId, messageId: message.id, text });
    sendToRoom(roomId, message);
  },
};

// --- Connections ------------------------------------------------------------

function originAllowed(req) {
  const { origin, host } = req.headers;
  if (!origin) return true; // not a browser
  try {
    return new URL(origin).host === host;
  } catch {
    return false;
  }
}

const wss = new WebSocketServer({
  server,
  path: '/ws',
  maxPayload: MAX_PAYLOAD,
  verifyClient: ({ req }) => originAllowed(req),
});

wss.on('connection', (ws) => {
  ws.state = {
    id: crypto.randomUUID(),
    userId: null,
    rooms: new Set(),
    alive: true,
    authTimer: setTimeout(() => reject(ws, 'Authentication timeout'), AUTH_TIMEOUT),
  };
  audit.write('connect', { connectionId: ws.state.id });

  ws.on('pong', () => {
    ws.state.alive = true;
  });

  ws.on('message', (data, isBinary) => {
    if (ws.readyState !== WebSocket.OPEN) return; // being closed
    const message = parseMessage(data, isBinary);
    if (!message) return reject(ws, 'Invalid message');
    if (!ws.state.userId && message.type !== 'auth') return reject(ws, 'Authenticate first');
    handlers[message.type](ws, message);
  });

  ws.on('error', (err) => {
    console.error(`connection ${ws.state.id}: ${err.message}`);
  });

  ws.on('close', (code) => {
    clearTimeout(ws.state.authTimer);
    dropFromRooms(ws);
    audit.write('disconnect', { connectionId: ws.state.id, userId: ws.state.userId, code });
  });
});

// --- Heartbeat --------------------------------------------------------------

const heartbeat = setInterval(() => {
  for (const ws of wss.clients) {
    if (!ws.state.alive) {
      ws.terminate();
      continue;
    }
    ws.state.alive = false;
    ws.ping();
    if (ws.bufferedAmount > MAX_BUFFERED && ws.readyState === WebSocket.OPEN) closeSlow(ws);
  }
}, HEARTBEAT_INTERVAL);

// --- Start and stop ---------------------------------------------------------

server.on('error', (err) => {
  console.error(err.message);
  process.exit(1);
});

server.listen(PORT, HOST, () => {
  console.log(`http://${HOST}:${PORT}/`);
  if (generated.length) {
    console.log('AUTH_TOKENS is not set. Tokens for this run:');
    for (const { id, token } of generated) console.log(`  ${id}: ${token}`);
  }
});

function stop() {
  clearInterval(heartbeat);
  for (const ws of wss.clients) ws.close(1001, 'Server stopping');
  server.close();
  setTimeout(() => process.exit(0), 1000);
}

process.on('SIGINT', stop);
process.on('SIGTERM', stop);
