// A room server of the plain protocol: auth, join, chat, ping. Anything else is closed with 1008, as the article does.
import { randomUUID } from "node:crypto";

const { WebSocketServer } = await import(process.env.WS);
const server = new WebSocketServer({ port: 0 });
const rooms = new Map();
process.stdin.on("end", () => process.exit()).resume();

const does = {
  join: (ws, { roomId }) => {
    rooms.set(roomId, (rooms.get(roomId) ?? new Set()).add(ws));
    ws.say({ type: "joined", roomId });
  },
  chat: (ws, { roomId, requestId, text }) => {
    if (!rooms.get(roomId)?.has(ws)) return ws.close(1008, "join room before chat");
    const event = { type: "chat", id: randomUUID(), requestId, roomId, userId: ws.user, text, sentAt: new Date().toISOString() };
    for (const member of rooms.get(roomId)) member.say(event);
  },
  ping: (ws) => ws.say({ type: "pong", sentAt: new Date().toISOString() }),
};

server.on("connection", (ws) => {
  ws.say = (message) => ws.send(JSON.stringify(message));
  ws.on("message", (raw) => {
    const message = JSON.parse(raw);
    if (!ws.user && (message.type !== "auth" || message.token !== "dev-token")) return ws.close(4403, "auth failed");
    if (!ws.user) {
      ws.user = `user-${randomUUID().slice(0, 8)}`;
      return ws.say({ type: "auth_ok", connectionId: randomUUID(), userId: ws.user });
    }
    if (!Object.hasOwn(does, message.type)) return ws.close(1008, "unsupported type");
    does[message.type](ws, message);
  });
  ws.on("close", () => rooms.forEach((members) => members.delete(ws)));
});
server.on("listening", () => console.log(`WebSocket server listening on ws://localhost:${server.address().port}`));
