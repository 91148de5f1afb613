'use strict';

const http = require('http');
const fs = require('fs');
const path = require('path');
const { WebSocketServer, WebSocket } = require('ws');

const HOST = 'localhost';
const PORT = Number(process.env.PORT) || 8080;

const MAX_NAME = 24;
const MAX_TEXT = 2000;
const HISTORY_SIZE = 50;
const PING_INTERVAL = 30000;

// ---------------------------------------------------------------------------
// Static files
// ---------------------------------------------------------------------------

const PUBLIC = path.join(__dirname, 'public');
const FILES = {
  '/': ['index.html', 'text/html; charset=utf-8'],
  '/index.html': ['index.html', 'text/html; charset=utf-8'],
  '/style.css': ['style.css', 'text/css; charset=utf-8'],
  '/client.js': ['client.js', 'text/javascript; charset=utf-8'],
};

const server = http.createServer((req, res) => {
  if (req.method !== 'GET' && req.method !== 'HEAD') {
    res.writeHead(405, { Allow: 'GET, HEAD' });
    res.end();
    return;
  }

  const pathname = req.url.split('?')[0];
  const entry = Object.hasOwn(FILES, pathname) ? FILES[pathname] : null;
  if (!entry) {
    res.writeHead(404, { 'Content-Type': 'text/plain; charset=utf-8' });
    res.end('Not found\n');
    return;
  }

  fs.readFile(path.join(PUBLIC, entry[0]), (err, data) => {
    if (err) {
      res.writeHead(500, { 'Content-Type': 'text/plain; charset=utf-8' });
      res.end('Internal error\n');
      return;
    }
    res.writeHead(200, {
      'Content-Type': entry[1],
      'Content-Length': data.length,
      'X-Content-Type-Options': 'nosniff',
    });
    res.end(req.method === 'HEAD' ? undefined : data);
  });
});

// ---------------------------------------------------------------------------
// Chat
// ---------------------------------------------------------------------------

const wss = new WebSocketServer({
  server,
  path: '/ws',
  maxPayload: 16 * 1024,
  verifyClient: ({ origin, req }) => {
    // Browsers send an Origin; only accept pages served by this server.
    if (!origin) return true;
    try {
      return new URL(origin).host === req.headers.host;
    } catch {
      return false;
    }
  },
});

const history = [];

function send(ws, message) {
  if (ws.readyState === WebSocket.OPEN) ws.send(JSON.stringify(message));
}

function broadcast(message) {
  const data = JSON.stringify(message);
  for (const client of wss.clients) {
    if (client.readyState === WebSocket.OPEN && client.userName) client.send(data);
  }
}

function userNames() {
  const names = [];
  for (const client of wss.clients) {
    if (client.userName && client.readyState === WebSocket.OPEN) names.push(client.userName);
  }
  return names.sort((a, b) => a.localeCompare(b));
}

function nameTaken(name) {
  const wanted = name.toLowerCase();
  return userNames().some((n) => n.toLowerCase() === wanted);
}

function remember(message) {
  history.push(message);
  if (history.length > HISTORY_SIZE) history.shift();
}

function handleJoin(ws, message) {
  if (ws.userName) {
    send(ws, { type: 'error', text: 'You have already joined.' });
    return;
  }
  const name = typeof message.name === 'string' ? message.name.trim().replace(/\s+/g, ' ') : '';
  if (!name || name.length > MAX_NAME) {
    send(ws, { type: 'join-error', text: `Choose a name of 1 to ${MAX_NAME} characters.` });
    return;
  }
  if (nameTaken(name)) {
    send(ws, { type: 'join-error', text: 'That name is already in use.' });
    return;
  }

  ws.userName = name;
  send(ws, { type: 'welcome', name, history });
  broadcast({ type: 'system', text: `${name} joined`, time: Date.now() });
  broadcast({ type: 'users', users: userNames() });
}

function handleChat(ws, message) {
  if (!ws.userName) {
    send(ws, { type: 'error', text: 'Join first.' });
    return;
  }
  const text = typeof message.text === 'string' ? message.text.trim() : '';
  if (!text) return;
  if (text.length > MAX_TEXT) {
    send(ws, { type: 'error', text: `Messages can have at most ${MAX_TEXT} characters.` });
    return;
  }
  const chat = { type: 'chat', name: ws.userName, text, time: Date.now() };
  remember(chat);
  broadcast(chat);
}

wss.on('connection', (ws) => {
  ws.isAlive = true;
  ws.userName = null;

  ws.on('pong', () => {
    ws.isAlive = true;
  });

  ws.on('error', (err) => {
    console.error('socket error:', err.message);
  });

  ws.on('message', (data, isBinary) => {
    if (isBinary) {
      send(ws, { type: 'error', text: 'Binary messages are not supported.' });
      return;
    }
    let message;
    try {
      message = JSON.parse(data.toString());
    } catch {
      send(ws, { type: 'error', text: 'Invalid JSON.' });
      return;
    }
    if (message === null || typeof message !== 'object') {
      send(ws, { type: 'error', text: 'Invalid message.' });
      return;
    }

    switch (message.type) {
      case 'join':
        handleJoin(ws, message);
        break;
      case 'chat':
        handleChat(ws, message);
        break;
      default:
        send(ws, { type: 'error', text: 'Unknown message type.' });
    }
  });

  ws.on('close', () => {
    if (!ws.userName) return;
    broadcast({ type: 'system', text: `${ws.userName} left`, time: Date.now() });
    broadcast({ type: 'users', users: userNames() });
  });
});

// Drop connections that no longer answer pings.
const pingTimer = setInterval(() => {
  for (const ws of wss.clients) {
    if (!ws.isAlive) {
      ws.terminate();
      continue;
    }
    ws.isAlive = false;
    ws.ping();
  }
}, PING_INTERVAL);

server.on('error', (err) => {
  console.error(err.code === 'EADDRINUSE' ? `Port ${PORT} is already in use.` : err.message);
  process.exit(1);
});

server.listen(PORT, HOST, () => {
  console.log(`Chat is running on http://${HOST}:${PORT}/`);
});

function shutdown() {
  clearInterval(pingTimer);
  for (const ws of wss.clients) ws.close(1001, 'Server is shutting down');
  server.close(() => process.exit(0));
  setTimeout(() => process.exit(0), 1000).unref();
}

process.on('SIGINT', shutdown);
process.on('SIGTERM', shutdown);
