// The page of `labkit doctor --browser`: opens a WebSocket, sends a word, and reports whether the word came back.

import { beside, socketOf } from "./place.js";

const WORD = "hello";
const PATIENCE_MS = 5000;
const result = document.querySelector("#result");
const socket = new WebSocket(socketOf());
const timer = setTimeout(() => end(false), PATIENCE_MS);
let isOver = false;

socket.addEventListener("open", () => socket.send(WORD));
socket.addEventListener("message", ({ data }) => end(data === WORD));
socket.addEventListener("close", () => end(false));

function end(works) {
  if (isOver) return;
  isOver = true;
  clearTimeout(timer);
  result.className = `notice ${works ? "good" : "bad"}`;
  result.textContent = works
    ? "WebSockets work in this browser. You can close this page."
    : "This browser cannot open a WebSocket to this machine. The terminal says what to do.";
  fetch(beside(works ? "works" : "fails"), { cache: "no-store" }).catch(() => {});
}
