import assert from "node:assert/strict";
import { test } from "node:test";

const { Watchdog } = await import(`${process.env.WEB}/watchdog.js`);

function watching(pingMs) {
  const dog = new Watchdog(0);
  dog.authenticated(pingMs);
  return dog;
}

test("before auth_ok, ten seconds without a message end the connection", () => {
  const dog = new Watchdog(0);
  assert.deepEqual(dog.look(9999), { act: "wait", at: 10_000 });
  assert.equal(dog.look(10_000).act, "dead");
});

test("after the server's interval without a message, it sends one ping", () => {
  const dog = watching(5000);
  assert.deepEqual(dog.look(4999), { act: "wait", at: 5000 });
  assert.deepEqual(dog.look(5000), { act: "ping", at: 15_000 });
  assert.deepEqual(dog.look(6000), { act: "wait", at: 15_000 });
  assert.equal(dog.look(15_000).act, "dead");
});

test("any message restarts the interval", () => {
  const dog = watching(5000);
  dog.look(5000);
  dog.received(14_999);
  assert.deepEqual(dog.look(15_000), { act: "wait", at: 19_999 });
});

test("servers that send no interval, or 0, are pinged every thirty seconds", () => {
  for (const told of [undefined, 0, null]) assert.equal(watching(told).look(29_999).at, 30_000);
});

test("a timer that was suspended with its tab pings once more, and only once", () => {
  const dog = watching(5000);
  dog.look(5000);
  assert.deepEqual(dog.look(65_000), { act: "ping", at: 75_000 });
  assert.equal(dog.look(135_000).act, "dead");
});

test("a grace that was answered is granted again", () => {
  const dog = watching(5000);
  dog.look(5000);
  dog.look(65_000);
  dog.received(65_010);
  dog.look(70_010);
  assert.equal(dog.look(140_000).act, "ping");
});
