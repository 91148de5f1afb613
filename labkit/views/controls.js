// The browser's half of labkit.views.controls: buttons and sliders whose every change is a message of its own.
// A slider of a power of ten shows the number itself; its right end may mean "no limit".

function render({ model, el }) {
  el.classList.add("labkit-controls");
  const buttons = group(el, "buttons");
  const sliders = group(el, "sliders");
  for (const control of model.get("controls")) {
    const say = (value) => model.send({ name: control.name, value });
    if (control.kind === "button") buttons.append(makeButton(control, say));
    else sliders.append(makeSlider(control, say));
  }
}

function group(el, name) {
  const made = document.createElement("div");
  made.className = name;
  el.append(made);
  return made;
}

function makeButton({ name, hint }, say) {
  const button = document.createElement("button");
  button.type = "button";
  button.textContent = name;
  button.title = hint;
  button.addEventListener("click", () => say(null));
  return button;
}

function makeSlider({ label, unit, min, max, step, value, power, end }, say) {
  const row = document.createElement("label");
  const words = document.createElement("span");
  const slider = document.createElement("input");
  const shown = document.createElement("output");
  words.textContent = label;
  Object.assign(slider, { type: "range", min, max, step, value });
  const number = () => (power ? 10 ** slider.valueAsNumber : slider.valueAsNumber);
  const isEnd = () => end && slider.valueAsNumber >= max;
  const tell = () => {
    const text = isEnd() ? end : `${Math.round(number()).toLocaleString("en")} ${unit}`;
    shown.textContent = text;
    slider.setAttribute("aria-valuetext", text);
  };
  slider.addEventListener("input", () => {
    tell();
    say(isEnd() ? null : number());
  });
  // JupyterLab in command mode takes the arrows of all that is not written in, to move between cells.
  slider.addEventListener("keydown", (pressed) => {
    if (pressed.key.startsWith("Arrow")) pressed.stopPropagation();
  });
  tell();
  row.append(words, slider, shown);
  return row;
}

export default { render };
