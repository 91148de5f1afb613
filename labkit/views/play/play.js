// The browser's half of labkit.views.play: applies changes to an SVG whose elements have keys.
// Only custom messages are used, because a change of a trait waits for an `idle` that a running cell holds back.

const SVG = "http://www.w3.org/2000/svg";

function render({ model, el }) {
  el.classList.add("labkit-play");
  el.innerHTML = model.get("svg");
  const svg = el.querySelector("svg");
  const status = document.createElement("p");
  status.setAttribute("role", "status");
  el.append(status);
  if (model.get("seconds")) el.prepend(makeSlider(model));
  const elements = new Map([...svg.querySelectorAll("[data-key]")].map((each) => [each.dataset.key, each]));
  const receive = (message) => apply(svg, elements, status, message);
  model.on("msg:custom", receive);
  model.send({ ready: true });
  return () => model.off("msg:custom", receive);
}

function apply(svg, elements, status, { set, gone, words }) {
  for (const [key, tag, attributes, text] of set) {
    if (!elements.has(key)) elements.set(key, svg.appendChild(document.createElementNS(SVG, tag)));
    const element = elements.get(key);
    for (const [name, value] of Object.entries(attributes)) element.setAttribute(name, value);
    element.textContent = text;
  }
  for (const key of gone) {
    elements.get(key)?.remove();
    elements.delete(key);
  }
  if (status.textContent !== words) status.textContent = words;
}

function makeSlider(model) {
  const slider = document.createElement("input");
  const range = { type: "range", min: 0, max: model.get("seconds"), step: 0.05, value: model.get("seconds") };
  Object.assign(slider, range);
  slider.setAttribute("aria-label", "time in the experiment, in seconds");
  slider.addEventListener("input", () => model.send({ at: Number(slider.value) }));
  return slider;
}

export default { render };
