import asyncio

from labkit.course.given import enter, messages, tell

rooms_of = {}  # connection -> the rooms that it is in


def members_of(room):
    return [member for member, rooms in rooms_of.items() if room in rooms]


async def handler(connection):
    user = await enter(connection)
    if not user:
        return
    rooms_of[connection] = set()
    try:
        async for message in messages(connection):
            match message:
                case {"type": "join", "roomId": room}:
                    rooms_of[connection].add(room)
                    await tell(connection, type="joined", roomId=room, members=len(members_of(room)))
                case {"type": "leave", "roomId": room}:
                    rooms_of[connection] -= {room}
                    await tell(connection, type="left", roomId=room)
                case {"type": "chat", "roomId": room} if room in rooms_of[connection]:
                    event = {"type": "chat", "roomId": room, "userId": user, "text": message.get("text")}
                    await asyncio.gather(*(tell(member, **event) for member in members_of(room)))
                case _:
                    await connection.close(1008, "join first")
                    break
    finally:
        del rooms_of[connection]
