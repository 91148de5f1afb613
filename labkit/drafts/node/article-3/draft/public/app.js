import { Connection } from './connection.js';

const $ = (id) => document.getElementById(id);

let credentials = null; // in memory only
let connection = null;
let currentRoom = null;

async function getTicket() {
  const response = await fetch('/api/ticket', {
    method: 'POST',
    headers: { 'Content-Type': 'application/json' },
    body: JSON.stringify(credentials),
  });
  const body = await response.json();
  if (response.ok) return body.ticket;
  const error = new Error(body.error);
  error.fatal = response.status >= 400 && response.status < 500;
  throw error;
}

function onStatus(status, detail) {
  const texts = {
    connecting: 'Connecting…',
    online: `Online as ${detail}`,
    waiting: `Offline. Trying again in ${Math.ceil(detail / 1000)} s`,
    refused: `Refused: ${detail}`,
  };
  $('status').textContent = texts[status];
  $('status').className = status;
  $('send').disabled = status !== 'online';

  if (status === 'online') {
    $('login').hidden = true;
    $('app').hidden = false;
  } else if (status === 'refused') {
    showLogin();
  }
}

function onMessage(message) {
  switch (message.type) {
    case 'joined':
      if (message.roomId === currentRoom) $('title').textContent = `Room ${message.roomId}`;
      note(`You are in ${message.roomId}.`);
      break;
    case 'presence':
      if (message.roomId === currentRoom) note(`${message.user} ${message.event}.`);
      break;
    case 'chat':
      if (message.roomId === currentRoom) show(message);
      break;
    case 'error':
      note(message.message);
      break;
  }
}

function show({ user, text, time }) {
  const item = document.createElement('li');
  const name = document.createElement('b');
  const when = document.createElement('time');
  name.textContent = user;
  when.textContent = new Date(time).toLocaleTimeString();
  item.append(name, ' ', when, document.createElement('br'), text);
  add(item);
}

function note(text) {
  const item = document.createElement('li');
  item.className = 'note';
  item.textContent = text;
  add(item);
}

function add(item) {
  $('messages').append(item);
  item.scrollIntoView({ block: 'nearest' });
}

function showLogin() {
  connection?.close();
  connection = null;
  credentials = null;
  currentRoom = null;
  $('app').hidden = true;
  $('login').hidden = false;
}

function enter(roomId) {
  if (roomId === currentRoom) return;
  if (currentRoom) connection.leave(currentRoom);
  currentRoom = roomId;
  $('messages').replaceChildren();
  connection.join(roomId);
}

$('login').addEventListener('submit', (event) => {
  event.preventDefault();
  connection?.close();
  credentials = { user: $('user').value.trim(), password: $('password').value };
  $('password').value = '';
  connection = new Connection({ getTicket, onMessage, onStatus });
  currentRoom = null;
  enter($('room').value);
  connection.open();
});

$('switch').addEventListener('submit', (event) => {
  event.preventDefault();
  enter($('other-room').value);
  $('other-room').value = '';
});

$('leave').addEventListener('click', () => {
  showLogin();
  $('status').textContent = 'Signed out';
  $('status').className = '';
});

$('compose').addEventListener('submit', (event) => {
  event.preventDefault();
  const text = $('text').value.trim();
  if (text && connection.send({ type: 'chat', roomId: currentRoom, text })) $('text').value = '';
});
