"""NATS with JetStream as the broker: `reader` follows the log, `broker` is the whole."""
