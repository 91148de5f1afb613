"""Optimizations of the hot path, each next to a plain equivalent. `--set fast_path=off` disables all of them.

    module           what it saves                                        what it costs
    path             encodes JSON and frame once per event, and writes    a single message waits for the end of the tick
                     once per member and tick: saves nearly all of 500
                     system calls per event
    kernel           the transport, for nearly every write: 2 us          a file descriptor beside the transport that
                                                                          owns it
    memory           allocation and page faults of every read: 15 us      8 MB that are not returned to the system
    pings            the usual path of a ping to its answer: 4 us         a second implementation of pong
    short_frames     the library's parser for what nearly every packet    a second reader of bytes from strangers: it
                     holds: 5 us a message                                takes whole short frames and nothing else
    lazy_protocol    the library's parser object while it is not needed:  8 us to create it for a ping or long message
                     3.7 KB per idle member
    short_messages   a dictionary and a check of each field: 5 us per     a second validation: it takes only messages
                     chat                                                 that are surely valid
    usual_handshake  the library's handshake: 80 us per connection,       a second request parser: it takes what every
                     when thousands reconnect at once                     client sends; the rest goes to the library

Read them in this order: `path` makes a room fast; the others together give about the same again. Both paths send the
same bytes: the tests run on both, and the parsers are fuzzed against the library and the plain validation.
"""
