'use strict';

const fs = require('fs');

/**
 * Append-only audit log, one JSON object a line. It is written on the server,
 * whether or not anything is delivered over WebSocket. Tokens are never
 * written to it.
 */
function openAuditLog(file) {
  const fd = fs.openSync(file, 'a', 0o600);
  return {
    write(event, details = {}) {
      fs.writeSync(fd, JSON.stringify({ at: new Date().toISOString(), event, ...details }) + '\n');
    },
    close() {
      fs.closeSync(fd);
    },
  };
}

module.exports = { openAuditLog };
