// The Prometheus text of GET /metrics, as far as this page needs it. Pure.

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

/** How many more closes of each code there are: [[code, count], ...]. A server that started anew counts from 0. */
export function newCloses(before, now) {
  if (before === null) return [];
  const more = [...now].map(([code, total]) => [Number(code), grown(before.get(code) ?? 0, total)]);
  return more.filter(([, count]) => count > 0);
}

function grown(before, now) {
  return now >= before ? now - before : now;
}

/** Growth a second of a counter; null when it cannot be said. */
export function rate(before, now, seconds) {
  if (before === undefined || now === undefined || seconds <= 0 || now < before) return null;
  return (now - before) / seconds;
}
