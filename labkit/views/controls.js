// The browser's half of labkit.views.controls: buttons and sliders. Every change is its own message.
// A slider for a power of ten shows the number itself; its right end may mean "no limit".

function render({ model, el }) {
  el.classList.add("labkit-controls");
  const buttons = group(el, "buttons");
  const sliders = group(el, "sliders");
  for (const control of model.get("controls")) {
    const send = (value) => model.send({ name: control.name, value });
    if (control.kind === "button") buttons.append(makeButton(control, send));
    else sliders.append(makeSlider(control, send));
  }
}

function group(el, name) {
  const made = document.createElement("div");
  made.className = name;
  el.append(made);
  return made;
}

function makeButton({ name, hint }, send) {
  const button = document.createElement("button");
  button.type = "button";
  button.textContent = name;
  button.title = hint;
  button.addEventListener("click", () => send(null));
  return button;
}

function makeSlider({ label, unit, min, max, step, value, power, end }, send) {
  const row = document.createElement("label");
  const words = document.createElement("span");
  const slider = document.createElement("input");
  const shown = document.createElement("output");
  words.textContent = label;
  Object.assign(slider, { type: "range", min, max, step, value });
  const number = () => (power ? 10 ** slider.valueAsNumber : slider.valueAsNumber);
  const isEnd = () => end && slider.valueAsNumber >= max;
  const showValue = () => {
    const text = isEnd() ? end : `${Math.round(number()).toLocaleString("en")} ${unit}`;
    shown.textContent = text;
    slider.setAttribute("aria-valuetext", text);
  };
  slider.addEventListener("input", () => {
    showValue();
    send(isEnd() ? null : number());
  });
  // In command mode, JupyterLab uses the arrow keys of every element except text boxes to move between cells.
  slider.addEventListener("keydown", (pressed) => {
    if (pressed.key.startsWith("Arrow")) pressed.stopPropagation();
  });
  showValue();
  row.append(words, slider, shown);
  return row;
}

export default { render };
