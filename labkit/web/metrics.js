// Parses the parts of GET /metrics (Prometheus text format) that the monitor page needs. Pure functions.

/** name -> value for plain samples; name -> Map(label value -> value) for those with one label. */
export function parse(text) {
  const found = new Map();
  for (const line of text.split("\n")) {
    const sample = /^([a-zA-Z_:][\w:]*)(?:\{\w+="([^"]*)"\})? (\S+)$/.exec(line);
    if (sample) keep(found, sample[1], sample[2], Number(sample[3]));
  }
  return found;
}

function keep(found, name, label, value) {
  if (label === undefined) found.set(name, value);
  else found.set(name, (found.get(name) ?? new Map()).set(label, value));
}

/** New closes by code: [[code, count], ...]. After a restart, the server counts from 0. */
export function newCloses(before, now) {
  if (before === null) return [];
  const more = [...now].map(([code, total]) => [Number(code), grown(before.get(code) ?? 0, total)]);
  return more.filter(([, count]) => count > 0);
}

function grown(before, now) {
  return now >= before ? now - before : now;
}

/** Growth of a counter per second; null if unknown. */
export function rate(before, now, seconds) {
  if (before === undefined || now === undefined || seconds <= 0 || now < before) return null;
  return (now - before) / seconds;
}
