// The browser's half of labkit.views.news_banner: messages over the page. Notebooks side by side share one banner, so that
// a message to all of them is shown once.

const PLACE = "labkit-news";

function initialize({ model }) {
  const mine = new Map(); // the elements that this model drew, by the message's id
  const draw = () => {
    const items = model.get("items");
    const wanted = new Set(items.map(({ id }) => id));
    for (const [id, element] of mine) {
      if (!wanted.has(id)) remove(mine, id, element);
    }
    for (const item of items) {
      if (!mine.has(item.id) && !shown(item.id)) mine.set(item.id, put(item, model));
    }
  };
  model.on("change:items", draw);
  draw();
  return () => {
    model.off("change:items", draw);
    for (const [id, element] of mine) remove(mine, id, element);
  };
}

function place() {
  const found = document.getElementById(PLACE);
  if (found) return found;
  const made = document.createElement("section");
  made.id = PLACE;
  made.setAttribute("aria-label", "From your instructor");
  made.setAttribute("aria-live", "polite");
  document.body.append(made);
  return made;
}

function shown(id) {
  return [...place().children].some((one) => one.dataset.item === id);
}

function put({ id, head, text }, model) {
  const element = document.createElement("article");
  const words = document.createElement("div");
  const [title, body] = [document.createElement("b"), document.createElement("p")];
  const button = document.createElement("button");
  element.dataset.item = id;
  title.textContent = head;
  body.textContent = text;
  button.type = "button";
  button.textContent = "Dismiss";
  button.addEventListener("click", () => {
    element.remove();
    model.send({ read: id });
  });
  words.append(title, body);
  element.append(words, button);
  place().append(element);
  return element;
}

function remove(mine, id, element) {
  mine.delete(id);
  element.remove();
}

export default { initialize };
