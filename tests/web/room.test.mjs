import assert from "node:assert/strict";
import { test } from "node:test";

const { ROOM_ID, Room } = await import(`${process.env.WEB}/room.js`);

function joined(answer = { epoch: "e", seq: 5, gap: false, access: "rw" }) {
  const room = new Room("r");
  assert.equal(room.joined(answer), null);
  return room;
}

test("the first join starts at the newest event with no gap", () => {
  assert.deepEqual(joined().since, { epoch: "e", seq: 5 });
});

test("a rejoin that misses nothing continues at the last position", () => {
  const room = joined();
  room.disconnected();
  assert.equal(room.joined({ epoch: "e", seq: 9, gap: false }), null);
  assert.deepEqual(room.receive({ seq: 6 }), { isNew: true, gap: null });
});

test("a rejoin with a gap names the lost events and continues after them", () => {
  const room = joined();
  assert.deepEqual(room.joined({ epoch: "e", seq: 9, gap: true }), { first: 6, last: 9 });
  assert.deepEqual(room.receive({ seq: 10 }), { isNew: true, gap: null });
});

test("a new epoch is a gap of unknown size, whatever the server sends", () => {
  assert.deepEqual(joined().joined({ epoch: "f", seq: 2, gap: false }), { first: null, last: 2 });
});

test("a server without sequence numbers has no since, and each rejoin is a gap", () => {
  const room = joined({});
  assert.equal(room.since, undefined);
  assert.deepEqual(room.joined({}), { first: null, last: 0 });
});

test("a member that may only write sees holes but gets no gaps", () => {
  const room = joined({ epoch: "e", seq: 0, gap: false, access: "w" });
  assert.deepEqual(room.receive({ seq: 7 }), { isNew: true, gap: null });
});

test("without seq a thousand requestIds are remembered, and events without one are all new", () => {
  const room = joined({});
  assert.equal(room.receive({ requestId: "a" }).isNew, true);
  assert.equal(room.receive({ requestId: "a" }).isNew, false);
  for (let number = 0; number < 1000; number += 1) room.receive({ requestId: `n${number}` });
  assert.equal(room.receive({ requestId: "a" }).isNew, true);
  assert.equal(room.receive({}).isNew && room.receive({}).isNew, true);
});

test("room names follow the server's rule", () => {
  for (const good of ["a", "room:demo", "A_b-9:".repeat(10)]) assert.ok(ROOM_ID.test(good), good);
  for (const bad of ["", "a b", "ä", "a\n", "x".repeat(65)]) assert.ok(!ROOM_ID.test(bad), bad);
});
