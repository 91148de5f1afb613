"use strict";

const log = document.getElementById("log");
const state = document.getElementById("state");
const users = document.getElementById("users");
const count = document.getElementById("count");
const form = document.getElementById("form");
const input = document.getElementById("input");
const dialog = document.getElementById("dialog");
const nickInput = document.getElementById("nick");

let socket;
let nick = "";

function line(className, ts) {
  const li = document.createElement("li");
  li.className = className;
  if (ts) {
    const time = document.createElement("time");
    time.textContent = new Date(ts).toLocaleTimeString();
    li.append(time);
  }
  return li;
}

function add(li) {
  log.append(li);
  log.scrollTop = log.scrollHeight;
}

function color(name) {
  let hash = 0;
  for (const c of name) hash = (hash * 31 + c.codePointAt(0)) % 360;
  return `hsl(${hash}, 70%, 70%)`;
}

function showMessage(m) {
  const li = line("message", m.ts);
  const who = document.createElement("span");
  who.className = "nick";
  who.style.color = color(m.nick);
  who.textContent = m.nick;
  li.append(who, m.text);
  add(li);
}

function showText(className, text, ts) {
  const li = line(className, ts);
  li.append(text);
  add(li);
}

function setOnline(online) {
  state.textContent = online ? `online as ${nick}` : "offline";
  state.className = online ? "online" : "offline";
  input.disabled = !online;
  form.querySelector("button").disabled = !online;
  if (online) input.focus();
}

function connect() {
  const protocol = location.protocol === "https:" ? "wss:" : "ws:";
  socket = new WebSocket(`${protocol}//${location.host}/ws`);

  socket.addEventListener("open", () => {
    socket.send(JSON.stringify({ type: "join", nick }));
  });

  socket.addEventListener("message", (event) => {
    const data = JSON.parse(event.data);
    switch (data.type) {
      case "joined":
        nick = data.nick;
        log.replaceChildren();
        data.history.forEach(showMessage);
        setOnline(true);
        break;
      case "message":
        showMessage(data);
        break;
      case "notice":
        showText("notice", data.text, data.ts);
        break;
      case "error":
        showText("error", data.text);
        break;
      case "users":
        count.textContent = data.users.length;
        users.replaceChildren(...data.users.map((name) => {
          const li = document.createElement("li");
          li.textContent = name;
          li.style.color = color(name);
          return li;
        }));
        break;
    }
  });

  socket.addEventListener("close", () => {
    setOnline(false);
    setTimeout(connect, 2000);
  });
}

form.addEventListener("submit", (event) => {
  event.preventDefault();
  const text = input.value.trim();
  if (!text || socket.readyState !== WebSocket.OPEN) return;
  socket.send(JSON.stringify({ type: "message", text }));
  input.value = "";
});

dialog.addEventListener("cancel", (event) => event.preventDefault());
dialog.addEventListener("close", () => {
  nick = nickInput.value.trim();
  if (!nick) {
    dialog.showModal();
    return;
  }
  connect();
});

dialog.showModal();
