"""A learner's answer in a process of its own: it may loop, crash, print or die without harming the judge.

    judge                                                 keeper             answer (a fresh interpreter each)
    answers, answer_process  -------- start, end ------>  platform/keeper  -------->  answer_main
    pipes  <------------------ requests and reports, over its standard streams ------------->

Start with `packets`, then `answer_process`, then `answer_main`.
"""
