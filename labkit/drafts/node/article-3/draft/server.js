'use strict';

const http = require('node:http');
const path = require('node:path');
const { readFile } = require('node:fs/promises');
const { randomBytes, scryptSync, timingSafeEqual } = require('node:crypto');
const { Tickets } = require('./lib/tickets');
const { AuditLog } = require('./lib/audit');
const { attachRealtime } = require('./lib/realtime');

const HOST = 'localhost';
const PORT = Number(process.env.PORT) || 8080;

// One password for everyone, as a stand-in for real accounts.
const password = process.env.APP_PASSWORD || randomBytes(9).toString('base64url');
const salt = randomBytes(16);
const passwordHash = scryptSync(password, salt, 32);

function passwordMatches(candidate) {
  return timingSafeEqual(scryptSync(candidate, salt, 32), passwordHash);
}

const tickets = new Tickets();
const audit = new AuditLog(process.env.AUDIT_LOG || path.join(__dirname, 'audit.log'));

const files = {
  '/': ['index.html', 'text/html; charset=utf-8'],
  '/app.js': ['app.js', 'text/javascript; charset=utf-8'],
  '/connection.js': ['connection.js', 'text/javascript; charset=utf-8'],
  '/style.css': ['style.css', 'text/css; charset=utf-8'],
};

const server = http.createServer(async (req, res) => {
  res.setHeader('X-Content-Type-Options', 'nosniff');
  res.setHeader('Referrer-Policy', 'no-referrer');
  res.setHeader('Cache-Control', 'no-store');
  try {
    if (req.url === '/api/ticket') return await issueTicket(req, res);
    if (req.method === 'GET' && Object.hasOwn(files, req.url)) {
      const [name, type] = files[req.url];
      const body = await readFile(path.join(__dirname, 'public', name));
      res.writeHead(200, { 'Content-Type': type });
      return res.end(body);
    }
    json(res, 404, { error: 'Not found' });
  } catch (err) {
    console.error(err);
    if (!res.headersSent) json(res, 500, { error: 'Internal error' });
  }
});

async function issueTicket(req, res) {
  if (req.method !== 'POST') return json(res, 405, { error: 'Use POST' });
  if (!/^application\/json\b/.test(req.headers['content-type'] || '')) {
    return json(res, 415, { error: 'Send JSON' });
  }

  let body;
  try {
    body = JSON.parse(await readBody(req, 4096));
  } catch {
    return json(res, 400, { error: 'Invalid request' });
  }

  const user = typeof body?.user === 'string' ? body.user.trim() : '';
  if (!/^[\p{L}\p{N} _-]{1,30}$/u.test(user) || typeof body.password !== 'string') {
    return json(res, 400, { error: 'Enter a name (letters, digits, spaces, - and _) and the password' });
  }
  if (!passwordMatches(body.password)) {
    audit.note('login_failed', { user });
    return json(res, 401, { error: 'Wrong password' });
  }
  audit.note('ticket_issued', { user });
  json(res, 200, { ticket: tickets.issue(user) });
}

async function readBody(req, limit) {
  const chunks = [];
  let size = 0;
  for await (const chunk of req) {
    size += chunk.length;
    if (size > limit) throw new Error('Body too large');
    chunks.push(chunk);
  }
  return Buffer.concat(chunks).toString('utf8');
}

function json(res, status, value) {
  res.writeHead(status, { 'Content-Type': 'application/json; charset=utf-8' });
  res.end(JSON.stringify(value));
}

const realtime = attachRealtime(server, { tickets, audit });

server.listen(PORT, HOST, () => {
  console.log(`Listening on http://${HOST}:${PORT}`);
  if (!process.env.APP_PASSWORD) console.log(`Password for this run: ${password}`);
});

async function stop() {
  realtime.stop();
  server.close();
  await new Promise((resolve) => setTimeout(resolve, 300));
  await audit.flush();
  process.exit(0);
}

process.once('SIGINT', stop);
process.once('SIGTERM', stop);
