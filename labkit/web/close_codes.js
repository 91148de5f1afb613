// Every close code of the kit, for browsers: labkit/rules/close_codes.py in JavaScript.
// A test reads both files and fails when a row differs. `words` is ours alone: what a visitor is told.

export const Then = { STOP: "stop", RECONNECT: "reconnect" };
export const Wait = {
  NOTHING: "no wait",
  WINDOW: "full jitter; the first window is the one the server last told",
  SLOT: "the slot in the reason, retry=MS; without one, full jitter",
  SLOT_AT_LEAST_1S: "the slot in the reason, retry=MS, and at least 1 s; without one, full jitter",
};
export const Credential = { NONE: "none", RESUME: "resume", FRESH: "fresh ticket" };
export const NORMAL = 1000;
export const NO_CODE = 1005; // never sent: what a side notes when a close frame names no code
export const NO_CLOSE_FRAME = 1006;
export const SESSION_EXPIRED = 4419;

function stop(code, name, reason, when, words) {
  return { code, name, reason, when, then: Then.STOP, wait: Wait.NOTHING, credential: Credential.NONE, words };
}

function retry(code, name, reason, when, words, wait = Wait.WINDOW, credential = Credential.RESUME) {
  return { code, name, reason, when, then: Then.RECONNECT, wait, credential, words };
}

export const ROWS = [
  stop(1000, "NORMAL", "done", "one side is done", "The conversation ended as agreed."),
  retry(1001, "GOING_AWAY", "going away", "the host leaves", "The server is leaving, without naming a time to return."),
  stop(1002, "PROTOCOL_ERROR", "protocol error", "the peer broke RFC 6455",
    "One side broke the WebSocket protocol itself. Trying again would break it again."),
  stop(1003, "UNSUPPORTED_DATA", "text only", "a binary message, where only text is spoken",
    "A binary message was sent, and this server speaks text only."),
  retry(1006, "NO_CLOSE_FRAME", "", "no close frame: the network, a crash, or an abort; never sent",
    "The connection ended without a word: the server is down, the network broke, or the server refused the " +
    "handshake. Browsers do not tell these apart."),
  stop(1007, "INVALID_UTF8", "invalid UTF-8", "a text message that is not UTF-8", "A message was not valid UTF-8."),
  stop(1008, "INVALID_MESSAGE", "invalid message", "an invalid message, a chat before join, over 8192 bytes",
    "The server did not accept a message of this page. Sending it again would not help."),
  stop(1009, "TOO_BIG", "frame too big", "a frame over 64 KiB, refused from its header",
    "A frame was too big; the server refused it before reading it."),
  retry(1011, "SERVER_ERROR", "internal error", "a bug in the server", "Something went wrong inside the server."),
  retry(1012, "RESTART", "restart", "the server restarts and gives each client a slot",
    "The server restarts. It gives every client a time of its own to return, so that they do not all come at once.",
    Wait.SLOT),
  retry(1013, "TRY_LATER", "slow", "a slow consumer (slow), or too many handshakes (busy)",
    "This page read too slowly, or too many clients arrived at once.", Wait.SLOT_AT_LEAST_1S),
  retry(4401, "AUTH_TIMEOUT", "auth required", "no valid auth in time",
    "No credential reached the server in time.", Wait.WINDOW, Credential.FRESH),
  stop(4403, "AUTH_FAILED", "auth failed", "a refused credential, or anything but auth before auth",
    "The server refused the credential: it is wrong, expired or used already. Check it, then connect again."),
  retry(4408, "HEARTBEAT_TIMEOUT", "no pong", "a ping was not answered in time",
    "The server asked whether we are still here and got no answer in time."),
  stop(4409, "REPLACED", "replaced", "a newer connection of the same session took over",
    "A newer connection of the same session took over. Two that replace each other would never stop."),
  stop(4410, "REVOKED", "session revoked", "the session was revoked", "An operator ended this session."),
  retry(4419, "SESSION_EXPIRED", "session expired", "the session expired",
    "The server does not know this session any more: it expired, or the server started anew.",
    Wait.WINDOW, Credential.FRESH),
  retry(4429, "RATE_LIMITED", "rate limited", "the rate limit was exceeded for long",
    "This page sent more than the server allows, for too long.", Wait.SLOT),
];
const UNKNOWN = "A code this page does not know.";
const TABLE = new Map(ROWS.map((row) => [row.code, row]));

/** The row of a code, also of one the table does not list. Unknown 44xx: ours to mend, stop. All others: come back. */
export function rowOf(code) {
  if (TABLE.has(code)) return TABLE.get(code);
  if (code >= 4400 && code <= 4499) {
    return stop(code, "UNKNOWN_44XX", "", "unknown, and yours", `${UNKNOWN} 44xx means: do not come back.`);
  }
  if (code >= 4500 && code <= 4599) {
    return retry(code, "UNKNOWN_45XX", "", "unknown, and ours", `${UNKNOWN} 45xx means: come back later.`);
  }
  return retry(code, "UNKNOWN", "", "unknown; treated as 1006", `${UNKNOWN} It is treated as a lost connection.`);
}

/** The name of a code, in lower case: "no close frame". */
export function nameOf(code) {
  return rowOf(code).name.toLowerCase().replaceAll("_", " ");
}

/** The slot that a reason carries, in milliseconds; null without one. */
export function retryMs(reason) {
  const found = /(?:^|\s)retry=([0-9]{1,9})(?:\s|$)/.exec(reason);
  return found ? Number(found[1]) : null;
}

/** What the client does next, in words. It may have to stop where the table says to come back: out of credentials. */
export function next(code, comesBack = true) {
  const { then, credential } = rowOf(code);
  if (then === Then.STOP) return "This page stops here.";
  if (!comesBack) return "This page has no fresher credential and stops here: enter one.";
  return credential === Credential.FRESH
    ? "This page comes back with a fresh credential."
    : "This page comes back by itself.";
}
