// The room's view in a window of its own, for the projector. The instructor's page opens it, and hands it the code and
// the choices that the room follows, from window to window. A view that was opened by its address asks for the code.

import { beside, fragment, originOf } from "./place.js";

const ROOM = "room";
const HELLO = "labkit: the room's view is open";

/** Whether this window is the room's view. */
export function isRoomsView() {
  return fragment() === ROOM;
}

/** On the instructor's page: the window of the room. */
export class RoomWindow {
  constructor() {
    this.window = null;
    this.told = {}; // the newest of each choice
    addEventListener("message", ({ origin, source, data }) => {
      const isOurs = this.window !== null && source === this.window && origin === originOf();
      if (isOurs && data === HELLO) this.#send(this.told);
    });
  }

  get isOpen() {
    return this.window !== null && !this.window.closed;
  }

  open() {
    this.window = window.open(beside(`board#${ROOM}`), "labkit-room", "popup");
    return this.window !== null;
  }

  /** Tell the room's view the code or a choice: {code, areBarsHidden, areNamesHidden, question, lesson, drill}. */
  tell(news) {
    const { drill, ...lasting } = news;
    Object.assign(this.told, lasting);
    this.#send(news);
  }

  #send(news) {
    if (this.isOpen) this.window.postMessage(news, originOf());
  }
}

/** In the room's view: follow the window that opened it. Returns whether there is one. */
export function followOpener(hear) {
  const { opener } = window;
  if (!opener) return false;
  addEventListener("message", ({ origin, source, data }) => {
    if (source === opener && origin === originOf() && typeof data === "object") hear(data);
  });
  opener.postMessage(HELLO, originOf());
  return true;
}
