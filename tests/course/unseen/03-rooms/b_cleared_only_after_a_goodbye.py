# wrong
# The lines that clear the table run only when the loop ends well; a line cut without a close frame leaves a ghost.
from labkit.course.given import enter, messages, tell

members = {}


async def handler(connection):
    user = await enter(connection)
    if user is None:
        return
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
                await tell(member, type="chat", roomId=room, userId=user, text=message.get("text", ""))
        else:
            await connection.close(1008, "join first")
    for inside in members.values():
        inside.discard(connection)
