"""A broker based on NATS JetStream. `reader` reads the log; `broker` adds publishing and broadcasting."""
