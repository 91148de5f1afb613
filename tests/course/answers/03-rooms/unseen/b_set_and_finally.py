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
            match message["type"]:
                case "join":
                    inside.add(connection)
                    await tell(connection, type="joined", roomId=room, members=len(inside))
                case "leave":
                    inside.discard(connection)
                    await tell(connection, type="left", roomId=room)
                case "chat" if connection in inside:
                    for member in list(inside):
                        await tell(member, type="chat", roomId=room, userId=user, text=message.get("text", ""))
                case "chat":
                    break
    finally:
        for inside in members.values():
            inside.discard(connection)
    await connection.close(1008, "join first")
