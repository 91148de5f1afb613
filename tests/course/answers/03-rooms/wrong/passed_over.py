# misconception: chat-without-join
# caught by: join-first
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
            if message["type"] == "join":
                joined.add(room)
                members.setdefault(room, set()).add(connection)
                await tell(connection, type="joined", roomId=room, members=len(members[room]))
            elif message["type"] == "leave":
                joined.discard(room)
                members.get(room, set()).discard(connection)
                await tell(connection, type="left", roomId=room)
            elif room not in joined:
                continue
            else:
                for member in list(members[room]):
                    await tell(member, type="chat", roomId=room, userId=user, text=message["text"])
    finally:
        for room in joined:
            members[room].discard(connection)
