// Where this page was served: every address it asks for lies beside it, also behind a proxy that adds a path.

/** The address of a file or route of this server, such as `ticket`. */
export function beside(path, base = document.baseURI) {
  return new URL(path, base).href;
}

/** The WebSocket address of this server. */
export function socketOf(base = document.baseURI) {
  const { protocol, host, pathname } = new URL(".", base);
  return `${protocol === "https:" ? "wss" : "ws"}://${host}${pathname === "/" ? "" : pathname}`;
}

/** Whether the page comes from this machine itself. */
export function isLocal(base = document.baseURI) {
  return /^(localhost|.+\.localhost|127\.\d+\.\d+\.\d+|\[::1\])$/.test(new URL(base).hostname);
}
