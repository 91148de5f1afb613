// Making elements. Text becomes text nodes, never HTML, so nothing that a stranger wrote is ever run.

export const $ = (selector, root = document) => root.querySelector(selector);

/** An element with attributes and children; `on...` functions become listeners, true and false set or omit. */
export function el(tag, attributes = {}, ...children) {
  const element = SVG.has(tag) ? document.createElementNS(SVG_SPACE, tag) : document.createElement(tag);
  for (const [name, value] of Object.entries(attributes)) put(element, name, value);
  element.append(...children.filter((child) => child != null));
  return element;
}

function put(element, name, value) {
  if (typeof value === "function") element.addEventListener(name.slice(2), value);
  else if (value === true) element.setAttribute(name, "");
  else if (value !== false && value != null) element.setAttribute(name, value);
}

const SVG_SPACE = "http://www.w3.org/2000/svg";
const SVG = new Set(["svg", "g", "path", "rect", "text", "defs", "marker"]);

/** Text in an element, touched only when it differs: screen readers hear every touch. */
export function setText(element, text) {
  if (element.textContent !== text) element.textContent = text;
}

export function clock(date = new Date()) {
  return date.toLocaleTimeString([], { hour: "2-digit", minute: "2-digit", second: "2-digit", hour12: false });
}

/** One of eight colours for a user, the same everywhere. */
export function hue(userId) {
  let sum = 0;
  for (const character of String(userId)) sum = (sum * 31 + character.codePointAt(0)) % 65_521;
  return `hue-${sum % 8}`;
}
