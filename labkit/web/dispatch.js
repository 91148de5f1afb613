// Handles each message from the server: one function per message type.
// Fields that only some servers send are read with `?.` and `??`; a server of the plain protocol sends none of them.

const AGAIN = new Set(["rate_limited", "unavailable"]); // worth sending again later

/** Create the function that handles every message of one connection. */
export function dispatcher(connection) {
  const handlers = {
    auth_ok: (message) => welcome(connection, message),
    reconnect: (message) => updateWindow(connection, message),
    joined: (message) => joined(connection, message),
    left: () => {},
    presence: (message) => members(connection, message, () => membersOf(message)),
    entered: (message) => members(connection, message, (now) => now?.set(message.userId, null)),
    gone: (message) => members(connection, message, (now) => (now?.delete(message.userId), now)),
    pong: () => pong(connection),
    error: (message) => refused(connection, message),
  };
  return (message) => {
    if (Object.hasOwn(handlers, message.type)) handlers[message.type](message);
    else event(connection, message);
  };
}

function welcome(connection, message) {
  updateWindow(connection, message.reconnect);
  if (connection.state === "authenticating") connection.opened(message);
}

function updateWindow(connection, reconnect) {
  if (Number.isFinite(reconnect?.windowMs)) connection.backoff.setWindow(reconnect.windowMs);
}

function joined(connection, message) {
  const room = connection.rooms.get(message.roomId);
  if (!room) return connection.sendLeave(message.roomId, message.epoch); // left before the answer came
  const gap = room.joined(message);
  connection.emit("joined", { room });
  if (gap) connection.emit("gap", { room, gap });
  for (const { requestId } of connection.unsent.ofRoom(room.roomId)) connection.resend(requestId);
  requestPresence(connection, room);
}

/** A server without epochs does not know `presence` and would close the connection for it. */
function requestPresence(connection, room) {
  if (room.isJoined && room.epoch !== null && room.access.includes("r") && room.members === null) {
    connection.link?.send({ type: "presence", roomId: room.roomId });
  }
}

function membersOf(message) {
  return new Map(message.members.map(({ userId, since }) => [userId, since]));
}

function members(connection, message, change) {
  const room = connection.rooms.get(message.roomId);
  if (!room) return;
  room.members = change(room.members) ?? null;
  connection.emit("members", { room, message });
}

function pong(connection) {
  const ms = connection.link?.ponged();
  if (ms != null) connection.emit("latency", { ms, of: "ping" });
}

// Events

function event(connection, message) {
  acknowledge(connection, message);
  const room = connection.rooms.get(message.roomId);
  if (!room?.isJoined) return;
  const { isNew, gap } = room.receive(message);
  if (gap) connection.emit("gap", { room, gap });
  if (isNew) connection.emit("event", { room, event: message });
}

/** Our own event came back, so it is stored and delivered. */
function acknowledge(connection, { requestId, userId }) {
  const one = connection.unsent.find(requestId);
  if (!one || !connection.users.has(userId)) return;
  connection.unsent.done(requestId);
  if (one.tries === 1) connection.emit("latency", { ms: connection.env.now() - one.sentAt, of: "chat" });
  connection.emit("unsent");
}

// Refusals

function refused(connection, message) {
  const one = connection.unsent.find(message.requestId);
  const room = connection.rooms.get(message.roomId);
  if (one && AGAIN.has(message.code)) connection.later(one.tries, () => connection.resend(message.requestId));
  else if (one) publicationRefused(connection, one, message);
  else if (room?.isJoined && AGAIN.has(message.code)) connection.later(0, () => requestPresence(connection, room));
  else if (room && !room.isJoined && AGAIN.has(message.code)) connection.later(0, () => rejoin(connection, room));
  else if (room && !room.isJoined) joinRefused(connection, room, message);
}

function publicationRefused(connection, publication, message) {
  connection.unsent.done(publication.requestId);
  connection.emit("refused", { publication, message });
  connection.emit("unsent");
}

function rejoin(connection, room) {
  const isStillWanted = !room.isJoined && connection.rooms.get(room.roomId) === room;
  if (connection.state === "open" && isStillWanted) connection.sendJoin(room);
}

function joinRefused(connection, room, message) {
  connection.rooms.delete(room.roomId);
  connection.emit("refusedRoom", { room, message });
}
