// Requests to the class server with the instructor's code.

import { basic } from "./credential.js";
import { beside } from "./place.js";

export const INSTRUCTOR = "instructor";
const FAULTS = {
  401: "The server rejected this code.",
  403: "Only the instructor can open this board.",
  404: "No class is running on this server. Start one with `labkit class start`.",
  429: "Too many wrong codes came from this address. Wait a minute.",
};
const SAYS_WHY = new Set([400, 409]);
const FINAL = new Set([401, 403, 404]); // retrying would count as wrong guesses and lock out the right code

/** A function `ask(path, method, wish)` that returns the answer's JSON. `code()` is the code at the time of a call. */
export function asking(code) {
  return async (path, method = "GET", wish = null) => {
    const headers = path === "class" ? {} : { Authorization: basic(INSTRUCTOR, code()) };
    if (wish) headers.Vote = packed(wish);
    const options = { method, headers, credentials: "omit", cache: "no-store", signal: AbortSignal.timeout(10_000) };
    const answer = await fetch(beside(path), options).catch(() => { throw new Error("The server does not respond."); });
    if (!answer.ok) {
      const own = SAYS_WHY.has(answer.status) ? await answer.text() : FAULTS[answer.status];
      const words = own ?? `The server responded with HTTP ${answer.status}.`;
      throw Object.assign(new Error(words), { isFinal: FINAL.has(answer.status) });
    }
    return answer.json();
  };
}

/** JSON in base64, because this server accepts no body. */
function packed(wish) {
  return btoa(String.fromCharCode(...new TextEncoder().encode(JSON.stringify(wish))));
}
