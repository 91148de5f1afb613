// The states of a connection and their transitions: the table of labkit/wire/client/state.py.
// The page's diagram is drawn from this table, and a test compares it with Python's.

export const NEXT = {
  connecting: ["authenticating", "waiting", "stopped"],
  authenticating: ["open", "waiting", "stopped"],
  open: ["waiting", "stopped"],
  waiting: ["connecting", "stopped"],
  stopped: [],
};

/** Throw an Error for a transition that is not in the table, which is a bug of this page. */
export function check(from, to) {
  if (from !== null && !NEXT[from].includes(to)) throw new Error(`no transition from ${from} to ${to}`);
}
