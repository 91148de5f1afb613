# wrong
# The event is the client's message with the user put over it, so all else that the client wrote gets into it.
from labkit.course.given import enter, messages, tell

members = {}


async def handler(connection):
    user = await enter(connection)
    if user is None:
        return
    try:
        async for message in messages(connection):
            room = message["roomId"]
            inside = members.setdefault(room, set())
            if message["type"] == "join":
                inside.add(connection)
                await tell(connection, type="joined", roomId=room, members=len(inside))
            elif message["type"] == "leave":
                inside.discard(connection)
                await tell(connection, type="left", roomId=room)
            elif connection in inside:
                for member in list(inside):
                    await tell(member, **{**message, "userId": user})
            else:
                await connection.close(1008, "join first")
    finally:
        for inside in members.values():
            inside.discard(connection)
