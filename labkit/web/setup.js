// The page at /setup: the three steps for the visitor's system, with the class's address and fingerprint filled in.

import { $, el, setText } from "./dom.js";
import { beside } from "./place.js";

const SYSTEMS = {
  windows: {
    terminal: "Open PowerShell or the Command Prompt from the Start menu. Both take these commands.",
    python: "py",
    otherwise: "If there is no py, use python instead, in step 2 too.",
    labkit: "labkit-class\\venv\\Scripts\\labkit lab",
  },
  macos: {
    terminal: "Open Terminal: press Cmd and Space, and type Terminal.",
    python: "python3",
    otherwise: "The python3 of macOS itself is older. If yours is called, for example, python3.13, use that in step 2.",
    labkit: "labkit-class/venv/bin/labkit lab",
  },
  linux: {
    terminal: "Open a terminal.",
    python: "python3",
    otherwise: "If yours is called, for example, python3.13, use that in step 2.",
    labkit: "labkit-class/venv/bin/labkit lab",
  },
};
const COPIED_MS = 2000;

function systemHere() {
  const words = `${navigator.userAgentData?.platform ?? ""} ${navigator.userAgent}`.toLowerCase();
  if (words.includes("windows")) return "windows";
  return words.includes("mac") ? "macos" : "linux";
}

/** The versions of Python that the pack has for a system, as words. */
export function versions(targets, system) {
  const found = Object.entries(targets).filter(([machine]) => machine.startsWith(`${system}-`));
  const numbers = [...new Set(found.flatMap(([, pythons]) => pythons.map((each) => Number(each.split(".")[1]))))];
  numbers.sort((one, other) => one - other);
  const words = numbers.map((minor) => `3.${minor}`);
  if (words.length < 2) return words.length ? `Python ${words[0]}` : "";
  return `Python ${words.slice(0, -1).join(", ")} or ${words.at(-1)}`;
}

/** The command that installs. A class with its own certificate is named by its host and its fingerprint. */
export function command(python, about, base) {
  const { host } = new URL(base);
  const where = about.fingerprint ? `${host} ${about.fingerprint}` : new URL(".", base).href.replace(/\/$/, "");
  return `${python} -c "${about.program}" ${where}`;
}

function put(place, text) {
  const button = el("button", { type: "button", onclick: () => copy(code, button) }, "Copy");
  const code = el("pre", {}, text);
  button.setAttribute("aria-label", `Copy: ${place.closest("li").querySelector("h2").textContent}`);
  place.replaceChildren(code, button);
}

/** Copy a command; where the browser forbids that, select it. */
async function copy(code, button) {
  try {
    await navigator.clipboard.writeText(code.textContent);
    setText(button, "Copied");
  } catch {
    getSelection().selectAllChildren(code);
    setText(button, "Selected");
  }
  setTimeout(() => setText(button, "Copy"), COPIED_MS);
}

function show(system, about) {
  const { terminal, python, otherwise, labkit } = SYSTEMS[system];
  const known = versions(about.targets, system);
  setText($("#terminal"), terminal);
  setText($("#versions"), known || "a Python that this pack has, but it has none for this system");
  setText($("#otherwise"), otherwise);
  put($("#check"), `${python} --version`);
  put($("#install"), command(python, about, document.baseURI));
  put($("#open"), labkit);
}

async function start() {
  const answer = await fetch(beside("setup/about.json"));
  if (!answer.ok) {
    throw new Error("This server offers no set-up. The instructor starts the class with --pack to offer one.");
  }
  const about = await answer.json();
  $("#pin").hidden = !about.fingerprint;
  setText($("#fingerprint"), about.fingerprint ?? "");
  setText($("#size"), String(Math.round(about.largestBytes / 1e6)));
  const pinned = "It first checks that the server has the fingerprint that the command ends in, then ";
  setText($("#checks"), `${about.fingerprint ? pinned : "It "}checks the SHA-256 of every file.`);
  for (const choice of document.querySelectorAll("input[name=system]")) {
    choice.checked = choice.value === systemHere();
    choice.addEventListener("change", () => show(choice.value, about));
  }
  show(systemHere(), about);
  $("#notice").hidden = true;
  $("#steps").hidden = false;
}

if (typeof document !== "undefined") {
  start().catch((error) => {
    $("#notice").classList.add("bad");
    setText($("#notice"), error.message);
  });
}
