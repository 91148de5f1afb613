// The page's connection in a world without network and with a clock of its own.
import assert from "node:assert/strict";
import { test } from "node:test";
import { World, listen, settle } from "./world.mjs";

const { Connection, Hopeless } = await import(`${process.env.WEB}/connection.js`);
const URL_ = "ws://localhost:1";
const OK = { type: "auth_ok", connectionId: "c1", userId: "ada", resume: "resume-1", pingMs: 30_000, reconnect: { windowMs: 4000 } };
const JOINED = { type: "joined", roomId: "r", epoch: "e", seq: 0, gap: false, access: "rw" };
const PLAIN_OK = { type: "auth_ok", connectionId: "c1", userId: "user-1" }; // a server of the plain protocol
const PLAIN_JOINED = { type: "joined", roomId: "r" };

async function start({ get = async () => "token-12", renews = false, draws } = {}) {
  const world = new World({ draws });
  const connection = new Connection(URL_, world.env);
  const emitted = listen(connection);
  connection.join("r");
  connection.start({ get, renews });
  await settle();
  return { world, connection, emitted };
}

async function open({ ok = OK, joined = JOINED, ...rest } = {}) {
  const all = await start(rest);
  admit(all.world.socket, ok, joined);
  return all;
}

function admit(socket, ok = OK, joined = JOINED) {
  socket.accept();
  socket.deliver(ok);
  if (joined) socket.deliver(joined);
}

const event = (requestId, seq, more = {}) =>
  ({ type: "chat", id: `id-${seq}`, requestId, roomId: "r", userId: "ada", text: "x", sentAt: "2026-01-01T00:00:00.000Z", seq, ...more });

test("auth is the first message, and nothing follows before auth_ok", async () => {
  const { world, connection } = await start();
  world.socket.accept();
  connection.chat("r", "early");
  assert.deepEqual(world.socket.sent, [{ type: "auth", token: "token-12" }]);
  assert.equal(world.socket.url, URL_);
  world.socket.deliver(OK);
  assert.deepEqual(world.socket.types, ["auth", "join"]);
  world.socket.deliver(JOINED);
  assert.deepEqual(world.socket.types, ["auth", "join", "chat", "presence"]);
});

test("the wire log masks the token of auth", async () => {
  const { emitted } = await open();
  const shown = JSON.stringify(emitted.of("wire").filter(({ direction }) => direction === "out"));
  assert.ok(shown.includes('"auth"') && !shown.includes("token-12"));
});

test("the states follow the table to open", async () => {
  const { emitted } = await open();
  assert.deepEqual(emitted.of("state").map(({ state }) => state), ["connecting", "authenticating", "open"]);
});

test("a lost connection reconnects within the server's window, with resume, previous and since", async () => {
  const { world, emitted } = await open({ draws: 0.5 });
  world.socket.deliver(event("x", 1, { userId: "bob" }));
  world.socket.end(1006);
  assert.deepEqual(emitted.of("waiting"), [{ ms: 2000 }]);
  await world.pass(1999);
  assert.equal(world.sockets.length, 1);
  await world.pass(1);
  assert.equal(world.sockets.length, 2);
  admit(world.socket, OK, null);
  assert.deepEqual(world.socket.of("auth"), [{ type: "auth", token: "resume-1", previous: "c1" }]);
  assert.deepEqual(world.socket.of("join"), [{ type: "join", roomId: "r", since: { epoch: "e", seq: 1 } }]);
});

test("unconfirmed messages are sent again in order under the same requestId, then forgotten", async () => {
  const { world, connection } = await open();
  connection.chat("r", "one");
  connection.chat("r", "two");
  const ids = world.socket.of("chat").map(({ requestId }) => requestId);
  world.socket.deliver(event(ids[0], 1));
  world.socket.end(1006);
  connection.chat("r", "three");
  await world.pass(4000);
  admit(world.socket);
  assert.deepEqual(world.socket.of("chat").map(({ text }) => text), ["two", "three"]);
  assert.equal(world.socket.of("chat")[0].requestId, ids[1]);
  for (const { requestId } of world.socket.of("chat")) world.socket.deliver(event(requestId, 2 + Number(requestId !== ids[1])));
  assert.equal(connection.unsent.size, 0);
  assert.equal(connection.unsent.bytes, 0);
});

test("another user's requestId confirms nothing of ours", async () => {
  const { world, connection } = await open();
  connection.chat("r", "mine");
  world.socket.deliver(event(world.socket.of("chat")[0].requestId, 1, { userId: "mallory" }));
  assert.equal(connection.unsent.size, 1);
});

test("a repeated event is emitted once, and a hole as a gap", async () => {
  const { world, emitted } = await open();
  for (const seq of [1, 1, 4]) world.socket.deliver(event(`q${seq}`, seq, { userId: "bob" }));
  assert.deepEqual(emitted.of("event").map((one) => one.event.seq), [1, 4]);
  assert.deepEqual(emitted.of("gap").map(({ gap }) => gap), [{ first: 2, last: 3 }]);
});

test("4403 stops, and only the user reconnects", async () => {
  const { world, connection, emitted } = await start();
  world.socket.accept();
  world.socket.end(4403, "auth failed");
  await world.pass(100_000);
  assert.equal(connection.state, "stopped");
  assert.deepEqual(emitted.of("closed"), [{ code: 4403, reason: "auth failed", comesBack: false }]);
  assert.equal(world.sockets.length, 1);
  connection.start({ get: async () => "another-token", renews: false });
  await settle();
  admit(world.socket);
  assert.equal(connection.state, "open");
  assert.equal(world.socket.of("auth")[0].token, "another-token");
});

test("4419 asks for a fresh credential, 1012 keeps its slot and resumes", async () => {
  let asked = 0;
  const { world } = await open({ get: async () => `ticket-${++asked}`, renews: true });
  world.socket.end(1012, "restart retry=700");
  await world.pass(699);
  assert.equal(world.sockets.length, 1);
  await world.pass(1);
  world.socket.accept();
  assert.equal(world.socket.of("auth")[0].token, "resume-1");
  world.socket.end(4419, "session expired");
  await world.pass(4000);
  world.socket.accept();
  assert.equal(world.socket.of("auth")[0].token, "ticket-2");
});

test("an expired credential stops if it is the only one, but not a resumed session", async () => {
  const { world, connection, emitted } = await open();
  world.socket.end(4419);
  await world.pass(4000);
  world.socket.accept();
  assert.equal(world.socket.of("auth")[0].token, "token-12");
  world.socket.end(4419);
  assert.equal(connection.state, "stopped");
  assert.deepEqual(emitted.of("closed").map(({ comesBack }) => comesBack), [true, false]);
});

test("a client that can fetch tickets reconnects, however often one has expired", async () => {
  let asked = 0;
  const { world, connection } = await start({ get: async () => `ticket-${++asked}`, renews: true });
  for (const expected of ["ticket-1", "ticket-2", "ticket-3"]) {
    world.socket.accept();
    assert.equal(world.socket.of("auth")[0].token, expected);
    world.socket.end(4419);
    await world.pass(connection.waitsUntil - world.time);
  }
});

test("the delays reset only ten seconds after auth_ok", async () => {
  const { world, connection } = await open();
  world.socket.end(1006);
  await world.pass(4000);
  assert.equal(connection.backoff.tries, 1);
  admit(world.socket);
  await world.pass(9999);
  world.socket.end(1006);
  assert.equal(connection.backoff.tries, 2);
  await world.pass(4000);
  admit(world.socket);
  await world.pass(10_000);
  world.socket.end(1006);
  assert.equal(connection.backoff.tries, 1);
});

test("an idle connection is pinged, then given up without waiting for a close", async () => {
  const { world, connection, emitted } = await open();
  await world.pass(29_999);
  assert.equal(world.socket.of("ping").length, 0);
  await world.pass(1);
  assert.equal(world.socket.of("ping").length, 1);
  await world.pass(9999);
  assert.equal(connection.state, "open");
  await world.pass(1);
  assert.equal(connection.state, "waiting");
  assert.equal(emitted.of("closed")[0].code, 1006);
  assert.notEqual(world.sockets[0].closedWith, null);
  world.sockets[0].end(1006); // the browser notices at last: nobody listens any more
  assert.equal(emitted.of("closed").length, 1);
  world.sockets[0].deliver(event("late", 1, { userId: "bob" }));
  assert.equal(emitted.of("event").length, 0);
  assert.equal(emitted.of("wire").filter(({ shown }) => shown.requestId === "late").length, 0);
});

test("a pong keeps the connection and measures the round trip", async () => {
  const { world, connection, emitted } = await open();
  await world.pass(30_000);
  await world.pass(42);
  world.socket.deliver({ type: "pong", sentAt: "2026-01-01T00:00:00.000Z" });
  await world.pass(20_000);
  assert.equal(connection.state, "open");
  assert.deepEqual(emitted.of("latency"), [{ ms: 42, of: "ping" }]);
});

test("a server that accepts and sends nothing is given up after ten seconds, also before auth_ok", async () => {
  const { world, connection } = await start();
  await world.pass(9999);
  assert.equal(connection.state, "connecting");
  await world.pass(1);
  assert.equal(connection.state, "waiting");
  await world.pass(1000);
  world.socket.accept();
  await world.pass(10_000);
  assert.equal(connection.state, "waiting");
});

test("a server of the plain protocol receives only messages that it knows", async () => {
  const { world, connection, emitted } = await open({ ok: PLAIN_OK, joined: PLAIN_JOINED });
  connection.chat("r", "hello");
  connection.join("other");
  world.socket.deliver({ type: "joined", roomId: "other" });
  connection.leave("other");
  await world.pass(30_000);
  world.socket.deliver({ type: "pong" });
  await world.pass(29_000);
  assert.equal(world.sockets.length, 1);
  assert.deepEqual(new Set(world.socket.types), new Set(["auth", "join", "chat", "ping"]));
  assert.equal(emitted.of("gap").length, 0);
});

test("after an outage, a server without history causes a gap, and our repetition is shown once", async () => {
  const { world, connection, emitted } = await open({ ok: PLAIN_OK, joined: PLAIN_JOINED });
  connection.chat("r", "hello");
  const { requestId } = world.socket.of("chat")[0];
  world.socket.end(1006);
  await world.pass(30_000);
  admit(world.socket, { ...PLAIN_OK, userId: "user-2", connectionId: "c2" }, PLAIN_JOINED);
  assert.equal(world.socket.of("auth")[0].token, "token-12");
  assert.deepEqual(emitted.of("gap").map(({ gap }) => gap.first), [null]);
  const plain = { ...event(requestId, 0, { userId: "user-2" }), seq: undefined };
  world.socket.deliver(plain);
  world.socket.deliver(plain);
  assert.equal(emitted.of("event").length, 1);
  assert.equal(connection.unsent.size, 0);
});

test("rate_limited is retried under the same requestId; read_only is returned to the user", async () => {
  const { world, connection, emitted } = await open();
  connection.chat("r", "one");
  const { requestId } = world.socket.of("chat")[0];
  world.socket.deliver({ type: "error", code: "rate_limited", requestId, roomId: "r" });
  await world.pass(1000);
  assert.deepEqual(world.socket.of("chat").map((one) => one.requestId), [requestId, requestId]);
  world.socket.deliver({ type: "error", code: "read_only", message: "no", requestId, roomId: "r" });
  assert.equal(connection.unsent.size, 0);
  assert.equal(emitted.of("refused")[0].publication.text, "one");
});

test("a denied room is dropped and reported; an unavailable room is requested again", async () => {
  const { world, connection, emitted } = await open();
  for (const roomId of ["secret", "busy"]) connection.join(roomId);
  world.socket.deliver({ type: "error", code: "room_denied", message: "no", roomId: "secret" });
  world.socket.deliver({ type: "error", code: "unavailable", message: "later", roomId: "busy" });
  await world.pass(1000);
  assert.deepEqual(emitted.of("refusedRoom").map(({ room }) => room.roomId), ["secret"]);
  assert.deepEqual(world.socket.of("join").map(({ roomId }) => roomId), ["r", "secret", "busy", "busy"]);
});

test("a room left before its joined arrives is left on the server too", async () => {
  const { world, connection } = await open();
  connection.join("other");
  connection.leave("other");
  world.socket.deliver({ ...JOINED, roomId: "other" });
  assert.deepEqual(world.socket.of("leave"), [{ type: "leave", roomId: "other" }]);
});

test("the members follow presence, entered and gone, and are unknown without a connection", async () => {
  const { world, connection } = await open();
  const room = connection.rooms.get("r");
  world.socket.deliver({ type: "presence", roomId: "r", members: [{ userId: "ada", since: "s" }] });
  world.socket.deliver({ type: "entered", roomId: "r", userId: "bob" });
  world.socket.deliver({ type: "gone", roomId: "r", userId: "ada" });
  assert.deepEqual([...room.members.keys()], ["bob"]);
  world.socket.end(1006);
  assert.equal(room.members, null);
});

test("more than 512 KiB unsent is refused; confirmed bytes are free again", async () => {
  const { world, connection } = await open();
  let kept = 0;
  while (connection.chat("r", "x".repeat(1000))) kept += 1;
  assert.ok(kept > 400 && kept < 525);
  world.socket.deliver(event(world.socket.of("chat")[0].requestId, 1));
  assert.equal(connection.chat("r", "y".repeat(1000)), true);
});

test("nothing is sent while the browser's buffer is full; it is sent when there is room", async () => {
  const { world, connection } = await open();
  world.socket.bufferedAmount = 600 * 1024;
  connection.chat("r", "later");
  await world.pass(1000);
  assert.equal(world.socket.of("chat").length, 0);
  world.socket.bufferedAmount = 0;
  await world.pass(1000);
  assert.equal(world.socket.of("chat").length, 1);
});

test("a user who leaves closes with 1000: no timer, and a late credential is not used", async () => {
  const { world, connection } = await open();
  connection.stop();
  assert.deepEqual(world.socket.closedWith, [1000, "done"]);
  connection.stop();
  let give;
  connection.start({ get: () => new Promise((resolve) => (give = resolve)), renews: true });
  connection.stop();
  give("token-12");
  await world.pass(100_000);
  assert.equal(world.sockets.length, 1);
  assert.equal(connection.state, "stopped");
});

test("a ticket that cannot be fetched stops with a reason; a server that is down is retried", async () => {
  const hopeless = await start({ get: async () => { throw new Hopeless("no such user"); } });
  assert.equal(hopeless.connection.state, "stopped");
  assert.deepEqual(hopeless.emitted.of("hopeless"), [{ words: "no such user" }]);
  let tries = 0;
  const down = await start({ get: async () => { tries += 1; throw new TypeError("failed to fetch"); } });
  await down.world.pass(60_000);
  assert.equal(down.connection.state, "waiting");
  assert.ok(tries > 3);
});

test("an address that no browser opens stops at once", async () => {
  const world = new World();
  const connection = new Connection("http://localhost", world.env);
  const emitted = listen(connection);
  connection.start({ get: async () => "token-12", renews: false });
  await settle();
  assert.equal(connection.state, "stopped");
  assert.equal(emitted.of("hopeless").length, 1);
});

test("trying now, and a network that is back, shorten a long wait without resetting the delays", async () => {
  const { world, connection } = await open({ draws: 0.9 });
  for (let loss = 0; loss < 6; loss += 1) {
    world.socket.end(1006);
    await world.pass(connection.waitsUntil - world.time);
  }
  world.socket.end(1006);
  assert.ok(connection.waitsUntil - world.time > 20_000);
  connection.networkIsBack();
  assert.equal(connection.waitsUntil - world.time, 3600);
  const before = world.sockets.length;
  connection.tryNow();
  await settle();
  assert.equal(world.sockets.length, before + 1);
  assert.equal(connection.backoff.tries, 7);
});

test("cutting the connection looks like a network failure", async () => {
  const { world, connection, emitted } = await open();
  connection.cut(5000);
  assert.equal(connection.state, "waiting");
  await world.pass(4999);
  assert.equal(world.sockets.length, 1);
  await world.pass(1);
  assert.equal(world.sockets.length, 2);
  world.socket.end(1006);
  assert.equal(connection.waitsUntil - world.time, 2000); // only the first wait is longer for it
  assert.deepEqual(emitted.of("closed")[0], { code: 1006, reason: "", comesBack: true });
});

test("a message that is not a JSON object is logged and ignored", async () => {
  const { world, connection } = await open();
  for (const odd of ["[]", "null", "{", "7", '{"type":"__proto__"}', '{"type":"constructor"}', "{}"]) world.socket.deliver(odd);
  assert.equal(connection.state, "open");
});
