// Reads a JSON array of texts from standard input; says for each what JSON.parse makes of it, as `json_texts.canonical`
// writes it, or null where JSON.parse refuses.
import { readFileSync } from "node:fs";

function canonical(value) {
  if (Array.isArray(value)) return "[" + value.map(canonical).join(",") + "]";
  if (typeof value === "string") return Buffer.from(value, "utf16le").toString("hex") + "s";
  if (typeof value === "number") {
    const eight = Buffer.alloc(8);
    eight.writeDoubleBE(value + 0); // -0 + 0 is 0
    return eight.toString("hex") + "n";
  }
  if (value === null || typeof value === "boolean") return String(value);
  const pairs = Object.entries(value).map(([key, member]) => [canonical(key), canonical(member)]);
  pairs.sort((one, other) => (one[0] < other[0] ? -1 : 1));
  return "{" + pairs.map((pair) => pair.join(":")).join(",") + "}";
}

function parsed(text) {
  try {
    return canonical(JSON.parse(text));
  } catch (error) {
    if (error instanceof SyntaxError) return null;
    throw error;
  }
}

process.stdout.write(JSON.stringify(JSON.parse(readFileSync(0, "utf8")).map(parsed)));
