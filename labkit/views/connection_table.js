// The browser's half of labkit.views.connection_table: rooms, close codes, and one row per connection.
// `names` is sent when a connection opens or closes. Each frame has one row of float32 per connection, in that order:
// round trip ms, outbox, kernel buffer, age of the oldest undelivered message in ms, messages sent.

const COLUMNS = ["who", "rooms", "round trip", "buffers: outbox + kernel", "oldest", "sent"];
const NUMBERS = 5;

function render({ model, el }) {
  el.classList.add("labkit-dashboard");
  const rooms = part(el, "p", "rooms");
  const closes = part(el, "p", "closes");
  const table = document.createElement("table");
  const caption = table.createCaption();
  const head = table.createTHead().insertRow();
  for (const title of COLUMNS) {
    const cell = document.createElement("th");
    cell.scope = "col";
    cell.textContent = title;
    head.append(cell);
  }
  const body = table.createTBody();
  const frame = document.createElement("div");
  frame.className = "scroll";
  frame.tabIndex = 0;
  frame.setAttribute("role", "region");
  frame.setAttribute("aria-label", "connections");
  frame.append(table);
  el.append(frame);
  let rows = [];

  function rename() {
    rows = model.get("names").map(([who, where]) => makeRow(who, where));
    body.replaceChildren(...rows.map((row) => row.element));
    caption.textContent = `${rows.length} connections`;
  }

  function words() {
    rooms.textContent = model.get("rooms");
    closes.textContent = model.get("closes");
  }

  function receive(message, buffers) {
    if (!buffers.length) return;
    const view = buffers[0];
    const values = new Float32Array(view.buffer.slice(view.byteOffset, view.byteOffset + view.byteLength));
    if (values.length !== rows.length * NUMBERS) return;
    const largest = Math.max(1, message.limit);
    rows.forEach((row, number) => fill(row, values.subarray(number * NUMBERS, (number + 1) * NUMBERS), largest));
  }

  model.on("change:names", rename);
  model.on("change:rooms", words);
  model.on("change:closes", words);
  model.on("msg:custom", receive);
  rename();
  words();
  return () => {
    model.off("change:names", rename);
    model.off("change:rooms", words);
    model.off("change:closes", words);
    model.off("msg:custom", receive);
  };
}

function part(el, tag, name) {
  const made = document.createElement(tag);
  made.className = name;
  el.append(made);
  return made;
}

function makeRow(who, where) {
  const element = document.createElement("tr");
  const cells = COLUMNS.map(() => element.insertCell());
  cells[0].textContent = who;
  cells[1].textContent = where;
  const meter = document.createElement("span");
  meter.className = "meter";
  meter.setAttribute("aria-hidden", "true");
  const ours = document.createElement("i");
  const kernel = document.createElement("i");
  ours.className = "ours";
  kernel.className = "kernel";
  meter.append(ours, kernel);
  const label = document.createElement("span");
  cells[3].append(meter, label);
  return { element, cells, ours, kernel, label };
}

function fill({ element, cells, ours, kernel, label }, [roundTrip, held, below, oldest, sent], largest) {
  set(cells[2], roundTrip < 0 ? "–" : `${roundTrip < 100 ? Number(roundTrip.toPrecision(3)) : Math.round(roundTrip).toLocaleString("en")} ms`);
  ours.style.width = `${Math.min(100, (100 * held) / largest)}%`;
  kernel.style.width = `${Math.min(100, (100 * Math.max(0, below)) / largest)}%`;
  set(label, `${size(held)} + ${below < 0 ? "?" : size(below)}`);
  set(cells[4], oldest > 0 ? `${(oldest / 1000).toFixed(1)} s` : "–");
  set(cells[5], Math.round(sent).toLocaleString("en"));
  element.classList.toggle("late", oldest > 1000);
}

function set(element, text) {
  if (element.textContent !== text) element.textContent = text;
}

function size(bytes) {
  if (bytes < 1000) return `${Math.round(bytes)} B`;
  return bytes < 1e6 ? `${(bytes / 1000).toFixed(1)} kB` : `${(bytes / 1e6).toFixed(2)} MB`;
}

export default { render };
