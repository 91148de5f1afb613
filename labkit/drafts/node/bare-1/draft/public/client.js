'use strict';

const $ = (id) => document.getElementById(id);

const joinForm = $('join');
const nameInput = $('name');
const joinError = $('join-error');
const chat = $('chat');
const status = $('status');
const messages = $('messages');
const users = $('users');
const count = $('count');
const composer = $('composer');
const textInput = $('text');
const sendButton = composer.querySelector('button');

let socket = null;
let myName = null;
let joined = false;
let retryDelay = 1000;

function connect() {
  const scheme = location.protocol === 'https:' ? 'wss' : 'ws';
  socket = new WebSocket(`${scheme}://${location.host}/ws`);

  socket.addEventListener('open', () => {
    socket.send(JSON.stringify({ type: 'join', name: myName }));
  });

  socket.addEventListener('message', (event) => {
    handle(JSON.parse(event.data));
  });

  socket.addEventListener('close', () => {
    socket = null;
    setOnline(false);
    if (!myName) return;
    if (!joined) {
      joinError.textContent = 'Could not connect to the server.';
      myName = null;
      return;
    }
    status.textContent = 'Disconnected, reconnecting…';
    setTimeout(connect, retryDelay);
    retryDelay = Math.min(retryDelay * 2, 15000);
  });
}

function handle(message) {
  switch (message.type) {
    case 'welcome':
      joined = true;
      myName = message.name;
      retryDelay = 1000;
      joinForm.hidden = true;
      chat.hidden = false;
      messages.replaceChildren();
      message.history.forEach(addChat);
      setOnline(true);
      status.textContent = `Connected as ${myName}`;
      textInput.focus();
      break;
    case 'join-error':
      joined = false;
      myName = null;
      chat.hidden = true;
      joinForm.hidden = false;
      joinError.textContent = message.text;
      socket.close();
      nameInput.focus();
      break;
    case 'chat':
      addChat(message);
      break;
    case 'system':
      addNote(message.text, 'system');
      break;
    case 'users':
      count.textContent = message.users.length;
      users.replaceChildren(...message.users.map((name) => {
        const li = document.createElement('li');
        li.textContent = name === myName ? `${name} (you)` : name;
        return li;
      }));
      break;
    case 'error':
      addNote(message.text, 'failed');
      break;
  }
}

function setOnline(online) {
  textInput.disabled = !online;
  sendButton.disabled = !online;
}

function append(li) {
  const atBottom = messages.scrollHeight - messages.scrollTop - messages.clientHeight < 40;
  messages.append(li);
  if (atBottom || li.classList.contains('own')) messages.scrollTop = messages.scrollHeight;
}

function addChat(message) {
  const li = document.createElement('li');
  if (message.name === myName) li.classList.add('own');

  const time = document.createElement('time');
  const date = new Date(message.time);
  time.dateTime = date.toISOString();
  time.textContent = date.toLocaleTimeString([], { hour: '2-digit', minute: '2-digit' });

  const name = document.createElement('span');
  name.className = 'name';
  name.textContent = message.name;

  const text = document.createElement('span');
  text.textContent = message.text;

  li.append(time, name, text);
  append(li);
}

function addNote(text, className) {
  const li = document.createElement('li');
  li.className = className;
  li.textContent = text;
  append(li);
}

joinForm.addEventListener('submit', (event) => {
  event.preventDefault();
  const name = nameInput.value.trim();
  if (!name || socket) return;
  joinError.textContent = '';
  myName = name;
  connect();
});

composer.addEventListener('submit', (event) => {
  event.preventDefault();
  const text = textInput.value.trim();
  if (!text || !socket || socket.readyState !== WebSocket.OPEN) return;
  socket.send(JSON.stringify({ type: 'chat', text }));
  textInput.value = '';
  textInput.focus();
});
