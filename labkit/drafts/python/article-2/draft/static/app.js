"use strict";

class RealtimeClient extends EventTarget {
  constructor(url) {
    super();
    this.url = url;
    this.minDelay = 500;
    this.maxDelay = 30000;
    this.attempts = 0;
    this.stopped = true;
  }

  start(credentials, roomId) {
    this.stop();
    this.credentials = credentials; // in memory only
    this.roomId = roomId;
    this.stopped = false;
    this.attempts = 0;
    this.connect();
  }

  stop() {
    this.stopped = true;
    clearTimeout(this.timer);
    const socket = this.socket;
    this.socket = null;
    if (socket) socket.close(1000);
  }

  connect() {
    this.emit("status", "Connecting…");
    const socket = new WebSocket(this.url);
    this.socket = socket;

    socket.addEventListener("open", () => {
      this.send({ type: "authenticate", ...this.credentials });
    });

    socket.addEventListener("message", (event) => {
      if (socket !== this.socket) return;
      let message;
      try {
        message = JSON.parse(event.data);
      } catch {
        return;
      }
      if (message.type === "authenticated") {
        this.send({ type: "join", roomId: this.roomId });
      } else if (message.type === "joined") {
        this.attempts = 0;
        this.emit("status", `Connected to ${message.roomId}`);
      }
      this.emit("message", message);
    });

    socket.addEventListener("close", (event) => {
      if (socket !== this.socket) return;
      this.socket = null;
      if (this.stopped) return;
      if (event.code === 1008) {
        this.stopped = true;
        this.emit("status", `Closed by the server: ${event.reason}`);
        this.emit("refused");
        return;
      }
      this.schedule();
    });
  }

  schedule() {
    const ceiling = Math.min(this.maxDelay, this.minDelay * 2 ** this.attempts);
    const delay = ceiling / 2 + Math.random() * (ceiling / 2);
    this.attempts += 1;
    this.emit("status", `Connection lost. Reconnecting in ${(delay / 1000).toFixed(1)} s…`);
    this.emit("lost");
    this.timer = setTimeout(() => this.connect(), delay);
  }

  send(message) {
    if (!this.socket || this.socket.readyState !== WebSocket.OPEN) return false;
    this.socket.send(JSON.stringify(message));
    return true;
  }

  emit(name, detail) {
    this.dispatchEvent(new CustomEvent(name, { detail }));
  }
}

const $ = (selector) => document.querySelector(selector);
const scheme = location.protocol === "https:" ? "wss:" : "ws:";
const client = new RealtimeClient(`${scheme}//${location.host}/ws`);

const login = $("#login");
const room = $("#room");
const compose = $("#compose");
const sendButton = compose.querySelector("button");

client.addEventListener("status", (e) => { $("#status").textContent = e.detail; });
client.addEventListener("lost", () => { sendButton.disabled = true; });
client.addEventListener("refused", () => {
  room.hidden = true;
  login.hidden = false;
});

client.addEventListener("message", ({ detail: message }) => {
  if (message.type === "joined") {
    login.hidden = true;
    room.hidden = false;
    sendButton.disabled = false;
    compose.elements.text.focus();
  } else if (message.type === "presence") {
    $("#names").textContent = message.names.join(", ");
  } else if (message.type === "chat") {
    const li = document.createElement("li");
    const who = document.createElement("strong");
    who.textContent = `${message.from}: `;
    li.append(who, message.text);
    li.title = new Date(message.sentAt).toLocaleString();
    const list = $("#messages");
    list.append(li);
    list.scrollTop = list.scrollHeight;
  }
});

login.addEventListener("submit", (event) => {
  event.preventDefault();
  const { name, token, roomId } = login.elements;
  $("#messages").replaceChildren();
  client.start({ name: name.value.trim(), token: token.value }, roomId.value);
});

$("#leave").addEventListener("click", () => {
  client.send({ type: "leave" });
  client.stop();
  $("#status").textContent = "Offline";
  room.hidden = true;
  login.hidden = false;
});

compose.addEventListener("submit", (event) => {
  event.preventDefault();
  const text = compose.elements.text.value.trim();
  if (text && client.send({ type: "chat", text })) compose.reset();
});
