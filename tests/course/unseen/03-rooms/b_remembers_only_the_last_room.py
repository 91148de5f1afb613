# wrong
# At its end a connection is taken only out of the room that it joined last.
from labkit.course.given import enter, messages, tell

members = {}


async def handler(connection):
    user = await enter(connection)
    if user is None:
        return
    current = None
    try:
        async for message in messages(connection):
            room = message["roomId"]
            if message["type"] == "join":
                current = room
                members.setdefault(room, set()).add(connection)
                await tell(connection, type="joined", roomId=room, members=len(members[room]))
            elif message["type"] == "leave":
                members.get(room, set()).discard(connection)
                await tell(connection, type="left", roomId=room)
            elif connection in members.get(room, ()):
                for member in list(members[room]):
                    await tell(member, type="chat", roomId=room, userId=user, text=message.get("text", ""))
            else:
                await connection.close(1008, "join first")
    finally:
        members.get(current, set()).discard(connection)
