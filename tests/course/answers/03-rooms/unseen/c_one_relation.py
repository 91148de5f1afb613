from labkit.course.given import enter, messages, tell
from websockets.exceptions import ConnectionClosed


def make_handler():
    pairs = set()  # (room, connection): one relation instead of a table of sets

    def inside(room):
        return [who for where, who in pairs if where == room]

    async def join(connection, user, room, text):
        pairs.add((room, connection))
        await tell(connection, type="joined", roomId=room, members=len(inside(room)), note="welcome")
        return True

    async def leave(connection, user, room, text):
        pairs.discard((room, connection))
        await tell(connection, type="left", roomId=room)
        return True

    async def chat(connection, user, room, text):
        if (room, connection) not in pairs:
            return False
        for member in inside(room):
            if (room, member) in pairs:
                await tell(member, type="chat", roomId=room, userId=user, text=text)
        return True

    verbs = {"join": join, "leave": leave, "chat": chat}

    def forget(connection):
        pairs.difference_update([pair for pair in pairs if pair[1] is connection])

    async def handler(connection):
        try:
            user = await enter(connection)
            if user is None:
                return
            async for message in messages(connection):
                act = verbs[message["type"]]
                if not await act(connection, user, message["roomId"], message.get("text")):
                    forget(connection)
                    await connection.close(1008, "not a member")
                    break
        except ConnectionClosed:
            pass
        finally:
            forget(connection)

    return handler


handler = make_handler()
