"""Optimizations of the hot path. Each has a plain equivalent, and `--set fast_path=off` disables them all.

    module           what it saves                                        what it costs
    path             encodes JSON and frame once per event, and writes    a single message waits for the end of the tick
                     once per member and tick: saves nearly all of 500
                     system calls per event
    kernel           the transport, for nearly every write: 2 us          a second holder of the file descriptor, next
                                                                          to the transport that owns it
    memory           allocation and page faults in every read: 15 us      8 MB that are not returned to the system
    pings            a ping's normal path to its answer: 4 us             a second implementation of pong
    short_frames     the library's parser for most packets: 5 us per      a second parser of untrusted bytes; it accepts
                     message                                              only whole, short frames
    lazy_protocol    the library's parser object while it is not needed:  8 us to create it for a ping or long message
                     3.7 KB per idle member
    short_messages   a dictionary and a check of each field: 5 us per     a second validation; it accepts only messages
                     chat                                                 that are certainly valid
    usual_handshake  the library's handshake: 80 us per connection,       a second request parser; it accepts typical
                     when thousands reconnect at once                     requests, and the library parses the rest

Read them in this order. `path` makes a room fast, and the others together bring about as much again. Both paths send
the same bytes: the tests run on both, and the parsers are fuzzed against the library and the plain validation.
"""
