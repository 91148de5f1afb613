# wrong
# It asks its own set of joined rooms, which leave does not clear: who has left may still speak in the room.
from labkit.course.given import enter, messages, tell

members = {}


async def handler(connection):
    user = await enter(connection)
    if user is None:
        return
    joined = set()
    try:
        async for message in messages(connection):
            room = message["roomId"]
            inside = members.setdefault(room, set())
            if message["type"] == "join":
                joined.add(room)
                inside.add(connection)
                await tell(connection, type="joined", roomId=room, members=len(inside))
            elif message["type"] == "leave":
                inside.discard(connection)
                await tell(connection, type="left", roomId=room)
            elif room in joined:
                for member in list(inside):
                    await tell(member, type="chat", roomId=room, userId=user, text=message.get("text", ""))
            else:
                await connection.close(1008, "join first")
    finally:
        for room in joined:
            members[room].discard(connection)
