'use strict';

const http = require('node:http');
const fs = require('node:fs');
const path = require('node:path');
const { randomUUID, randomBytes, createHash, timingSafeEqual } = require('node:crypto');
const { WebSocketServer, WebSocket } = require('ws');

const config = {
  host: 'localhost',
  port: Number(process.env.PORT || 8080),
  secret: process.env.CHAT_SECRET || '',
  auditFile: process.env.AUDIT_LOG || path.join(__dirname, 'audit.jsonl'),
  authTimeoutMs: 5000,
  pingIntervalMs: 20000,
  maxPayload: 32 * 1024,
  maxBufferedBytes: Number(process.env.MAX_BUFFERED_BYTES || 512 * 1024),
};

if (!config.secret) {
  config.secret = randomBytes(16).toString('hex');
  console.log(`CHAT_SECRET is not set, using this one until the server stops: ${config.secret}`);
}

const digest = (value) => createHash('sha256').update(value).digest();
const secretDigest = digest(config.secret);

// Replace this with the check of a session or a signed token of your own.
function checkCredentials({ token }) {
  return timingSafeEqual(digest(token), secretDigest);
}

// ----------------------------------------------------------------- audit log

// The audit log is a record of its own. It does not depend on whether, and to
// whom, a message was delivered. It never contains the secret.
const auditFd = fs.openSync(config.auditFile, 'a', 0o600);

function audit(action, fields) {
  const line = JSON.stringify({ time: new Date().toISOString(), action, ...fields });
  fs.appendFileSync(auditFd, line + '\n');
}

// ---------------------------------------------------------------- validation

const text = (min, max) => (v) => typeof v === 'string' && v.trim().length >= min && v.length <= max;
const roomId = (v) => typeof v === 'string' && /^[\w-]{1,50}$/.test(v);

const messageTypes = {
  auth: { name: text(1, 30), token: text(1, 200) },
  join: { roomId },
  leave: { roomId },
  message: { roomId, text: text(1, 2000) },
};

class InvalidMessage extends Error {}

function decode(data, isBinary) {
  if (isBinary) throw new InvalidMessage('binary message');
  let value;
  try {
    value = JSON.parse(data.toString('utf8'));
  } catch {
    throw new InvalidMessage('not JSON');
  }
  if (typeof value !== 'object' || value === null || Array.isArray(value)) {
    throw new InvalidMessage('not an object');
  }
  if (typeof value.type !== 'string' || !Object.hasOwn(messageTypes, value.type)) {
    throw new InvalidMessage('unknown type');
  }
  const result = { type: value.type };
  for (const [key, isValid] of Object.entries(messageTypes[value.type])) {
    if (!isValid(value[key])) throw new InvalidMessage(`invalid ${key}`);
    result[key] = value[key];
  }
  return result;
}

// --------------------------------------------------------------------- rooms

const rooms = new Map();

function roomMembers(id) {
  return rooms.get(id) ?? new Set();
}

class Client {
  constructor(ws) {
    this.ws = ws;
    this.id = randomUUID();
    this.name = null;
    this.rooms = new Set();
    this.alive = true;
    this.authTimer = setTimeout(() => this.violation('authentication timeout'), config.authTimeoutMs);

    ws.on('message', (data, isBinary) => this.onMessage(data, isBinary));
    ws.on('pong', () => { this.alive = true; });
    ws.on('close', (code) => this.onClose(code));
    ws.on('error', (err) => console.warn(`${this.id}: ${err.message}`));
  }

  get authenticated() {
    return this.name !== null;
  }

  send(message) {
    this.sendText(JSON.stringify(message));
  }

  sendText(json) {
    if (this.ws.readyState !== WebSocket.OPEN) return;
    if (this.ws.bufferedAmount > config.maxBufferedBytes) {
      audit('overload', { client: this.id, name: this.name, buffered: this.ws.bufferedAmount });
      this.close(1013, 'client reads too slowly');
      return;
    }
    this.ws.send(json);
  }

  violation(reason) {
    audit('violation', { client: this.id, name: this.name, reason });
    this.close(1008, reason);
  }

  close(code, reason) {
    clearTimeout(this.authTimer);
    this.ws.close(code, reason);
    // A client that does not read does not answer the close either.
    const timer = setTimeout(() => this.ws.terminate(), 3000);
    timer.unref();
  }

  onMessage(data, isBinary) {
    if (this.ws.readyState !== WebSocket.OPEN) return;
    let message;
    try {
      message = decode(data, isBinary);
    } catch (err) {
      if (err instanceof InvalidMessage) return this.violation(err.message);
      throw err;
    }
    if (message.type === 'auth') return this.authenticate(message);
    if (!this.authenticated) return this.violation('not authenticated');
    if (message.type === 'join') return this.join(message.roomId);
    if (message.type === 'leave') return this.leave(message.roomId);
    return this.post(message);
  }

  authenticate(message) {
    if (this.authenticated) return this.violation('already authenticated');
    if (!checkCredentials(message)) return this.violation('authentication failed');
    clearTimeout(this.authTimer);
    this.name = message.name.trim();
    audit('auth', { client: this.id, name: this.name });
    this.send({ type: 'ready', clientId: this.id, name: this.name });
  }

  join(id) {
    if (!rooms.has(id)) rooms.set(id, new Set());
    const members = rooms.get(id);
    if (!members.has(this)) {
      members.add(this);
      this.rooms.add(id);
      audit('join', { client: this.id, name: this.name, roomId: id });
      toRoom(id, { type: 'presence', roomId: id, name: this.name, state: 'joined' }, this);
    }
    this.send({ type: 'joined', roomId: id, members: [...members].map((c) => c.name) });
  }

  leave(id) {
    if (!this.rooms.has(id)) return;
    this.rooms.delete(id);
    const members = roomMembers(id);
    members.delete(this);
    if (members.size === 0) rooms.delete(id);
    audit('leave', { client: this.id, name: this.name, roomId: id });
    this.send({ type: 'left', roomId: id });
    toRoom(id, { type: 'presence', roomId: id, name: this.name, state: 'left' });
  }

  post({ roomId: id, text: body }) {
    if (!this.rooms.has(id)) return this.send({ type: 'error', code: 'not_in_room', roomId: id });
    const message = {
      type: 'message',
      id: randomUUID(),
      roomId: id,
      from: { id: this.id, name: this.name },
      text: body,
      time: new Date().toISOString(),
    };
    audit('message', { client: this.id, name: this.name, roomId: id, messageId: message.id, text: body });
    toRoom(id, message);
  }

  onClose(code) {
    clearTimeout(this.authTimer);
    clients.delete(this);
    for (const id of [...this.rooms]) this.leave(id);
    audit('disconnect', { client: this.id, name: this.name, code });
  }
}

function toRoom(id, message, except) {
  const json = JSON.stringify(message);
  for (const client of roomMembers(id)) {
    if (client !== except) client.sendText(json);
  }
}

// -------------------------------------------------------------------- server

const page = fs.readFileSync(path.join(__dirname, 'index.html'));

const server = http.createServer((req, res) => {
  if (req.method === 'GET' && req.url === '/') {
    res.writeHead(200, {
      'Content-Type': 'text/html; charset=utf-8',
      'Referrer-Policy': 'no-referrer',
      'Cache-Control': 'no-cache',
    });
    res.end(page);
    return;
  }
  res.writeHead(404, { 'Content-Type': 'text/plain' });
  res.end('not found\n');
});

const wss = new WebSocketServer({ noServer: true, maxPayload: config.maxPayload });
const clients = new Set();

server.on('upgrade', (req, socket, head) => {
  const refuse = (status) => {
    socket.end(`HTTP/1.1 ${status}\r\nConnection: close\r\n\r\n`);
  };
  // Exactly /ws: with a query there might be a secret in the URL.
  if (req.url !== '/ws') return refuse('404 Not Found');
  const { origin } = req.headers;
  if (origin && origin !== `http://${req.headers.host}` && origin !== `https://${req.headers.host}`) {
    return refuse('403 Forbidden');
  }
  wss.handleUpgrade(req, socket, head, (ws) => {
    const client = new Client(ws);
    clients.add(client);
    audit('connect', { client: client.id, address: req.socket.remoteAddress });
  });
});

const heartbeat = setInterval(() => {
  for (const client of clients) {
    if (!client.alive) {
      client.ws.terminate();
      continue;
    }
    client.alive = false;
    if (client.ws.readyState === WebSocket.OPEN) client.ws.ping();
  }
}, config.pingIntervalMs);

server.listen(config.port, config.host, () => {
  console.log(`Open http://${config.host}:${config.port}/`);
});

for (const signal of ['SIGINT', 'SIGTERM']) {
  process.once(signal, () => {
    clearInterval(heartbeat);
    server.close();
    for (const client of clients) client.close(1001, 'server stops');
    setTimeout(() => process.exit(0), 500);
  });
}
