'use strict';

// What a client may send. Every message is an object with a `type`; each type
// has exactly the fields listed here.

const ROOM_ID = /^[A-Za-z0-9_-]{1,64}$/;
const MAX_TOKEN = 512;
const MAX_TEXT = 2000;

const isString = (v, min, max) => typeof v === 'string' && v.length >= min && v.length <= max;
const isRoomId = (v) => typeof v === 'string' && ROOM_ID.test(v);

const schemas = {
  auth: { token: (v) => isString(v, 1, MAX_TOKEN) },
  join: { roomId: isRoomId },
  leave: { roomId: isRoomId },
  chat: {
    roomId: isRoomId,
    text: (v) => isString(v, 1, MAX_TEXT) && v.trim() !== '',
  },
};

/** Returns the message, or null where it is invalid. */
function parseMessage(data, isBinary) {
  if (isBinary) return null;

  let message;
  try {
    message = JSON.parse(data.toString());
  } catch {
    return null;
  }
  if (message === null || typeof message !== 'object' || Array.isArray(message)) return null;
  if (typeof message.type !== 'string' || !Object.hasOwn(schemas, message.type)) return null;

  const schema = schemas[message.type];
  for (const [field, check] of Object.entries(schema)) {
    if (!Object.hasOwn(message, field) || !check(message[field])) return null;
  }
  for (const field of Object.keys(message)) {
    if (field !== 'type' && !Object.hasOwn(schema, field)) return null;
  }
  return message;
}

module.exports = { parseMessage };
