'use strict';

const el = (id) => document.getElementById(id);

let ws = null;
let me = null;      // { name, room } once joined
let leaving = false;
let reconnectTimer = null;
let typingTimer = null;
let lastTypingSent = 0;

function open(name, room) {
  leaving = false;
  const proto = location.protocol === 'https:' ? 'wss:' : 'ws:';
  ws = new WebSocket(`${proto}//${location.host}`);

  ws.onopen = () => sendMessage({ type: 'join', name, room });
  ws.onmessage = (e) => receive(JSON.parse(e.data));
  ws.onclose = () => {
    if (leaving) return;
    if (me) {
      el('connection').textContent = 'Connection lost, trying again…';
      reconnectTimer = setTimeout(() => open(me.name, me.room), 2000);
    } else if (!el('login-error').textContent) {
      el('login-error').textContent = 'Cannot reach the server.';
    }
  };
}

function sendMessage(message) {
  if (!ws || ws.readyState !== WebSocket.OPEN) return false;
  ws.send(JSON.stringify(message));
  return true;
}

function receive(data) {
  switch (data.type) {
    case 'joined':
      me = { name: data.name, room: data.room };
      el('login').hidden = true;
      el('chat').hidden = false;
      el('room-name').textContent = data.room;
      el('connection').textContent = `You are ${data.name}`;
      el('messages').replaceChildren();
      data.history.forEach(showMessage);
      showMembers(data.members);
      showNotice('You joined the room.');
      el('text').focus();
      break;
    case 'entered':
      showNotice(`${data.name} joined.`);
      showMembers(data.members);
      break;
    case 'left':
      showNotice(`${data.name} left.`);
      showMembers(data.members);
      break;
    case 'message':
      showMessage(data);
      el('typing').textContent = '';
      break;
    case 'typing':
      el('typing').textContent = `${data.name} is typing…`;
      clearTimeout(typingTimer);
      typingTimer = setTimeout(() => { el('typing').textContent = ''; }, 3000);
      break;
    case 'error':
      if (el('chat').hidden) {
        el('login-error').textContent = data.message;
        ws.close();
      } else {
        showNotice(data.message);
      }
      break;
  }
}

function append(node) {
  const box = el('messages');
  const follow = box.scrollHeight - box.scrollTop - box.clientHeight < 60;
  box.append(node);
  if (follow) box.scrollTop = box.scrollHeight;
}

function make(tag, className, text) {
  const node = document.createElement(tag);
  node.className = className;
  if (text !== undefined) node.textContent = text;
  return node;
}

function showMessage({ from, text, at }) {
  const node = make('div', 'message');
  node.append(
    make('span', from === me.name ? 'from me' : 'from', from),
    make('span', 'at', new Date(at).toLocaleTimeString([], { hour: '2-digit', minute: '2-digit' })),
    make('div', 'text', text)
  );
  append(node);
}

function showNotice(text) {
  append(make('div', 'notice', text));
}

function showMembers(names) {
  el('members').replaceChildren(...names.map((n) => make('li', '', n)));
}

el('login-form').addEventListener('submit', (e) => {
  e.preventDefault();
  el('login-error').textContent = '';
  open(el('name').value.trim(), el('room').value.trim());
});

el('message-form').addEventListener('submit', (e) => {
  e.preventDefault();
  const text = el('text').value.trim();
  if (text && sendMessage({ type: 'message', text })) {
    el('text').value = '';
    lastTypingSent = 0;
  }
});

el('text').addEventListener('keydown', (e) => {
  if (e.key === 'Enter' && !e.shiftKey && !e.isComposing) {
    e.preventDefault();
    el('message-form').requestSubmit();
  }
});

el('text').addEventListener('input', () => {
  const now = Date.now();
  if (now - lastTypingSent > 2000) {
    lastTypingSent = now;
    sendMessage({ type: 'typing' });
  }
});

el('leave').addEventListener('click', () => {
  leaving = true;
  clearTimeout(reconnectTimer);
  me = null;
  ws.close();
  el('chat').hidden = true;
  el('login').hidden = false;
  el('name').focus();
});
