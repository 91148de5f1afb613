import asyncio
import contextlib
import json
from labkit.course.given import TOKEN, enter, messages, tell


members = {}  # roomId -> {connection: user}


async def handler(connection):
    user = await enter(connection)
    if user is None:
        return

    def out_of(room):
        members.get(room, {}).pop(connection, None)

    with contextlib.ExitStack() as at_the_end:
        async for message in messages(connection):
            room, kind = message["roomId"], message["type"]
            here = members.setdefault(room, {})
            if kind == "join":
                at_the_end.callback(out_of, room)
                here[connection] = user
                await tell(connection, type="joined", roomId=room, members=len(here))
            if kind == "leave":
                out_of(room)
                await tell(connection, type="left", roomId=room)
            if kind == "chat":
                if connection not in here:
                    await connection.close(1008, "you are not in this room")
                    break
                for member in tuple(here):
                    if member in here:
                        await tell(member, type="chat", roomId=room, userId=here[connection] if connection in here else user, text=message["text"])
