// Addresses on the server of this page. They are relative to the page, so that a proxy may add a path.

/** The URL of a file or route of this server, such as `ticket`. */
export function beside(path, base = document.baseURI) {
  return new URL(path, base).href;
}

/** The WebSocket address of this server. */
export function socketOf(base = document.baseURI) {
  const { protocol, host, pathname } = new URL(".", base);
  return `${protocol === "https:" ? "wss" : "ws"}://${host}${pathname === "/" ? "" : pathname}`;
}

/** Whether this page was served by this machine. */
export function isLocal(base = document.baseURI) {
  return /^(localhost|.+\.localhost|127\.\d+\.\d+\.\d+|\[::1\])$/.test(new URL(base).hostname);
}

/** The part of the page's address after `#`, which no server sees. */
export function fragment(url = document.URL) {
  return new URL(url).hash.slice(1);
}

/** The origin of this server, for messages between its own windows. */
export function originOf(base = document.baseURI) {
  return new URL(base).origin;
}
