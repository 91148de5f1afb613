// The curve and the sizes of the drill's stage.
import assert from "node:assert/strict";
import { test } from "node:test";

const { curveOf, sizeOf } = await import(`${process.env.WEB}/board_stage.js`);

test("the curve rises by one step for each client that is back", () => {
  assert.equal(curveOf([1000, 2000], 2, 4), "M0 150H250.0V75.0H500.0V0.0H1000");
});

test("the curve of nobody is flat, and of an empty class too", () => {
  assert.equal(curveOf([], 3, 3), "M0 150H1000");
  assert.equal(curveOf([], 0, 3), "M0 150H1000");
});

test("a larger class has smaller names", () => {
  const sizes = [1, 23, 60, 200, 500].map(sizeOf);
  assert.deepEqual(sizes, sizes.toSorted((a, b) => b - a));
  assert.ok(sizes.at(-1) > 0.5);
});
