'use strict';

const { randomUUID } = require('node:crypto');
const { WebSocketServer, WebSocket } = require('ws');
const { parse } = require('./protocol');

const POLICY_VIOLATION = 1008;
const TRY_AGAIN_LATER = 1013;

const DEFAULTS = {
  path: '/realtime',
  authTimeout: 10_000,
  heartbeatInterval: 30_000,
  maxPayload: 16 * 1024,
  maxBuffered: 1024 * 1024,
  maxRooms: 10,
};

function attachRealtime(server, { tickets, audit, ...options }) {
  const opts = { ...DEFAULTS, ...options };
  const rooms = new Map();    // roomId -> Set<WebSocket>
  const sessions = new Map(); // WebSocket -> session

  const wss = new WebSocketServer({ noServer: true, maxPayload: opts.maxPayload });

  server.on('upgrade', (req, socket, head) => {
    socket.on('error', () => socket.destroy());
    if (req.url !== opts.path) {
      socket.end('HTTP/1.1 404 Not Found\r\nConnection: close\r\n\r\n');
      return;
    }
    if (!sameOrigin(req)) {
      socket.end('HTTP/1.1 403 Forbidden\r\nConnection: close\r\n\r\n');
      return;
    }
    wss.handleUpgrade(req, socket, head, (ws) => wss.emit('connection', ws, req));
  });

  wss.on('connection', (ws) => {
    const session = {
      id: randomUUID(),
      user: null,
      rooms: new Set(),
      isAlive: true,
      lastPong: Date.now(),
      // Messages of one client are handled one after the other.
      queue: Promise.resolve(),
      authTimer: setTimeout(() => refuse(ws, 'Authentication timed out'), opts.authTimeout),
    };
    sessions.set(ws, session);

    ws.on('pong', () => {
      session.isAlive = true;
      session.lastPong = Date.now();
    });

    ws.on('message', (data, isBinary) => {
      if (ws.readyState !== WebSocket.OPEN) return;
      const result = parse(data, isBinary);
      if (!result.ok) return refuse(ws, result.reason);

      session.queue = session.queue.then(async () => {
        if (ws.readyState !== WebSocket.OPEN) return;
        try {
          await handle(ws, session, result.message);
        } catch (err) {
          console.error(err);
          ws.close(1011, 'Internal error');
        }
      });
    });

    ws.on('error', (err) => console.error(`[${session.id}] ${err.message}`));

    ws.on('close', (code) => {
      clearTimeout(session.authTimer);
      sessions.delete(ws);
      for (const roomId of [...session.rooms]) leave(ws, session, roomId);
      if (session.user) audit.note('disconnected', { session: session.id, user: session.user, code });
    });
  });

  // --- messages ---

  async function handle(ws, session, message) {
    if (message.type === 'auth') {
      if (session.user) return refuse(ws, 'Already authenticated');
      const user = tickets.redeem(message.ticket);
      if (!user) return refuse(ws, 'Invalid ticket');
      clearTimeout(session.authTimer);
      session.user = user;
      audit.note('authenticated', { session: session.id, user });
      send(ws, { type: 'authenticated', user });
      return;
    }

    if (!session.user) return refuse(ws, 'Not authenticated');

    switch (message.type) {
      case 'join':
        return join(ws, session, message.roomId);
      case 'leave':
        if (session.rooms.has(message.roomId)) {
          leave(ws, session, message.roomId);
          send(ws, { type: 'left', roomId: message.roomId });
        }
        return;
      case 'chat':
        return chat(ws, session, message);
    }
  }

  function join(ws, session, roomId) {
    if (!session.rooms.has(roomId)) {
      if (session.rooms.size >= opts.maxRooms) {
        send(ws, { type: 'error', message: `At most ${opts.maxRooms} rooms at once` });
        return;
      }
      if (!rooms.has(roomId)) rooms.set(roomId, new Set());
      rooms.get(roomId).add(ws);
      session.rooms.add(roomId);
      audit.note('joined', { session: session.id, user: session.user, roomId });
      toRoom(roomId, { type: 'presence', roomId, user: session.user, event: 'joined' }, ws);
    }
    send(ws, { type: 'joined', roomId });
  }

  function leave(ws, session, roomId) {
    session.rooms.delete(roomId);
    const members = rooms.get(roomId);
    members.delete(ws);
    if (members.size === 0) rooms.delete(roomId);
    audit.note('left', { session: session.id, user: session.user, roomId });
    toRoom(roomId, { type: 'presence', roomId, user: session.user, event: 'left' });
  }

  async function chat(ws, session, { roomId, text }) {
    if (!session.rooms.has(roomId)) {
      send(ws, { type: 'error', message: `Not in room ${roomId}` });
      return;
    }
    const message = {
      type: 'chat',
      id: randomUUID(),
      roomId,
      user: session.user,
      text: text.trim(),
      time: Date.now(),
    };
    // Recorded first, delivered second.
    await audit.append('chat', { session: session.id, user: message.user, roomId, id: message.id, text: message.text });
    toRoom(roomId, message);
  }

  // --- sending ---

  function toRoom(roomId, message, except) {
    const data = JSON.stringify(message);
    for (const member of rooms.get(roomId) ?? []) {
      if (member !== except) sendData(member, data);
    }
  }

  function send(ws, message) {
    sendData(ws, JSON.stringify(message));
  }

  function sendData(ws, data) {
    if (ws.readyState !== WebSocket.OPEN) return;
    if (ws.bufferedAmount > opts.maxBuffered) {
      const session = sessions.get(ws);
      audit.note('slow_client', { session: session?.id, user: session?.user, buffered: ws.bufferedAmount });
      close(ws, TRY_AGAIN_LATER, 'Reading too slowly');
      return;
    }
    ws.send(data);
  }

  function refuse(ws, reason) {
    const session = sessions.get(ws);
    audit.note('refused', { session: session?.id, user: session?.user, reason });
    close(ws, POLICY_VIOLATION, reason);
  }

  function close(ws, code, reason) {
    ws.close(code, reason);
    setTimeout(() => ws.terminate(), 5_000).unref();
  }

  // --- heartbeat ---

  const heartbeat = setInterval(() => {
    for (const [ws, session] of sessions) {
      if (!session.isAlive) {
        ws.terminate();
        continue;
      }
      session.isAlive = false;
      if (ws.readyState === WebSocket.OPEN) ws.ping();
    }
  }, opts.heartbeatInterval);

  return {
    stop() {
      clearInterval(heartbeat);
      for (const ws of sessions.keys()) ws.close(1001, 'Server is stopping');
    },
  };
}

function sameOrigin(req) {
  const { origin, host } = req.headers;
  if (origin === undefined) return true;
  try {
    return new URL(origin).host === host;
  } catch {
    return false;
  }
}

module.exports = { attachRealtime };
