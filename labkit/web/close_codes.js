// The close-code table for browsers: labkit/rules/close_codes.py in JavaScript, compared by a test.
// Only this file has `words`, the explanation that the page shows.

export const Then = { STOP: "stop", RECONNECT: "reconnect" };
export const Wait = {
  NOTHING: "no wait",
  WINDOW: "full jitter; the first window is the one the server last sent",
  SLOT: "the slot in the reason (retry=MS), or full jitter if there is none",
  SLOT_AT_LEAST_1S: "the slot in the reason (retry=MS), but at least 1 s; full jitter if there is none",
};
export const Credential = { NONE: "none", RESUME: "resume", FRESH: "fresh ticket" };
export const NORMAL = 1000;
export const NO_CODE = 1005; // never sent: reported locally when a close frame has no code
export const NO_CLOSE_FRAME = 1006;
export const SESSION_EXPIRED = 4419;

function stop(code, name, reason, when, words) {
  return { code, name, reason, when, then: Then.STOP, wait: Wait.NOTHING, credential: Credential.NONE, words };
}

function retry(code, name, reason, when, words, wait = Wait.WINDOW, credential = Credential.RESUME) {
  return { code, name, reason, when, then: Then.RECONNECT, wait, credential, words };
}

export const ROWS = [
  stop(1000, "NORMAL", "done", "one side has finished", "The connection was closed normally."),
  retry(1001, "GOING_AWAY", "going away", "the server or page is going away",
    "The server is shutting down and gave no time to reconnect."),
  stop(1002, "PROTOCOL_ERROR", "protocol error", "the peer broke RFC 6455",
    "One side violated the WebSocket protocol. Reconnecting would violate it again."),
  stop(1003, "UNSUPPORTED_DATA", "text only", "a binary message; only text is accepted",
    "A binary message was sent, but this server accepts text only."),
  retry(1006, "NO_CLOSE_FRAME", "", "no close frame: the network, a crash, or an abort; never sent",
    "The connection ended with no close frame: the server is down, the network broke, or the server refused the " +
    "handshake. A browser cannot tell which."),
  stop(1007, "INVALID_UTF8", "invalid UTF-8", "a text message that is not UTF-8", "A message was not valid UTF-8."),
  stop(1008, "INVALID_MESSAGE", "invalid message",
    "an invalid message, a chat message before joining, or a message over 8192 bytes",
    "The server rejected a message from this page. Sending it again would not help."),
  stop(1009, "TOO_BIG", "frame too big", "a frame over 64 KiB, refused from its header",
    "A frame was too big; the server rejected it before reading it."),
  retry(1011, "SERVER_ERROR", "internal error", "a bug in the server", "Something went wrong inside the server."),
  retry(1012, "RESTART", "restart", "the server is restarting and tells each client when to reconnect",
    "The server is restarting. It gives each client its own time to reconnect, so that they do not all arrive at once.",
    Wait.SLOT),
  retry(1013, "TRY_LATER", "slow", "a slow consumer (slow), or too many handshakes (busy)",
    "This page reads too slowly, or too many clients connected at once.", Wait.SLOT_AT_LEAST_1S),
  retry(4401, "AUTH_TIMEOUT", "auth required", "no valid auth in time",
    "No credential reached the server in time.", Wait.WINDOW, Credential.FRESH),
  stop(4403, "AUTH_FAILED", "auth failed", "a rejected credential, or any other message before auth",
    "The server rejected the credential: it is wrong, expired or already used. Check it, then connect again."),
  retry(4408, "HEARTBEAT_TIMEOUT", "no pong", "a ping was not answered in time",
    "This page did not answer the server's ping in time."),
  stop(4409, "REPLACED", "replaced", "a newer connection of the same session took over",
    "A newer connection of the same session took over. Reconnecting would only replace that one in turn."),
  stop(4410, "REVOKED", "session revoked", "the session was revoked", "An operator ended this session."),
  retry(4419, "SESSION_EXPIRED", "session expired", "the session expired",
    "The server no longer knows this session: it expired, or the server restarted.",
    Wait.WINDOW, Credential.FRESH),
  retry(4429, "RATE_LIMITED", "rate limited", "the rate limit was exceeded for too long",
    "This page exceeded the server's rate limit for too long.", Wait.SLOT),
];
const UNKNOWN = "This page does not know this code.";
const TABLE = new Map(ROWS.map((row) => [row.code, row]));

/** The row of any code. Unknown codes: stop on 44xx, which are the client's fault; reconnect on all others. */
export function rowOf(code) {
  if (TABLE.has(code)) return TABLE.get(code);
  if (code >= 4400 && code <= 4499) {
    return stop(code, "UNKNOWN_44XX", "", "unknown; a client error", `${UNKNOWN} 44xx means: do not reconnect.`);
  }
  if (code >= 4500 && code <= 4599) {
    return retry(code, "UNKNOWN_45XX", "", "unknown; a server error", `${UNKNOWN} 45xx means: reconnect later.`);
  }
  return retry(code, "UNKNOWN", "", "unknown; treated as 1006", `${UNKNOWN} It is treated as a lost connection.`);
}

/** The name of a code in lower case, such as "no close frame". */
export function nameOf(code) {
  return rowOf(code).name.toLowerCase().replaceAll("_", " ");
}

/** The slot in a close reason, in milliseconds; null without one. */
export function retryMs(reason) {
  const found = /(?:^|\s)retry=([0-9]{1,9})(?:\s|$)/.exec(reason);
  return found ? Number(found[1]) : null;
}

/** What this page does next, as text. Without a fresh credential it stops even if the table says to reconnect. */
export function next(code, comesBack = true) {
  const { then, credential } = rowOf(code);
  if (then === Then.STOP) return "This page stops here.";
  if (!comesBack) return "This page stops here because it needs a fresh credential: enter one.";
  return credential === Credential.FRESH
    ? "This page reconnects with a fresh credential."
    : "This page reconnects automatically.";
}
