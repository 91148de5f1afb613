import asyncio
import http
import logging

from websockets.asyncio.server import serve
from websockets.datastructures import Headers
from websockets.http11 import Response

import config
from hub import Hub

FILES = {
    "/": ("index.html", "text/html; charset=utf-8"),
    "/app.js": ("app.js", "text/javascript; charset=utf-8"),
    "/style.css": ("style.css", "text/css; charset=utf-8"),
}


def process_request(connection, request):
    if request.path == "/ws":
        return None
    if request.path not in FILES:
        return connection.respond(http.HTTPStatus.NOT_FOUND, "Not found\n")
    name, content_type = FILES[request.path]
    body = (config.STATIC / name).read_bytes()
    return Response(
        200,
        "OK",
        Headers(
            [
                ("Content-Type", content_type),
                ("Content-Length", str(len(body))),
                ("Content-Security-Policy", "default-src 'self'; connect-src 'self' ws: wss:"),
                ("X-Content-Type-Options", "nosniff"),
                ("Connection", "close"),
            ]
        ),
        body,
    )


async def main():
    hub = Hub()
    async with serve(
        hub.handler,
        config.HOST,
        config.PORT,
        process_request=process_request,
        origins=config.ALLOWED_ORIGINS,
        max_size=config.MAX_MESSAGE_BYTES,
        ping_interval=None,  # the hub has its own heartbeat
        close_timeout=config.CLOSE_TIMEOUT,
    ) as server:
        print(f"Listening on http://{config.HOST}:{config.PORT}")
        if config.TOKEN_GENERATED:
            print(f"CHAT_TOKEN is not set; the token of this run is {config.TOKEN}")
        await server.serve_forever()


if __name__ == "__main__":
    logging.basicConfig(level=logging.INFO, format="%(asctime)s %(name)s %(message)s")
    logging.getLogger("websockets").setLevel(logging.WARNING)
    try:
        asyncio.run(main())
    except KeyboardInterrupt:
        pass
