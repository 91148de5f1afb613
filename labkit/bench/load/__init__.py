"""Load-test a room server: many members publish, and the latency of each delivery is measured."""
