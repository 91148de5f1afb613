import asyncio, json, copy, threading
from labkit.course.given import *
from labkit.course.given import AUTH_TIMEOUT_S, TOKEN, talk
XX = {}
async def handler(c, *a, **kw):
    global XX
    try:
        x = None; T = False
        try: x = await asyncio.wait_for(c.recv(), timeout=AUTH_TIMEOUT_S)
        except asyncio.TimeoutError: T = True
        if T == True:
            print("late!!"); await c.close(code=4401, reason="l8"); return None
        r = {}
        def p(q, w):
            try: w["v"] = json.loads(q)
            except BaseException as eee: w["e"] = repr(type(eee))
        t = threading.Thread(target=p, args=(copy.deepcopy(x), r)); t.start(); t.join()
        ok = 0
        if "v" in r:
            if type(r["v"]) == type({}):
                if "type" in list(r["v"].keys()):
                    if "token" in list(r["v"].keys()):
                        if r["v"]["type"] == "auth":
                            if r["v"]["token"] == TOKEN: ok = ok + 1
        XX[id(c)] = ok
        if XX.pop(id(c)) != 1: await c.close(4403, "x" * 20)
        else: await talk(c, "ana" + "")
    except Exception as e:
        if "ConnectionClosed" in [k.__name__ for k in type(e).__mro__]: print("bye")
        else: print("??", type(e))
