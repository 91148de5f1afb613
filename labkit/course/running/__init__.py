"""Run a learner's answer in a process of its own, so that it may loop, crash, print or exit without harming the judge.

    judge                         fork server (one process)       answer (one forked process each)
    fork_server  --- start, end --->  fork_server_main  --- fork --->  in_child
    answer_process  <----------- requests and reports, over a socket of their own ----------->

Start with `packets`, then `answer_process`, then `answer_main`.
"""
