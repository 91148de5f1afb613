// A client on Node's `ws`, driven line by line: `node node_client.mjs PATH_OF_WS URL`.
// It sends each line of its stdin as a message and prints what it hears, then `{"closed": [code, reason]}`.
import { createRequire } from "node:module";
import { createInterface } from "node:readline";

const WebSocket = createRequire(import.meta.url)(process.argv[2]);
const socket = new WebSocket(process.argv[3]);
const lines = createInterface({ input: process.stdin });
const print = (said) => console.log(JSON.stringify(said));

socket.on("open", () => {
  print({ opened: socket.extensions });
  lines.on("line", (line) => socket.send(line));
});
socket.on("message", (data, isBinary) => print(isBinary ? { binary: data.length } : JSON.parse(data)));
socket.on("error", (error) => print({ failed: error.message }));
socket.on("close", (code, reason) => {
  print({ closed: [code, reason.toString()] });
  lines.close();
});
