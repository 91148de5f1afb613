// The same room server on Node, with labkit's ideas: one encoding and one frame per message, one write per member and
// tick. The design wins, not the language. `node ideas.mjs PATH_OF_WS` prints its port to stderr. DEV_TOKEN holds the
// dev token.
import { randomUUID } from "node:crypto";
import { createServer } from "node:http";
import { createRequire } from "node:module";
import { chooses, readMessage } from "./rules.mjs";

const { WebSocketServer } = createRequire(import.meta.url)(process.argv[2]);
const AUTH_MS = 5000, MOST_BUFFERED = 1024 * 1024;
const rooms = new Map(); // room id -> { members, due }
const due = new Set();
const http = createServer((_, response) => response.end("WebSocket server is running\n"));
const server = new WebSocketServer({ server: http, perMessageDeflate: false });
let lines = [];

function frame(text) {
  const size = Buffer.byteLength(text), head = size < 126 ? 2 : 4;
  const bytes = Buffer.allocUnsafe(head + size);
  bytes[0] = 0x81;
  bytes[1] = size < 126 ? size : 126;
  if (head === 4) bytes.writeUInt16BE(size, 2);
  bytes.write(text, head);
  return bytes;
}

function publish({ members, frames }) {
  const bytes = frames.length === 1 ? frames[0] : Buffer.concat(frames);
  for (const socket of members) {
    if (socket.bufferedAmount > MOST_BUFFERED) socket.close(1013, "slow consumer");
    else if (socket.readyState === 1) socket._socket.write(bytes);
  }
}

function turn() {
  process.stdout.write(lines.join(""));
  lines = [];
  for (const room of due) {
    publish(room);
    room.frames = [];
  }
  due.clear();
}

const answer = (socket, message) => socket.send(JSON.stringify(message));
const acts = {
  auth() {},
  join(socket, { roomId }) {
    if (due.size) turn(); // only earlier members get the earlier messages
    if (!rooms.has(roomId)) rooms.set(roomId, { members: new Set(), frames: [] });
    rooms.get(roomId).members.add(socket);
    socket.rooms.add(roomId);
    answer(socket, { type: "joined", roomId });
  },
  chat(socket, { roomId, requestId, text }) {
    if (!socket.rooms.has(roomId)) return socket.close(1008, "join room before chat");
    const sentAt = new Date().toISOString(), room = rooms.get(roomId);
    const event = JSON.stringify({ type: "chat", id: randomUUID(), requestId, roomId, userId: socket.user, text, sentAt });
    lines.push(event, "\n");
    room.frames.push(frame(event));
    if (due.size === 0) setImmediate(turn);
    due.add(room);
  },
  ping: (socket) => answer(socket, { type: "pong", sentAt: new Date().toISOString() }),
};

server.on("connection", (socket) => {
  Object.assign(socket, { id: randomUUID(), user: null, rooms: new Set() });
  socket.authTimer = setTimeout(() => socket.user ?? socket.close(4401, "auth required"), AUTH_MS);
  socket.on("error", () => socket.terminate());
  socket.on("close", () => {
    clearTimeout(socket.authTimer);
    for (const roomId of socket.rooms) rooms.get(roomId).members.delete(socket);
  });
  socket.on("message", (raw) => {
    const { fault, message } = readMessage(raw);
    if (fault) return socket.close(1008, fault);
    if (socket.user !== null) return acts[message.type](socket, message);
    if (!chooses(message)) return socket.close(4403, "auth failed");
    clearTimeout(socket.authTimer);
    socket.user = `user-${socket.id.slice(0, 8)}`;
    answer(socket, { type: "auth_ok", connectionId: socket.id, userId: socket.user });
  });
});
http.listen(Number(process.env.PORT ?? 0), "127.0.0.1", () => console.error(http.address().port));
