// The browser's half of labkit.views.class_board: the page's board (labkit/web/board_view.js), fed by the kernel.
// A view that opens late requests everything; after that, it receives events as they arrive.

import { BoardView } from "./board_view.js";

function render({ model, el }) {
  el.classList.add("labkit-board");
  let behind = 0; // the server's clock minus ours
  const present = new Set();
  const view = new BoardView(el, () => Date.now() + behind);

  const handlers = {
    snapshot: (message) => {
      behind = message.now - Date.now();
      view.show(message);
    },
    presence: ({ members }) => {
      present.clear();
      for (const { userId } of members) present.add(userId);
      showPresent();
    },
    entered: ({ userId }) => showPresent(present.add(userId)),
    gone: ({ userId }) => showPresent(present.delete(userId)),
  };

  function showPresent() {
    view.presence([...present].filter((name) => name !== "instructor"));
  }

  function receive({ events }) {
    for (const event of events) (handlers[event.type] ?? ((other) => view.apply(other)))(event);
  }

  model.on("msg:custom", receive);
  model.send({ ask: "everything" });
  return () => {
    model.off("msg:custom", receive);
    view.close();
  };
}

export default { render };
