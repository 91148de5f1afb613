"""Load on a room server: many members publish, and each delivery's latency is measured."""
