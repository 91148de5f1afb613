// A room server on Node and `ws`, in the article's style: it serializes and sends each event once per member, and writes
// every event to stdout as an audit line. Written for this benchmark, to do the same work in the same order.
// `node article.mjs PATH_OF_WS` prints its port to stderr. DEV_TOKEN holds the dev token.
import { randomUUID } from "node:crypto";
import { createServer } from "node:http";
import { createRequire } from "node:module";
import { chooses, readMessage } from "./rules.mjs";

const { WebSocket, WebSocketServer } = createRequire(import.meta.url)(process.argv[2]);
const AUTH_MS = 5000, BEAT_MS = 30000, MOST_BUFFERED = 1024 * 1024;
const members = new Map(); // room id -> sockets
const http = createServer((_, response) => response.end("WebSocket server is running\n"));
const server = new WebSocketServer({ server: http });

function tell(socket, message) {
  if (socket.readyState !== WebSocket.OPEN) return;
  if (socket.bufferedAmount > MOST_BUFFERED) socket.close(1013, "slow consumer");
  else socket.send(JSON.stringify(message));
}

function leave(socket) {
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
    tell(socket, { type: "joined", roomId });
  },
  chat(socket, { roomId, requestId, text }) {
    if (!socket.rooms.has(roomId)) return socket.close(1008, "join room before chat");
    const sentAt = new Date().toISOString();
    const event = { type: "chat", id: randomUUID(), requestId, roomId, userId: socket.user.id, text, sentAt };
    console.log(JSON.stringify({ audit: true, event }));
    for (const member of members.get(roomId) ?? []) tell(member, event);
  },
  ping(socket) {
    tell(socket, { type: "pong", sentAt: new Date().toISOString() });
  },
};

function enter(socket, message) {
  if (!chooses(message)) return socket.close(4403, "auth failed");
  clearTimeout(socket.authTimer);
  socket.user = { id: `user-${socket.id.slice(0, 8)}` };
  tell(socket, { type: "auth_ok", connectionId: socket.id, userId: socket.user.id });
}

server.on("connection", (socket) => {
  Object.assign(socket, { id: randomUUID(), user: null, rooms: new Set(), isAlive: true });
  socket.authTimer = setTimeout(() => socket.user ?? socket.close(4401, "auth required"), AUTH_MS);
  socket.on("pong", () => (socket.isAlive = true));
  socket.on("close", () => (clearTimeout(socket.authTimer), leave(socket)));
  socket.on("error", () => socket.terminate());
  socket.on("message", (raw) => {
    const { fault, message } = readMessage(raw);
    if (fault) socket.close(1008, fault);
    else if (socket.user === null) enter(socket, message);
    else acts[message.type](socket, message);
  });
});

setInterval(() => {
  for (const socket of server.clients) {
    if (!socket.isAlive) socket.terminate();
    socket.isAlive = false;
    if (socket.readyState === WebSocket.OPEN) socket.ping();
  }
}, BEAT_MS).unref();
http.listen(Number(process.env.PORT ?? 0), "127.0.0.1", () => console.error(http.address().port));
