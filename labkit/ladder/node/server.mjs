// A room server on Node and `ws`, as a first draft: it runs, and a chat works. The patches beside it repair the rest.
// PORT, DEV_TOKEN, AUTH_TIMEOUT_S and PING_INTERVAL_S are read from the environment.
import { randomUUID } from "node:crypto";
import { createServer } from "node:http";
import { WebSocketServer } from "ws";

const PORT = Number(process.env.PORT || 8080);
const DEV_TOKEN = process.env.DEV_TOKEN || "dev-token";
const AUTH_TIMEOUT_MS = 1000 * Number(process.env.AUTH_TIMEOUT_S || 5);
const PING_INTERVAL_MS = 1000 * Number(process.env.PING_INTERVAL_S || 30);
const MAX_MESSAGE_BYTES = 8192;
const MAX_OUTBOX_BYTES = 1024 * 1024;
const members = new Map(); // room id -> sockets

const http = createServer((request, response) => response.end("WebSocket server is running\n"));
const wss = new WebSocketServer({ server: http });

const isRoom = ({ roomId }) => typeof roomId === "string" && /^[a-zA-Z0-9:_-]{1,64}$/.test(roomId);
const isText = ({ text }) => typeof text === "string" && text.length >= 1 && text.length <= 1000;
const isToken = ({ token }) => typeof token === "string" && token.length >= 8;
const checks = new Map([
  ["auth", (message) => (isToken(message) ? "" : "invalid token")],
  ["join", (message) => (isRoom(message) ? "" : "invalid roomId")],
  ["chat", (message) => (isRoom(message) ? (isText(message) ? "" : "invalid text") : "invalid roomId")],
  ["ping", () => ""],
]);

function read(raw) {
  if (raw.length > MAX_MESSAGE_BYTES) return { fault: "message too large" };
  let message;
  try {
    message = JSON.parse(raw.toString());
  } catch {
    return { fault: "invalid JSON" };
  }
  if (message === null || typeof message !== "object" || Array.isArray(message)) return { fault: "message must be an object" };
  const check = checks.get(message.type);
  return { message, fault: check ? check(message) : `unsupported type: ${message.type}` };
}

function reply(socket, message) {
  socket.send(JSON.stringify(message));
}

function deliver(socket, text) {
  if (socket.readyState !== socket.OPEN) return;
  if (socket.bufferedAmount > MAX_OUTBOX_BYTES) socket.close(1013, "slow consumer");
  else socket.send(text);
}

function leaveAll(socket) {
  for (const roomId of socket.rooms) {
    members.get(roomId)?.delete(socket);
    if (members.get(roomId)?.size === 0) members.delete(roomId);
  }
  socket.rooms.clear();
}

const acts = {
  auth() {},
  join(socket, { roomId }) {
    if (!members.has(roomId)) members.set(roomId, new Set());
    members.get(roomId).add(socket);
    socket.rooms.add(roomId);
    reply(socket, { type: "joined", roomId });
  },
  chat(socket, { roomId, requestId, text }) {
    if (!socket.rooms.has(roomId)) return refuse(socket, 1008, "join the room before you chat");
    const event = {
      type: "chat",
      id: randomUUID(),
      requestId: typeof requestId === "string" ? requestId.slice(0, 100) : randomUUID(),
      roomId,
      userId: socket.userId,
      text,
      sentAt: new Date().toISOString(),
    };
    console.log(JSON.stringify({ audit: event }));
    for (const member of members.get(roomId)) deliver(member, JSON.stringify(event));
  },
  ping(socket) {
    reply(socket, { type: "pong", sentAt: new Date().toISOString() });
  },
};

function authenticate(socket, { type, token }) {
  if (type !== "auth" || token !== DEV_TOKEN) return refuse(socket, 4403, "auth failed");
  clearTimeout(socket.authTimer);
  socket.userId = `user-${socket.id.slice(0, 8)}`;
  reply(socket, { type: "auth_ok", connectionId: socket.id, userId: socket.userId });
}

function refuse(socket, code, reason) {
  leaveAll(socket);
  socket.close(code, reason);
}

wss.on("connection", (socket) => {
  Object.assign(socket, { id: randomUUID(), userId: null, rooms: new Set(), hasAnswered: true });
  socket.authTimer = setTimeout(() => refuse(socket, 4401, "auth required"), AUTH_TIMEOUT_MS);
  socket.on("pong", () => (socket.hasAnswered = true));
  socket.on("message", (raw) => {
    const { fault, message } = read(raw);
    if (fault) refuse(socket, 1008, fault);
    else if (socket.userId === null) authenticate(socket, message);
    else acts[message.type](socket, message);
  });
  socket.on("close", () => {
    clearTimeout(socket.authTimer);
    leaveAll(socket);
  });
});

setInterval(() => {
  for (const socket of wss.clients) {
    if (!socket.hasAnswered) socket.terminate();
    socket.hasAnswered = false;
    socket.ping();
  }
}, PING_INTERVAL_MS).unref();

http.listen(PORT, "localhost", () => console.log(`WebSocket server listening on ws://localhost:${PORT}`));
