"""The shortcuts of the hot path, each beside a plain way that does the same. `--set fast_path=off` takes none of them.

    module           what it saves                                        what it costs
    path             JSON and frame once a room, one write a member a     a lone message waits for the end of the tick
                     tick: of 500 system calls an event, nearly all
    kernel           the transport, for nearly every write: 2 us          a file descriptor beside the transport that
                                                                          owns it
    memory           new memory for every read: 15 us                     8 MB that are not given back
    pings            the way of a message to its answer, for a ping: 4    a second place that answers one
                     us
    short_frames     the library's parser for what nearly every packet    a second reader of bytes from strangers: it
                     holds: 5 us a message                                takes whole short frames and nothing else
    library          the library's parser object, while nobody needs it:  making it anew for a ping or a long message:
                     3.7 KB for each idle member                          8 us
    short_messages   a dictionary and a judgement for each field: 5 us    a second validation: it takes only what is
                     a chat                                               beyond doubt, and leaves the rest to the plain
    usual_handshake  the library's handshake: 80 us a new connection,     a second reader of requests: it takes what
                     when thousands come back at once                     every client sends, and judges nothing
    ids              a system call for each random id: 2 us               ids that are drawn before they are used

Read them in this order: the first makes a room fast, the others together about as much again. What arrives is the
same on both paths: the tests run on both, and the readers are fuzzed against the library and the plain validation.
"""
