// Addresses of a page that a proxy serves under a path of its own.
import assert from "node:assert/strict";
import { test } from "node:test";

const { beside, isLocal, socketOf } = await import(`${process.env.WEB}/place.js`);
const PROXIED = "https://hub.example/user/ana/proxy/8080/";

test("a route is relative to the page, whichever page asks", () => {
  for (const page of ["", "index.html", "watch", "board?x=/y#z"]) {
    assert.equal(beside("ticket", PROXIED + page), `${PROXIED}ticket`);
    assert.equal(beside("class/board", PROXIED + page), `${PROXIED}class/board`);
  }
  assert.equal(beside("ticket", "http://localhost:8080/watch"), "http://localhost:8080/ticket");
});

test("the socket's address keeps the path in front", () => {
  for (const page of ["", "index.html", "watch", "board?x=/y#z"]) {
    assert.equal(socketOf(PROXIED + page), "wss://hub.example/user/ana/proxy/8080/");
  }
  assert.equal(socketOf("http://localhost:8080/board"), "ws://localhost:8080");
});

test("only a page of this machine offers the dev token", () => {
  for (const page of ["http://localhost:8080/", "http://127.0.0.1/", "http://[::1]:8080/", "http://lab.localhost/"]) {
    assert.ok(isLocal(page), page);
  }
  for (const page of [PROXIED, "http://localhost.example/", "http://127.0.0.1.example/"]) assert.ok(!isLocal(page), page);
});
