// The browser's half of labkit.views.prediction: a question with answers to choose from.

function render({ model, el }) {
  const question = document.createElement("fieldset");
  const words = document.createElement("legend");
  const group = `prediction ${Math.random()}`;
  question.className = "labkit-prediction";
  words.textContent = model.get("question");
  question.append(words);
  for (const answer of model.get("answers")) question.append(choice(answer, group, model));
  // In command mode, JupyterLab uses the arrow keys of every element except text boxes to move between cells.
  question.addEventListener("keydown", (pressed) => {
    if (pressed.key.startsWith("Arrow")) pressed.stopPropagation();
  });
  el.append(question, standing(model, question));
}

/** How the class votes: a line, the counts once the vote is closed, and free circles for a second vote. */
function standing(model, question) {
  const place = document.createElement("div");
  const words = document.createElement("p");
  const counts = document.createElement("ul");
  let round = model.get("vote").round;
  place.className = "labkit-prediction-vote";
  words.setAttribute("role", "status");
  place.append(words, counts);
  const draw = () => {
    const vote = model.get("vote");
    if (vote.round !== round) for (const dot of question.querySelectorAll("input")) dot.checked = false;
    round = vote.round;
    place.hidden = vote.words === "";
    words.textContent = vote.words;
    counts.replaceChildren(...vote.counts.map((line) => {
      const item = document.createElement("li");
      item.textContent = line;
      return item;
    }));
  };
  model.on("change:vote", draw);
  draw();
  return place;
}

function choice(answer, group, model) {
  const row = document.createElement("label");
  const dot = document.createElement("input");
  Object.assign(dot, { type: "radio", name: group, checked: model.get("answer") === answer });
  dot.addEventListener("change", () => model.send({ answer }));
  row.append(dot, answer);
  return row;
}

export default { render };
