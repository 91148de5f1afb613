// The client of the tests beside this file. URL and TOKEN, or OPS_TOKEN, come from the environment.
//
// It needs only `ws`. In a text, $TOKEN stands for the token, $RESUME for the latest session, and $UNIQUE for eight
// digits that differ in each run, so that a test can run again.
import assert from "node:assert/strict";
import { randomBytes } from "node:crypto";
import { after } from "node:test";
import { WebSocket } from "ws";

const PATIENCE_MS = 1000 * Number(process.env.PATIENCE_S || 10); // longer than any deadline of the server
const UNIQUE = randomBytes(4).toString("hex");
const opened = [];
let resume = "";
after(() => opened.forEach((one) => one.ws.terminate()));

export const pause = (ms) => new Promise((done) => setTimeout(done, ms));

// Replace each name with its value.
export function fill(text, escape = (value) => value) {
  return text.replaceAll("$UNIQUE", UNIQUE).replaceAll("$RESUME", () => resume).replace(/\$(OPS_TOKEN|TOKEN)/g, (_, name) => {
    assert.ok(process.env[name], `set ${name} in the environment: the tests contain no credential`);
    return escape(process.env[name]);
  });
}

function frame(first, payload, mask) {
  const head = Buffer.alloc(payload.length < 126 ? 2 : payload.length < 65536 ? 4 : 10);
  head[0] = first;
  head[1] = mask | (head.length === 2 ? payload.length : head.length === 4 ? 126 : 127);
  if (head.length === 4) head.writeUInt16BE(payload.length, 2);
  if (head.length === 10) head.writeBigUInt64BE(BigInt(payload.length), 2);
  return Buffer.concat([head, Buffer.alloc(mask ? 4 : 0), payload]);
}

function parsed(body) {
  try {
    const value = JSON.parse(body);
    return value && typeof value === "object" && !Array.isArray(value) ? value : {};
  } catch {
    return {};
  }
}

// One connection. It answers pings by itself.
export class Client {
  static ignored = [{ type: "reconnect" }]; // messages that may arrive at any time
  received = [];
  wake = () => {};

  static async open(path = "", headers = {}) {
    assert.ok(process.env.URL, "set URL in the environment, such as ws://localhost:8080");
    const client = new Client();
    const given = process.env.URL;
    const url = path ? given.split("/").slice(0, 3).join("/") + fill(path, encodeURIComponent) : given;
    const named = Object.entries(headers).map(([name, value]) => [name, fill(value)]);
    const isProtocol = ([name]) => name.toLowerCase() === "sec-websocket-protocol";
    const protocols = named.filter(isProtocol).map(([, value]) => value);
    const options = { headers: Object.fromEntries(named.filter((one) => !isProtocol(one))), perMessageDeflate: false };
    client.ws = new WebSocket(url, protocols, options);
    opened.push(client);
    client.ws.on("message", (body) => client.add(parsed(body)));
    client.ws.on("close", (code) => client.add({ close: code }));
    client.ws.on("pong", () => client.add({ pong: true }));
    await new Promise((done, failed) => client.ws.on("open", done).on("error", failed));
    client.socket = client.ws._socket;
    return client;
  }

  add(message) {
    resume = message.resume || resume;
    const isIgnored = (marks) => Object.entries(marks).every(([name, value]) => message[name] === value);
    if (!Client.ignored.some(isIgnored)) this.received.push(message);
    this.wake();
  }

  // Send messages, all in one write.
  send(...texts) {
    const body = (text) => Buffer.from(fill(text, (value) => JSON.stringify(value).slice(1, -1)));
    this.sendBytes(Buffer.concat(texts.map((text) => frame(129, body(text), 128))));
  }

  // Send a frame with this first byte; the payload has one Latin-1 character for each byte.
  sendFrame(first, payload, mask = 128) {
    this.sendBytes(frame(first, Buffer.from(fill(payload), "latin1"), mask));
  }

  sendBytes(data) {
    this.socket.write(typeof data === "string" ? Buffer.from(fill(data), "latin1") : data, () => {});
  }

  async next(ms) {
    const ends = Date.now() + ms;
    while (this.received.length === 0 && Date.now() < ends) {
      await Promise.race([new Promise((done) => (this.wake = done)), pause(Math.min(100, ms))]);
    }
    return this.received.shift();
  }

  // Return the next message; { close: code } if the connection ends. Fails if nothing arrives.
  async receive() {
    const message = await this.next(PATIENCE_MS);
    assert.ok(message, "nothing arrived in time");
    return message.pong === true ? this.receive() : message;
  }

  // Return the code with which the server closes now. Fails if it sends something else than an error.
  async closeCode() {
    const message = await this.receive();
    if (message.type === "error") return this.closeCode();
    assert.ok("close" in message, `the connection stays open: ${JSON.stringify(message)}`);
    return message.close;
  }

  // Return the type of each message until the connection ends, or nothing more arrives within a second.
  async untilClose() {
    const types = [];
    for (let message; (message = await this.next(1000)) && !("close" in message); ) types.push(message.type);
    return types;
  }

  // Return whether the server still answers on this connection.
  async isOpen() {
    this.ws.ping();
    for (let message; (message = await this.next(PATIENCE_MS)) && !("close" in message); ) {
      if (message.pong === true) return true;
    }
    return false;
  }
}
