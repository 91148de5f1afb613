import assert from "node:assert/strict";
import { test } from "node:test";

const format = await import(`${process.env.WEB}/format.js`);
const { newCloses, parse, rate } = await import(`${process.env.WEB}/metrics.js`);

test("sizes and times are shown in a fitting unit", () => {
  assert.deepEqual([0, 511.5, 1023, 1024, 1_572_864].map(format.bytes), ["0 B", "512 B", "1023 B", "1.0 KiB", "1.5 MiB"]);
  assert.deepEqual([0, 3.14, 42.4, 1500].map(format.milliseconds), ["0 ms", "3.1 ms", "42 ms", "1.5 s"]);
  assert.deepEqual([5.9, 61, 7260].map(format.seconds), ["5 s", "1 min 1 s", "2 h 1 min"]);
});

test("every kind of event is described as text", () => {
  assert.equal(format.describe({ type: "chat", text: "<b>" }), "<b>");
  assert.equal(format.describe({ type: "progress", jobId: "j", phase: "build", percent: 60, note: "n" }), "job j: build, 60 % (n)");
  assert.equal(format.describe({ type: "progress", jobId: "j", phase: "build", percent: 100 / 3 }), "job j: build, 33.3 %");
  assert.equal(format.describe({ type: "comment", target: "line 3", text: "why" }), "on line 3: why");
  assert.equal(format.describe({ type: "read", upTo: 7 }), "has read everything up to #7");
  assert.equal(format.describe({ type: "alert", severity: "critical", customer: "acme", text: "down" }), "critical for acme: down");
  assert.equal(format.describe({ type: "exercise", exercise: "03", status: "pass" }), "exercise 03: pass");
  assert.equal(format.describe({ type: "toString", x: 1 }), '{"type":"toString","x":1}');
  assert.equal(format.describe({ type: "chat", text: 7 }), "7");
});

test("a gap is described with its size if that is known", () => {
  assert.equal(format.describeGap({ first: 3, last: 9 }), "Gap: 7 events lost (#3 to #9).");
  assert.equal(format.describeGap({ first: 3, last: 3 }), "Gap: 1 event lost (#3).");
  assert.match(format.describeGap({ first: null, last: 9 }), /does not know how many/);
});

test("counters are read from the Prometheus text, comments are not", () => {
  const text = '# HELP labkit_received_total x\nlabkit_received_total 12.0\nlabkit_closed_total{code="1006"} 3.0\nlabkit_closed_total{code="4408"} 1.0\n';
  const found = parse(text);
  assert.equal(found.get("labkit_received_total"), 12);
  assert.deepEqual([...found.get("labkit_closed_total")], [["1006", 3], ["4408", 1]]);
  assert.equal(found.size, 2);
});

test("new closes are the growth of the counters; a restarted server counts from zero", () => {
  const counts = (...pairs) => new Map(pairs);
  assert.deepEqual(newCloses(null, counts(["1006", 9])), []);
  assert.deepEqual(newCloses(counts(["1006", 3]), counts(["1006", 5], ["1013", 1])), [[1006, 2], [1013, 1]]);
  assert.deepEqual(newCloses(counts(["1006", 3]), counts(["1006", 3])), []);
  assert.deepEqual(newCloses(counts(["1006", 9]), counts(["1006", 2])), [[1006, 2]]);
});

test("a rate is growth per second, or unknown", () => {
  assert.equal(rate(10, 30, 2), 10);
  assert.equal(rate(undefined, 30, 2), null);
  assert.equal(rate(30, 10, 2), null);
  assert.equal(rate(10, 30, 0), null);
});
