'use strict';

const { createServer } = require('node:http');
const { readFile } = require('node:fs/promises');
const { join, extname } = require('node:path');
const { WebSocketServer } = require('ws');

const port = parseInt(process.env.PORT, 10) || 8080;
const publicDir = join(__dirname, 'public');

const types = {
  '.html': 'text/html; charset=utf-8',
  '.css': 'text/css; charset=utf-8',
  '.js': 'application/javascript; charset=utf-8',
};

const httpServer = createServer(async (req, res) => {
  let file = new URL(req.url, 'http://localhost').pathname;
  if (file === '/') file = '/index.html';

  // Only plain file names from the public folder are served.
  if (!/^\/[a-z]+\.(html|css|js)$/.test(file)) {
    res.writeHead(404).end('Not found');
    return;
  }

  try {
    const body = await readFile(join(publicDir, file));
    res.writeHead(200, { 'Content-Type': types[extname(file)] });
    res.end(body);
  } catch {
    res.writeHead(404).end('Not found');
  }
});

/** room name -> { members: Set of sockets, history: array of messages } */
const rooms = new Map();

const HISTORY_LIMIT = 100;
const NAME_PATTERN = /^[\p{L}\p{N}_ -]{1,20}$/u;
const ROOM_PATTERN = /^[\p{L}\p{N}_-]{1,20}$/u;
const MAX_TEXT = 1000;

const wss = new WebSocketServer({ server: httpServer, maxPayload: 8192 });

function send(ws, type, payload) {
  if (ws.readyState === ws.OPEN) {
    ws.send(JSON.stringify({ type, ...payload }));
  }
}

function sendToRoom(room, type, payload) {
  for (const member of room.members) send(member, type, payload);
}

function memberNames(room) {
  return [...room.members].map((m) => m.user.name);
}

function leaveRoom(ws) {
  if (!ws.user) return;
  const { name, roomName } = ws.user;
  const room = rooms.get(roomName);
  ws.user = null;
  room.members.delete(ws);
  if (room.members.size === 0) {
    rooms.delete(roomName);
    return;
  }
  sendToRoom(room, 'left', { name, members: memberNames(room) });
}

function joinRoom(ws, { name, room: roomName }) {
  name = typeof name === 'string' ? name.trim() : '';
  roomName = typeof roomName === 'string' ? roomName.trim().toLowerCase() : '';

  if (!NAME_PATTERN.test(name)) {
    return send(ws, 'error', { message: 'The name must be 1–20 letters, digits, spaces, - or _.' });
  }
  if (!ROOM_PATTERN.test(roomName)) {
    return send(ws, 'error', { message: 'The room must be 1–20 letters, digits, - or _.' });
  }

  const existing = rooms.get(roomName);
  if (existing) {
    const taken = [...existing.members].some(
      (m) => m !== ws && m.user.name.toLowerCase() === name.toLowerCase()
    );
    if (taken) {
      return send(ws, 'error', { message: `Someone called "${name}" is already in this room.` });
    }
  }

  leaveRoom(ws);

  let room = rooms.get(roomName);
  if (!room) {
    room = { members: new Set(), history: [] };
    rooms.set(roomName, room);
  }
  ws.user = { name, roomName };
  room.members.add(ws);

  send(ws, 'joined', { name, room: roomName, members: memberNames(room), history: room.history });
  for (const member of room.members) {
    if (member !== ws) send(member, 'entered', { name, members: memberNames(room) });
  }
}

function postMessage(ws, { text }) {
  if (!ws.user) return send(ws, 'error', { message: 'Join a room first.' });
  if (typeof text !== 'string' || !text.trim()) return;
  if (text.length > MAX_TEXT) {
    return send(ws, 'error', { message: `A message may have at most ${MAX_TEXT} characters.` });
  }

  const room = rooms.get(ws.user.roomName);
  const message = { from: ws.user.name, text: text.trim(), at: new Date().toISOString() };
  room.history.push(message);
  if (room.history.length > HISTORY_LIMIT) room.history.shift();
  sendToRoom(room, 'message', message);
}

function typing(ws) {
  if (!ws.user) return;
  const room = rooms.get(ws.user.roomName);
  for (const member of room.members) {
    if (member !== ws) send(member, 'typing', { name: ws.user.name });
  }
}

const handlers = { join: joinRoom, message: postMessage, typing };

wss.on('connection', (ws) => {
  ws.user = null;
  ws.alive = true;

  ws.on('pong', () => { ws.alive = true; });

  ws.on('message', (raw) => {
    let data;
    try {
      data = JSON.parse(raw);
    } catch {
      return send(ws, 'error', { message: 'Could not read that message.' });
    }
    if (!data || !Object.hasOwn(handlers, data.type)) {
      return send(ws, 'error', { message: 'Unknown kind of message.' });
    }
    handlers[data.type](ws, data);
  });

  ws.on('close', () => leaveRoom(ws));
  ws.on('error', (err) => console.error(err.message));
});

const heartbeat = setInterval(() => {
  for (const ws of wss.clients) {
    if (!ws.alive) {
      ws.terminate();
      continue;
    }
    ws.alive = false;
    ws.ping();
  }
}, 30_000);

wss.on('close', () => clearInterval(heartbeat));

httpServer.listen(port, 'localhost', () => {
  console.log(`Listening on http://localhost:${port}`);
});
