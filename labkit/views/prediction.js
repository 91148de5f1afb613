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
  el.append(question);
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
