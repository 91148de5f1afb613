'use strict';

const crypto = require('crypto');

/**
 * Users and their tokens come from the environment:
 *
 *   AUTH_TOKENS="alice:some-long-token,bob:another-long-token"
 *
 * Without it, two users with random tokens are made for development and
 * printed when the server starts.
 *
 * Only hashes are kept, so that tokens can be compared in constant time.
 */

const sha256 = (s) => crypto.createHash('sha256').update(s).digest();

function loadUsers(env = process.env) {
  const users = [];
  const generated = [];

  if (env.AUTH_TOKENS) {
    for (const pair of env.AUTH_TOKENS.split(',')) {
      const i = pair.indexOf(':');
      const id = pair.slice(0, i).trim();
      const token = pair.slice(i + 1).trim();
      if (i < 1 || !id || token.length < 16) {
        throw new Error('AUTH_TOKENS must look like "user:token,user:token", each token at least 16 characters');
      }
      users.push({ id, hash: sha256(token) });
    }
  } else {
    for (const id of ['alice', 'bob']) {
      const token = crypto.randomBytes(24).toString('base64url');
      users.push({ id, hash: sha256(token) });
      generated.push({ id, token });
    }
  }
  return { users, generated };
}

function createAuthenticator(users) {
  return function authenticate(token) {
    const hash = sha256(token);
    let found = null;
    for (const user of users) {
      if (crypto.timingSafeEqual(hash, user.hash)) found = user;
    }
    return found ? found.id : null;
  };
}

module.exports = { loadUsers, createAuthenticator };
