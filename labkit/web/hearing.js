// What the page does about each message of the server: one function a message type.
// Fields that only some servers send are asked for with `?.` and `??`: a server of the plain protocol has none of them.

const AGAIN = new Set(["rate_limited", "unavailable"]); // the server says: send it again later

/** A function that takes each message for one connection. */
export function hearer(connection) {
  const hears = {
    auth_ok: (message) => welcome(connection, message),
    reconnect: (message) => tellWindow(connection, message),
    joined: (message) => joined(connection, message),
    left: () => {},
    presence: (message) => members(connection, message, () => membersOf(message)),
    entered: (message) => members(connection, message, (now) => now?.set(message.userId, null)),
    gone: (message) => members(connection, message, (now) => (now?.delete(message.userId), now)),
    pong: () => pong(connection),
    error: (message) => refused(connection, message),
  };
  return (message) => (Object.hasOwn(hears, message.type) ? hears[message.type](message) : event(connection, message));
}

function welcome(connection, message) {
  tellWindow(connection, message.reconnect);
  if (connection.state === "authenticating") connection.opened(message);
}

function tellWindow(connection, told) {
  if (Number.isFinite(told?.windowMs)) connection.backoff.told(told.windowMs);
}

function joined(connection, message) {
  const room = connection.rooms.get(message.roomId);
  if (!room) return connection.sayLeave(message.roomId, message.epoch); // left before the answer came
  const gap = room.joined(message);
  connection.tell("joined", { room });
  if (gap) connection.tell("gap", { room, gap });
  for (const { requestId } of connection.unsent.ofRoom(room.roomId)) connection.sayAgain(requestId);
  askWho(connection, room);
}

/** Only a server that counts knows `presence`; any other would close us for the question. */
function askWho(connection, room) {
  if (room.isJoined && room.epoch !== null && room.access.includes("r") && room.members === null) {
    connection.link?.say({ type: "presence", roomId: room.roomId });
  }
}

function membersOf(message) {
  return new Map(message.members.map(({ userId, since }) => [userId, since]));
}

function members(connection, message, change) {
  const room = connection.rooms.get(message.roomId);
  if (!room) return;
  room.members = change(room.members) ?? null;
  connection.tell("members", { room, message });
}

function pong(connection) {
  const ms = connection.link?.ponged();
  if (ms != null) connection.tell("latency", { ms, of: "ping" });
}

// Events

function event(connection, message) {
  acknowledge(connection, message);
  const room = connection.rooms.get(message.roomId);
  if (!room?.isJoined) return;
  const { isNew, gap } = room.receive(message);
  if (gap) connection.tell("gap", { room, gap });
  if (isNew) connection.tell("event", { room, event: message });
}

/** Our own event came back: stored, and told to everybody. */
function acknowledge(connection, { requestId, userId }) {
  const one = connection.unsent.find(requestId);
  if (!one || !connection.users.has(userId)) return;
  connection.unsent.done(requestId);
  if (one.tries === 1) connection.tell("latency", { ms: connection.env.now() - one.sentAt, of: "chat" });
  connection.tell("unsent");
}

// Refusals

function refused(connection, message) {
  const one = connection.unsent.find(message.requestId);
  const room = connection.rooms.get(message.roomId);
  if (one && AGAIN.has(message.code)) connection.later(one.tries, () => connection.sayAgain(message.requestId));
  else if (one) giveBack(connection, one, message);
  else if (room?.isJoined && AGAIN.has(message.code)) connection.later(0, () => askWho(connection, room));
  else if (room && !room.isJoined && AGAIN.has(message.code)) connection.later(0, () => askAgain(connection, room));
  else if (room && !room.isJoined) notAllowed(connection, room, message);
}

function giveBack(connection, publication, message) {
  connection.unsent.done(publication.requestId);
  connection.tell("refused", { publication, message });
  connection.tell("unsent");
}

function askAgain(connection, room) {
  const isStillWanted = !room.isJoined && connection.rooms.get(room.roomId) === room;
  if (connection.state === "open" && isStillWanted) connection.sayJoin(room);
}

function notAllowed(connection, room, message) {
  connection.rooms.delete(room.roomId);
  connection.tell("refusedRoom", { room, message });
}
