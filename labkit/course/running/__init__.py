"""Run a learner's answer in a process of its own, so that it may loop, crash, print or exit without harming the judge.

    judge                                                 keeper             answer (a fresh interpreter each)
    answers, answer_process  -------- start, end ------>  platform/keeper  -------->  answer_main
    pipes  <------------------ requests and reports, over its standard streams ------------->

Start with `packets`, then `answer_process`, then `answer_main`.
"""
