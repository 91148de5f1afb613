// The browser's half of labkit.views.class_board: the page's board and votes (labkit/web), fed by the kernel.
// A view that opens late requests everything; after that, it receives events as they arrive. Requests about the votes go
// through the kernel, which has the instructor's code.

import { Lane } from "./board_lane.js";
import { Votes } from "./board_votes.js";
import { BoardView } from "./board_view.js";

function render({ model, el }) {
  el.classList.add("labkit-board");
  let behind = 0; // the server's clock minus ours
  let votes = null;
  let votesRoom = null;
  let count = 0;
  const present = new Set();
  const asked = new Map(); // by number: what to do with the answer
  const [place, words, rest] = ["div", "p", "div"].map((tag) => document.createElement(tag));
  words.setAttribute("role", "status");
  el.append(words, place, rest);
  const view = new BoardView(rest, () => Date.now() + behind);
  const lane = new Lane(ask, view, true);
  el.insertBefore(lane.element, place);

  const handlers = {
    snapshot: (message) => {
      behind = message.now - Date.now();
      view.show(message);
      votes?.load(); // events may have been missed
    },
    presence: ({ members }) => {
      present.clear();
      for (const { userId } of members) present.add(userId);
      showPresent();
    },
    entered: ({ userId }) => showPresent(present.add(userId)),
    gone: ({ userId }) => showPresent(present.delete(userId)),
    which: beginVotes,
    comment: ({ roomId, target }) => roomId === votesRoom && votes?.changed(target),
  };

  function showPresent() {
    view.presence([...present].filter((name) => name !== "instructor"));
  }

  function beginVotes(which) {
    if (votes || !which.votesRoom) return;
    votesRoom = which.votesRoom;
    votes = new Votes(ask, (name) => view.shownName(name), which.votesByName, (fault) => { words.textContent = fault; });
    place.append(votes.element);
    rest.addEventListener("click", () => [votes.draw(), lane.draw()]); // names may be hidden
    votes.load();
    lane.start();
  }

  function ask(path, method = "GET", wish = null) {
    count += 1;
    const number = count;
    const answer = new Promise((resolve, reject) => { asked.set(number, { resolve, reject }); });
    model.send({ path, number, wish: method === "GET" ? null : wish ?? {} });
    return answer;
  }

  function receive({ events = [], number = null, answer = null, error = null }) {
    for (const event of events) (handlers[event.type] ?? ((other) => view.apply(other)))(event);
    const waiting = asked.get(number);
    asked.delete(number);
    if (error !== null) waiting?.reject(new Error(error));
    else waiting?.resolve(answer);
  }

  model.on("msg:custom", receive);
  model.send({ ask: "everything" });
  return () => {
    model.off("msg:custom", receive);
    view.close();
    lane.close();
  };
}

export default { render };
