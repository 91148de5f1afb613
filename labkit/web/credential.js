// Where a connection gets its credential. It stays in memory: in no URL, storage or log.
// `get` is an async function that returns it or throws Hopeless; `renews`: whether each call returns a fresh one.

import { Hopeless } from "./connection.js";
import { beside } from "./place.js";

const FAULTS = {
  401: "The server rejected this name and code.",
  403: "This server has no list of users. Use a token instead.",
  404: "This server issues no tickets. Use a token instead.",
};

/** The same token each time. A ticket works only once: the server rejects its reuse, and the page stops. */
export function fromToken(token) {
  return { get: async () => token, renews: false };
}

/** A fresh ticket each time, fetched with a name and a code. Throws Hopeless if retrying would not help. */
export function fromCode(name, code) {
  return { get: () => ticket(name, code), renews: true };
}

async function ticket(name, code) {
  const answer = await fetch(beside("ticket"), {
    method: "POST",
    headers: { Authorization: basic(name, code) },
    credentials: "omit", // otherwise the browser shows its own dialog on a 401
    signal: AbortSignal.timeout(10_000),
    cache: "no-store",
  });
  if (FAULTS[answer.status]) throw new Hopeless(FAULTS[answer.status]);
  if (!answer.ok) throw Object.assign(new Error(), { reason: `no ticket at the moment, HTTP ${answer.status}` });
  return (await answer.json()).ticket;
}

/** The HTTP Basic header for a name and a code. */
export function basic(name, code) {
  return `Basic ${btoa(String.fromCharCode(...new TextEncoder().encode(`${name}:${code}`)))}`;
}
