const http = require('http');
const fs = require('fs');
const path = require('path');
const WebSocket = require('ws');

const port = process.env.PORT || 8080;
const page = fs.readFileSync(path.join(__dirname, 'index.html'));

const server = http.createServer((req, res) => {
  if (req.url === '/' || req.url === '/index.html') {
    res.writeHead(200, { 'Content-Type': 'text/html; charset=utf-8' });
    res.end(page);
  } else {
    res.writeHead(404, { 'Content-Type': 'text/plain' });
    res.end('Not found');
  }
});

const wss = new WebSocket.Server({ server, maxPayload: 64 * 1024 });

// socket -> user name
const users = new Map();
let guestNumber = 1;

function broadcast(message) {
  const json = JSON.stringify(message);
  for (const socket of users.keys()) {
    if (socket.readyState === WebSocket.OPEN) socket.send(json);
  }
}

function broadcastUsers() {
  broadcast({ type: 'users', users: [...users.values()] });
}

function cleanName(name) {
  return String(name || '').trim().slice(0, 20);
}

function isTaken(name) {
  return [...users.values()].some((u) => u.toLowerCase() === name.toLowerCase());
}

wss.on('connection', (socket) => {
  let name;
  do {
    name = `Guest${guestNumber++}`;
  } while (isTaken(name));
  users.set(socket, name);
  socket.isAlive = true;

  socket.send(JSON.stringify({ type: 'welcome', name }));
  broadcast({ type: 'info', text: `${name} joined the chat` });
  broadcastUsers();

  socket.on('pong', () => {
    socket.isAlive = true;
  });

  socket.on('message', (data) => {
    let msg;
    try {
      msg = JSON.parse(data.toString());
    } catch (err) {
      return;
    }
    if (!msg || typeof msg !== 'object') return;

    if (msg.type === 'message') {
      const text = typeof msg.text === 'string' ? msg.text.trim().slice(0, 1000) : '';
      if (text) {
        broadcast({ type: 'message', name: users.get(socket), text, time: Date.now() });
      }
    } else if (msg.type === 'name') {
      const oldName = users.get(socket);
      const newName = cleanName(msg.name);
      if (!newName || newName === oldName) return;
      if (newName.toLowerCase() !== oldName.toLowerCase() && isTaken(newName)) {
        socket.send(JSON.stringify({ type: 'info', text: `The name "${newName}" is taken` }));
        return;
      }
      users.set(socket, newName);
      socket.send(JSON.stringify({ type: 'welcome', name: newName }));
      broadcast({ type: 'info', text: `${oldName} is now ${newName}` });
      broadcastUsers();
    }
  });

  socket.on('close', () => {
    const leaving = users.get(socket);
    users.delete(socket);
    broadcast({ type: 'info', text: `${leaving} left the chat` });
    broadcastUsers();
  });

  socket.on('error', (err) => console.error('WebSocket error:', err.message));
});

// Detect dead connections
setInterval(() => {
  for (const socket of wss.clients) {
    if (!socket.isAlive) {
      socket.terminate();
    } else {
      socket.isAlive = false;
      socket.ping();
    }
  }
}, 30000);

server.listen(port, 'localhost', () => {
  console.log(`Chat server running at http://localhost:${port}`);
});
