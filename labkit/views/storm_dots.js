// The browser's half of labkit.views.storm_dots: one dot per client, several storms on one clock.
// Three buffers of float32 per storm: when each client was back (by its number), when each try was, and whose.

const FRAME_MS = 125;
const SIDE = 4; // pixels per dot, of which one is the gap

function render({ model, el }) {
  el.classList.add("labkit-dots");
  const { storms, moments, seconds, connecting } = model.get("plan");
  const clock = part(el, "p", "clock");
  const row = part(el, "div", "storms");
  const screens = storms.map((storm) => makeScreen(row, storm));
  part(el, "p", "key").textContent = "in color: back · solid: connecting · pale: away";
  const end = Math.max(...moments);
  let timer;

  function show(at) {
    clock.textContent = `${at.toFixed(1)} s`;
    for (const screen of screens) screen.draw(at, connecting);
  }

  function receive(message, buffers) {
    if (!message.plays) return;
    screens.forEach((screen, number) => screen.load(buffers.slice(3 * number, 3 * number + 3).map(floats)));
    const start = performance.now();
    const steps = matchMedia("(prefers-reduced-motion: reduce)").matches ? moments : null;
    clearInterval(timer);
    timer = setInterval(() => {
      const share = Math.min(1, (performance.now() - start) / (1000 * seconds * 0.95));
      show(steps ? steps[Math.min(steps.length - 1, Math.floor(share * steps.length))] : share * end);
      if (share === 1) clearInterval(timer);
    }, FRAME_MS);
  }

  model.on("msg:custom", receive);
  show(0);
  model.send({ ready: true });
  return () => {
    clearInterval(timer);
    model.off("msg:custom", receive);
  };
}

function makeScreen(parent, { policy, clients, color }) {
  const figure = part(parent, "figure", "storm");
  const canvas = part(figure, "canvas", "dots");
  const caption = part(figure, "figcaption", "words");
  const columns = Math.ceil(Math.sqrt(clients));
  canvas.width = canvas.height = columns * SIDE;
  canvas.setAttribute("role", "img");
  canvas.setAttribute("aria-label", `${clients} clients with the policy ${policy}, one dot each`);
  const pen = canvas.getContext("2d");
  let [backAt, triedAt, triedBy] = [new Float32Array(clients).fill(Infinity), [], []];

  function draw(at, connecting) {
    const ink = getComputedStyle(figure).color;
    const tried = new Set();
    for (let each = first(triedAt, at - connecting); each < triedAt.length && triedAt[each] <= at; each++) tried.add(triedBy[each]);
    let [back, busy] = [0, 0];
    pen.clearRect(0, 0, canvas.width, canvas.height);
    for (let client = 0; client < clients; client++) {
      const isBack = backAt[client] <= at;
      const isBusy = !isBack && tried.has(client);
      back += isBack;
      busy += isBusy;
      pen.globalAlpha = isBack || isBusy ? 1 : 0.15;
      pen.fillStyle = isBack ? color : ink;
      pen.fillRect((client % columns) * SIDE, Math.floor(client / columns) * SIDE, SIDE - 1, SIDE - 1);
    }
    caption.textContent = `${policy}: ${back.toLocaleString("en")} of ${clients.toLocaleString("en")} back, ${busy.toLocaleString("en")} connecting`;
  }

  return { draw, load: (arrays) => ([backAt, triedAt, triedBy] = arrays) };
}

function first(sorted, value) {
  let [low, high] = [0, sorted.length];
  while (low < high) {
    const middle = (low + high) >> 1;
    if (sorted[middle] <= value) low = middle + 1;
    else high = middle;
  }
  return low;
}

function floats(view) {
  return new Float32Array(view.buffer.slice(view.byteOffset, view.byteOffset + view.byteLength));
}

function part(parent, tag, name) {
  const made = document.createElement(tag);
  made.className = name;
  parent.append(made);
  return made;
}

export default { render };
