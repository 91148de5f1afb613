'use strict';

const BASE_DELAY = 500;
const MAX_DELAY = 30_000;

const $ = (id) => document.getElementById(id);

let ws = null;
let token = null;        // kept in memory only
let room = null;         // joined again after a reconnect
let attempts = 0;
let retryTimer = null;

// --- Connection ---------------------------------------------------------------

function connect() {
  clearTimeout(retryTimer);
  setStatus('Connecting…');
  const scheme = location.protocol === 'https:' ? 'wss:' : 'ws:';
  // The token is not part of the URL: it goes into the first message.
  const socket = new WebSocket(`${scheme}//${location.host}/ws`);
  ws = socket;

  socket.onopen = () => send({ type: 'auth', token });
  socket.onmessage = (event) => {
    if (socket === ws) receive(JSON.parse(event.data));
  };
  socket.onclose = (event) => {
    if (socket !== ws) return;
    ws = null;
    $('chat').hidden = true;
    if (token === null) {
      setStatus('Not connected');
    } else if (event.code === 1008) {
      // Refused: trying again with the same would not help.
      logout(`Refused by the server: ${event.reason || 'policy'}`);
    } else {
      scheduleReconnect();
    }
  };
}

/** Exponential backoff with full jitter. */
function scheduleReconnect() {
  const ceiling = Math.min(MAX_DELAY, BASE_DELAY * 2 ** attempts);
  const delay = Math.random() * ceiling;
  attempts += 1;
  setStatus(`Connection lost. Trying again in ${(delay / 1000).toFixed(1)} s (attempt ${attempts})`);
  retryTimer = setTimeout(connect, delay);
}

function send(message) {
  if (ws && ws.readyState === WebSocket.OPEN) {
    ws.send(JSON.stringify(message));
    return true;
  }
  return false;
}

function logout(status) {
  clearTimeout(retryTimer);
  token = null;
  room = null;
  attempts = 0;
  if (ws) ws.close(1000);
  $('login').hidden = false;
  $('join').hidden = true;
  $('chat').hidden = true;
  setStatus(status);
}

// --- Messages -------------------------------------------------------------------

function receive(message) {
  switch (message.type) {
    case 'authenticated':
      attempts = 0;
      setStatus(`Connected as ${message.userId}`);
      $('login').hidden = true;
      $('token').value = '';
      $('join').hidden = false;
      if (room) send({ type: 'join', roomId: room });
      break;
    case 'joined':
      if (message.roomId === room) {
        $('current').textContent = room;
        $('chat').hidden = false;
      }
      note(`${message.userId} joined ${message.roomId}`);
      break;
    case 'left':
      note(`${message.userId} left ${message.roomId}`);
      break;
    case 'chat': {
      const li = document.createElement('li');
      const who = document.createElement('strong');
      who.textContent = `${message.userId}: `;
      li.append(who, message.text);
      li.title = `${message.roomId}, ${new Date(message.at).toLocaleString()}`;
      append(li);
      break;
    }
  }
}

// --- Page -----------------------------------------------------------------------

function setStatus(text) {
  $('status').textContent = text;
}

function note(text) {
  const li = document.createElement('li');
  li.className = 'note';
  li.textContent = text;
  append(li);
}

function append(li) {
  $('log').append(li);
  $('log').scrollTop = $('log').scrollHeight;
}

$('login').addEventListener('submit', (event) => {
  event.preventDefault();
  token = $('token').value.trim();
  attempts = 0;
  connect();
});

$('join').addEventListener('submit', (event) => {
  event.preventDefault();
  const next = $('room').value;
  if (next === room) return;
  if (room) send({ type: 'leave', roomId: room });
  room = next;
  send({ type: 'join', roomId: room });
});

$('disconnect').addEventListener('click', () => logout('Not connected'));

$('chat').addEventListener('submit', (event) => {
  event.preventDefault();
  if (send({ type: 'chat', roomId: room, text: $('text').value })) $('text').value = '';
});
