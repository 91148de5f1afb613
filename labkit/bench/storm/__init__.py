"""A thousand clients lose their server at once. The same policies on two clocks: real sockets and a virtual hour.

run is where to begin; policies says when each client comes back; virtual and real play the storm; tally counts it.
"""
