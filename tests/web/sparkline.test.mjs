// What stands below a small line, in words.

import assert from "node:assert/strict";
import { test } from "node:test";

const { Sparkline, median } = await import(`${process.env.WEB}/sparkline.js`);

function wordsOf(...values) {
  return Sparkline.prototype.words.call({ values, unit: (value) => `${value} ms` });
}

test("the median is the middle value", () => {
  assert.equal(median([9, 1, 2]), 2);
  assert.equal(median([7]), 7);
});

test("the median of an even number is the mean of the two in the middle", () => {
  assert.equal(median([10, 1]), 5.5);
  assert.equal(median([100, 9, 10, 1]), 9.5);
});

test("breaks in the line are not values", () => {
  assert.equal(wordsOf(1, null, 10, null), "now 10 ms · median 5.5 ms · highest 10 ms");
  assert.equal(wordsOf(null), "nothing measured yet");
});
