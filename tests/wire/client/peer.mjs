// A room server in Node that knows only the core of the protocol: auth, join, chat, ping. No epochs, no seq, no resume.
// `node peer.mjs PATH_OF_WS`; the dev token is in DEV_TOKEN. It prints its port, and echoes what it publishes.
import { randomBytes } from "node:crypto";
import { createRequire } from "node:module";

const { WebSocketServer } = createRequire(import.meta.url)(process.argv[2]);
const members = new Map(); // room -> sockets
const server = new WebSocketServer({ host: "127.0.0.1", port: Number(process.env.PORT ?? 0), maxPayload: 65536 });

const answers = {
  join(peer, { roomId }) {
    if (!members.has(roomId)) members.set(roomId, new Set());
    members.get(roomId).add(peer.socket);
    peer.say({ type: "joined", roomId });
  },
  chat(peer, { roomId, requestId, text }) {
    const event = { type: "chat", id: randomBytes(8).toString("hex"), requestId, roomId, userId: peer.name, text };
    for (const socket of members.get(roomId) ?? []) socket.send(JSON.stringify(event));
  },
  ping(peer) {
    peer.say({ type: "pong" });
  },
};

function enter(peer, { type, token }) {
  if (type !== "auth" || token !== process.env.DEV_TOKEN) return peer.socket.close(4403, "auth failed");
  peer.name = `guest-${randomBytes(4).toString("hex")}`;
  peer.say({ type: "auth_ok", connectionId: randomBytes(8).toString("hex"), userId: peer.name });
}

server.on("connection", (socket) => {
  const peer = { socket, name: null, say: (message) => socket.send(JSON.stringify(message)) };
  socket.on("error", () => socket.terminate());
  socket.on("close", () => members.forEach((sockets) => sockets.delete(socket)));
  socket.on("message", (text) => {
    const message = JSON.parse(text);
    if (peer.name === null) enter(peer, message);
    else if (message.type in answers) answers[message.type](peer, message);
    else socket.close(1008, "unknown type");
  });
});
server.on("listening", () => console.log(server.address().port));
