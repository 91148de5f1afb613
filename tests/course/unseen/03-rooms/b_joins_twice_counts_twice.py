# wrong
# The members are a list, so who joins twice is in it twice: counted twice, and told everything twice.
from labkit.course.given import enter, messages, tell

members = {}


async def handler(connection):
    user = await enter(connection)
    if user is None:
        return
    try:
        async for message in messages(connection):
            room = message["roomId"]
            inside = members.setdefault(room, [])
            if message["type"] == "join":
                inside.append(connection)
                await tell(connection, type="joined", roomId=room, members=len(inside))
            elif message["type"] == "leave":
                members[room] = [m for m in inside if m is not connection]
                await tell(connection, type="left", roomId=room)
            elif connection in inside:
                for member in inside[:]:
                    await tell(member, type="chat", roomId=room, userId=user, text=message.get("text", ""))
            else:
                await connection.close(1008, "join first")
    finally:
        for room in members:
            members[room] = [m for m in members[room] if m is not connection]
