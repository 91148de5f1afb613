"""Twenty bug reports by strangers, played against a checkout from outside: commands, sockets, files and browsers.

    pytest -m matrix tests/black_box                            # this checkout: every case passes
    pytest -m matrix tests/black_box --checkout ../before       # an older one: what is red there was mended since

Nothing of labkit is imported. A case marked `guard` held before the reports, and must not be lost to their cures.
`kit` plays, `wrong_machine` has what a test needs of a machine that is not in order.
"""
