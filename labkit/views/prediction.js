// The browser's half of labkit.views.prediction: a question and its answers, one of which may be chosen.

function render({ model, el }) {
  const question = document.createElement("fieldset");
  const words = document.createElement("legend");
  const group = `prediction ${Math.random()}`;
  question.className = "labkit-prediction";
  words.textContent = model.get("question");
  question.append(words);
  for (const answer of model.get("answers")) question.append(choice(answer, group, model));
  // JupyterLab in command mode takes the arrows of all that is not written in, to move between cells.
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
