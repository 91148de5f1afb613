// What the page's modules hold and answer, as JSON, for a comparison with Python's.
import { readFileSync } from "node:fs";

const { ROWS, next, retryMs, rowOf } = await import(`${process.env.WEB}/close_codes.js`);
const { Backoff, STABLE_MS } = await import(`${process.env.WEB}/backoff.js`);
const { NEXT, check } = await import(`${process.env.WEB}/states.js`);
const { MAX_UNSENT_BYTES } = await import(`${process.env.WEB}/unsent.js`);
const { GIVE_UP_MS } = await import(`${process.env.WEB}/watchdog.js`);
const given = JSON.parse(readFileSync(0, "utf8"));

function allows(from, to) {
  try {
    check(from, to);
    return true;
  } catch {
    return false;
  }
}

/** The delays of one client that lives through these steps. */
function life({ draws, steps }) {
  const backoff = new Backoff(() => draws.shift());
  return steps.map(([what, ...details]) => backoff[what](...details) ?? null);
}

console.log(JSON.stringify({
  rows: ROWS,
  next: Object.fromEntries(given.codes.map((code) => [code, next(code)])),
  found: given.codes.map(rowOf),
  slots: given.reasons.map(retryMs),
  lives: given.lives.map(life),
  states: NEXT,
  steps: Object.keys(NEXT).flatMap((from) => Object.keys(NEXT).filter((to) => allows(from, to)).map((to) => [from, to])),
  constants: { STABLE_MS, MAX_UNSENT_BYTES, GIVE_UP_MS },
}));
