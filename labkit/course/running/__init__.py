"""A learner's answer in a process of its own, which may loop, crash, print or die without harm to who asked.

    judge's process                                    nursery (one process)          answer (forked, one process each)
    nursery.ForkServer ---------------- start, end --->   fork_server_main.main --- fork ---> in_child.main
                                 <------------ requests and reports over a socket of their own ----------->

Read `packets`, then `answer_process`, then `in_child`.
"""
