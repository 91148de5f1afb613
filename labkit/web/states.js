// Where a connection is in its life, and which step leads where: the table of labkit/wire/client/state.py.
// The picture on the page is drawn from this table, and a test compares it with Python's.

export const NEXT = {
  connecting: ["authenticating", "waiting", "stopped"],
  authenticating: ["open", "waiting", "stopped"],
  open: ["waiting", "stopped"],
  waiting: ["connecting", "stopped"],
  stopped: [],
};

/** Raises an Error for a step that the table does not have: a bug of this page. */
export function check(from, to) {
  if (from !== null && !NEXT[from].includes(to)) throw new Error(`no step leads from ${from} to ${to}`);
}
