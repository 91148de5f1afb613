// A drill on the board page: the chart of the latest one, the stage that shows it on the whole screen, and a request to
// the server every second while somebody is not back.

import { DrillStage } from "./board_stage.js";
import { DrillView } from "./board_drill.js";

const DRILL_MS = 60_000; // how long after a drill to check who is back
const OPENS_MS = 20_000; // a drill that was begun elsewhere opens the stage if it is no older
const LOOK_MS = 1000;

export class Drilling {
  /** `name(one)` as the board shows it; `now()` the server's time; `look()` asks for a snapshot until there is one. */
  constructor(name, now, look, opens) {
    Object.assign(this, { now, look, opens });
    this.chart = new DrillView();
    this.stage = new DrillStage(name);
    this.known = null; // when the latest drill was; null before the first snapshot
  }

  begin(kind, present) {
    this.stage.begin(kind, present, this.known ?? 0);
  }

  /** The newest drill in a snapshot, or null. */
  show(drill) {
    this.chart.show(drill);
    const at = drill?.at ?? 0;
    const isNew = this.known !== null && at > this.known && this.now() - at < OPENS_MS;
    if (isNew && !this.stage.isOpen && this.opens()) {
      this.stage.begin(drill.kind === "crash" ? "crash" : "drill", Object.keys(drill.times), this.known);
    }
    this.known ??= at;
    this.stage.show(drill);
    if (isNew && drill.back === drill.students) this.known = at;
    const isFresh = drill && this.now() - at < DRILL_MS && drill.back < drill.students;
    clearTimeout(this.timer);
    if (isFresh) this.timer = setTimeout(this.look, LOOK_MS);
  }
}
