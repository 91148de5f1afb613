"""NATS with JetStream as the broker: `reader` follows the log; `broker` adds publishing and broadcasts."""
