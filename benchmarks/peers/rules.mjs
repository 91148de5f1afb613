// The message validation of both Node servers: the article's protocol.
import { randomUUID } from "node:crypto";

const MOST_BYTES = 8192;
const isRoomId = (value) => typeof value === "string" && /^[a-zA-Z0-9:_-]{1,64}$/.test(value);
const isText = (value, least, most) => typeof value === "string" && value.length >= least && value.length <= most;
const checks = {
  auth: ({ token }) => (isText(token, 8, Infinity) ? { message: { type: "auth", token } } : { fault: "auth.token is invalid" }),
  join: ({ roomId }) => (isRoomId(roomId) ? { message: { type: "join", roomId } } : { fault: "roomId is invalid" }),
  chat({ roomId, requestId, text }) {
    if (!isRoomId(roomId)) return { fault: "roomId is invalid" };
    if (!isText(text, 1, 1000)) return { fault: "text must be 1-1000 chars" };
    const chosen = typeof requestId === "string" ? requestId.slice(0, 100) : randomUUID();
    return { message: { type: "chat", roomId, requestId: chosen, text } };
  },
  ping: () => ({ message: { type: "ping" } }),
};

export function readMessage(raw) {
  if (raw.length > MOST_BYTES) return { fault: "message too large" };
  let value;
  try {
    value = JSON.parse(raw.toString("utf8"));
  } catch {
    return { fault: "invalid JSON" };
  }
  if (!value || typeof value !== "object" || Array.isArray(value)) return { fault: "message must be an object" };
  if (typeof value.type !== "string") return { fault: "type is required" };
  return Object.hasOwn(checks, value.type) ? checks[value.type](value) : { fault: "unsupported type" };
}

export const chooses = ({ type, token }) => type === "auth" && token === process.env.DEV_TOKEN;
