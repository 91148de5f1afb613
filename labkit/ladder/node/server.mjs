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
const MAX_BUFFERED_BYTES = 1024 * 1024;
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

function reply(ws, message) {
  ws.send(JSON.stringify(message));
}

function deliver(ws, text) {
  if (ws.readyState !== ws.OPEN) return;
  if (ws.bufferedAmount > MAX_BUFFERED_BYTES) ws.close(1013, "slow consumer");
  else ws.send(text);
}

function leaveAll(ws) {
  for (const roomId of ws.rooms) {
    members.get(roomId)?.delete(ws);
    if (members.get(roomId)?.size === 0) members.delete(roomId);
  }
  ws.rooms.clear();
}

const acts = {
  auth() {},
  join(ws, { roomId }) {
    if (!members.has(roomId)) members.set(roomId, new Set());
    members.get(roomId).add(ws);
    ws.rooms.add(roomId);
    reply(ws, { type: "joined", roomId });
  },
  chat(ws, { roomId, requestId, text }) {
    if (!ws.rooms.has(roomId)) return refuse(ws, 1008, "join the room before you chat");
    const event = {
      type: "chat",
      id: randomUUID(),
      requestId: typeof requestId === "string" ? requestId.slice(0, 100) : randomUUID(),
      roomId,
      userId: ws.userId,
      text,
      sentAt: new Date().toISOString(),
    };
    console.log(JSON.stringify({ audit: event }));
    for (const member of members.get(roomId)) deliver(member, JSON.stringify(event));
  },
  ping(ws) {
    reply(ws, { type: "pong", sentAt: new Date().toISOString() });
  },
};

function authenticate(ws, { type, token }) {
  if (type !== "auth" || token !== DEV_TOKEN) return refuse(ws, 4403, "auth failed");
  clearTimeout(ws.authTimer);
  ws.userId = `user-${ws.id.slice(0, 8)}`;
  reply(ws, { type: "auth_ok", connectionId: ws.id, userId: ws.userId });
}

function refuse(ws, code, reason) {
  leaveAll(ws);
  ws.close(code, reason);
}

wss.on("connection", (ws) => {
  Object.assign(ws, { id: randomUUID(), userId: null, rooms: new Set(), isAlive: true });
  ws.authTimer = setTimeout(() => refuse(ws, 4401, "auth required"), AUTH_TIMEOUT_MS);
  ws.on("pong", () => (ws.isAlive = true));
  ws.on("message", (raw) => {
    const { fault, message } = read(raw);
    if (fault) refuse(ws, 1008, fault);
    else if (ws.userId === null) authenticate(ws, message);
    else acts[message.type](ws, message);
  });
  ws.on("close", () => {
    clearTimeout(ws.authTimer);
    leaveAll(ws);
  });
});

setInterval(() => {
  for (const ws of wss.clients) {
    if (!ws.isAlive) ws.terminate();
    ws.isAlive = false;
    ws.ping();
  }
}, PING_INTERVAL_MS).unref();

http.listen(PORT, "localhost", () => console.log(`WebSocket server listening on ws://localhost:${PORT}`));
