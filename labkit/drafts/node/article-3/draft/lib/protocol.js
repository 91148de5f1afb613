'use strict';

const ROOM_ID = /^[a-zA-Z0-9_-]{1,40}$/;

const validators = {
  auth: (m) => typeof m.ticket === 'string' && m.ticket.length > 0 && m.ticket.length <= 100,
  join: (m) => isRoomId(m.roomId),
  leave: (m) => isRoomId(m.roomId),
  chat: (m) =>
    isRoomId(m.roomId) &&
    typeof m.text === 'string' &&
    m.text.trim().length > 0 &&
    m.text.length <= 1000,
};

function isRoomId(value) {
  return typeof value === 'string' && ROOM_ID.test(value);
}

/** @returns {{ ok: true, message: object } | { ok: false, reason: string }} */
function parse(data, isBinary) {
  if (isBinary) return { ok: false, reason: 'Text messages only' };

  let message;
  try {
    message = JSON.parse(data.toString());
  } catch {
    return { ok: false, reason: 'Invalid JSON' };
  }

  if (typeof message !== 'object' || message === null || Array.isArray(message)) {
    return { ok: false, reason: 'Message must be an object' };
  }
  if (!Object.hasOwn(validators, message.type)) {
    return { ok: false, reason: 'Unknown message type' };
  }
  if (!validators[message.type](message)) {
    return { ok: false, reason: `Invalid ${message.type} message` };
  }
  return { ok: true, message };
}

module.exports = { parse };
