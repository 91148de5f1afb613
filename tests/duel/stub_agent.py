"""An agent for the tests: it reads a prompt and writes what its argument says. `python stub_agent.py chat`.

chat: a small chat without rooms that copies every field; ours: labkit's own server; broken: a server that ends at
once; silent: nothing; sleeps: it starts a program, and never ends.
"""

import subprocess
import sys
import time
from pathlib import Path

CHAT = """\
import asyncio, json, os
from websockets.asyncio.server import broadcast, serve

clients = set()

async def chat(ws):
    clients.add(ws)
    try:
        async for text in ws:
            message = json.loads(text)
            if message.get("type") == "chat":
                broadcast(clients, json.dumps(message))
    finally:
        clients.discard(ws)

async def main():
    async with serve(chat, "localhost", int(os.environ["PORT"])) as server:
        await server.serve_forever()

asyncio.run(main())
"""
OURS = """\
import os
from labkit.cli import main

main(["serve", "--port", os.environ["PORT"], "--token", os.environ["DEV_TOKEN"], "--set", "auth_timeout_s=1"])
"""
BROKEN = "raise SystemExit('no such module')\n"


def write(kind: str) -> None:
    """Write the files of one kind into the current folder."""
    prompt = sys.stdin.read()
    assert "PORT" in prompt, "the prompt did not arrive"
    print(f"prompt of {len(prompt)} characters")
    server = {"chat": CHAT, "ours": OURS, "broken": BROKEN}.get(kind)
    if server is not None:
        Path("README.md").write_text("# A chat\n\n## Start\n\n    PORT=8080 python server.py\n")
        Path("server.py").write_text(server)
    if kind == "sleeps":
        subprocess.Popen([sys.executable, "-c", "import time; time.sleep(600)"])
        time.sleep(600)


if __name__ == "__main__":
    write(sys.argv[1])
