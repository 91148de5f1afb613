// DOM helpers. Text becomes text nodes, never HTML, so that text from other users is never executed.

export const $ = (selector, root = document) => root.querySelector(selector);

/** Create an element. Functions named `on...` become listeners; true sets an attribute, false omits it. */
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

/** Set an element's text if it differs, because screen readers announce every update. */
export function setText(element, text) {
  if (element.textContent !== text) element.textContent = text;
}

export function clock(date = new Date()) {
  return date.toLocaleTimeString([], { hour: "2-digit", minute: "2-digit", second: "2-digit", hour12: false });
}

/** The class of a user's colour: one of eight, the same on every page. */
export function hue(userId) {
  let sum = 0;
  for (const character of String(userId)) sum = (sum * 31 + character.codePointAt(0)) % 65_521;
  return `hue-${sum % 8}`;
}
