// The page's fold of a list of events, as JSON.
import { readFileSync } from "node:fs";

const { BoardState, stuck } = await import(`${process.env.WEB}/board_state.js`);
const { exercises, events, now } = JSON.parse(readFileSync(0, "utf8"));
const board = new BoardState(exercises);
for (const event of events) board.apply(event);
const pairs = (map) => Object.fromEntries([...map].map(([key, value]) => [key, value]));
const students = [...board.students].map(([name, row]) => [name, { ...row, cells: pairs(row.cells), devices: pairs(row.devices) }]);
const state = {
  board: { exercises: board.exercises, students: Object.fromEntries(students) },
  wall: board.wall(),
  headline: board.headline(),
  stuck: Object.fromEntries([...board.students].map(([name, row]) => [name, stuck(row, now)])),
};
console.log(JSON.stringify(state));
