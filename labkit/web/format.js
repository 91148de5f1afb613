// Formats numbers, events and gaps as text.

export function bytes(count) {
  if (count < 1024) return `${Math.round(count)} B`;
  return count < 1024 * 1024 ? `${(count / 1024).toFixed(1)} KiB` : `${(count / 1024 / 1024).toFixed(1)} MiB`;
}

export function milliseconds(ms) {
  if (ms >= 1000) return `${(ms / 1000).toFixed(1)} s`;
  return ms < 10 && !Number.isInteger(ms) ? `${ms.toFixed(1)} ms` : `${Math.round(ms)} ms`;
}

export function seconds(s) {
  if (s < 60) return `${Math.floor(s)} s`;
  if (s < 3600) return `${Math.floor(s / 60)} min ${Math.floor(s % 60)} s`;
  return `${Math.floor(s / 3600)} h ${Math.floor((s % 3600) / 60)} min`;
}

export function count(number, one, many = `${one}s`) {
  return `${number} ${number === 1 ? one : many}`;
}

const DESCRIPTIONS = {
  chat: ({ text }) => text,
  progress: ({ jobId, phase, percent, note }) =>
    `job ${jobId}: ${phase}, ${Number(percent.toFixed(1))} %${note ? ` (${note})` : ""}`,
  comment: ({ target, text }) => `on ${target}: ${text}`,
  read: ({ upTo }) => `has read everything up to #${upTo}`,
  alert: ({ severity, customer, text }) => `${severity} for ${customer}: ${text}`,
  exercise: ({ exercise, status, check }) => `exercise ${exercise}: ${status}${check ? ` (${check})` : ""}`,
};

/** An event as text. */
export function describe(event) {
  return Object.hasOwn(DESCRIPTIONS, event.type) ? String(DESCRIPTIONS[event.type](event)) : JSON.stringify(event);
}

/** A gap as text. */
export function describeGap({ first, last }) {
  if (first === null || last < first) return "Gap: messages were lost; the server does not know how many.";
  const many = last - first + 1;
  return `Gap: ${count(many, "event")} lost (${many === 1 ? `#${first}` : `#${first} to #${last}`}).`;
}
