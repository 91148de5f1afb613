'use strict';

const { appendFile } = require('node:fs/promises');

/**
 * Audit log in JSON lines. Entries are written in order; append() resolves when
 * the entry has been handed to the file, and rejects if that fails.
 */
class AuditLog {
  #file;
  #tail = Promise.resolve();

  constructor(file) {
    this.#file = file;
  }

  append(event, fields) {
    const line = JSON.stringify({ time: new Date().toISOString(), event, ...fields }) + '\n';
    const written = this.#tail.then(() => appendFile(this.#file, line, { mode: 0o600 }));
    this.#tail = written.catch(() => {});
    return written;
  }

  /** For events nobody has to wait for. */
  note(event, fields) {
    this.append(event, fields).catch((err) => console.error('audit log:', err.message));
  }

  flush() {
    return this.#tail;
  }
}

module.exports = { AuditLog };
