// Where the credential of a connection comes from. It stays in this page's memory: no URL, no storage, no log.
// `get` is an async function that gives it, or throws Hopeless; `renews` says whether it gives a fresh one each time.

import { Hopeless } from "./connection.js";
import { beside } from "./place.js";

const FAULTS = {
  401: "The server does not know this name and code.",
  403: "This server has no list of users. Use a token instead.",
  404: "This server gives out no tickets. Use a token instead.",
};

/** The same token each time. A ticket works once; used again, the server refuses it and the page stops. */
export function fromToken(token) {
  return { get: async () => token, renews: false };
}

/** A fresh ticket each time, fetched for a name and a code. Raises Hopeless when asking again would not help. */
export function fromCode(name, code) {
  return { get: () => ticket(name, code), renews: true };
}

async function ticket(name, code) {
  const answer = await fetch(beside("ticket"), {
    method: "POST",
    headers: { Authorization: basic(name, code) },
    credentials: "omit", // otherwise the browser answers a 401 with a dialog of its own
    signal: AbortSignal.timeout(10_000),
    cache: "no-store",
  });
  if (FAULTS[answer.status]) throw new Hopeless(FAULTS[answer.status]);
  if (!answer.ok) throw Object.assign(new Error(), { reason: `no ticket at the moment, HTTP ${answer.status}` });
  return (await answer.json()).ticket;
}

/** What HTTP Basic says of a name and a code. */
export function basic(name, code) {
  return `Basic ${btoa(String.fromCharCode(...new TextEncoder().encode(`${name}:${code}`)))}`;
}
