import os
import secrets
from pathlib import Path

HOST = "localhost"
PORT = int(os.environ.get("PORT", "8080"))

ROOT = Path(__file__).resolve().parent
STATIC = ROOT / "static"

# The access token is a shared secret. It comes from the environment and is
# never part of a URL.
TOKEN_GENERATED = not os.environ.get("CHAT_TOKEN")
TOKEN = os.environ.get("CHAT_TOKEN") or secrets.token_urlsafe(16)

ALLOWED_ORIGINS = [
    o.strip() for o in os.environ.get("ALLOWED_ORIGINS", "").split(",") if o.strip()
] or [f"http://localhost:{PORT}", f"http://127.0.0.1:{PORT}"]

AUTH_TIMEOUT = 5.0
HEARTBEAT_INTERVAL = 15.0
HEARTBEAT_MAX_MISSED = 2
MAX_MESSAGE_BYTES = 8 * 1024
MAX_BUFFERED_BYTES = 512 * 1024
CLOSE_TIMEOUT = 5.0
