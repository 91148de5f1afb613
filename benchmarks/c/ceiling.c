// The ceiling: a server that checks nothing, stores nothing and only sends. No server on this machine can be faster.
//
// Each iteration reads the pending input, joins each room's frames, and writes once to each member. It understands only
// the generator's messages, in exactly the form it sends them.
//
//   DEV_TOKEN=... ceiling            prints its port
#define _GNU_SOURCE
#include <arpa/inet.h>
#include <errno.h>
#include <netinet/tcp.h>
#include <stdlib.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <unistd.h>

#include "wire.h"

#define MOST 20000
#define MOST_ROOMS 4096
#define ROOM_BYTES (1 << 20)

typedef struct {
    int fd, is_open;
    size_t rest_size;
    unsigned char rest[LONGEST_FRAME];
} peer;

static struct {
    int members[MOST], size;
    unsigned char *due;
    size_t due_size;
} rooms[MOST_ROOMS];
static peer *peers[MOST];
static int dirty[MOST_ROOMS], dirty_size;

static void send_all(int fd, const void *data, size_t size) {
    while (size) {
        ssize_t sent = send(fd, data, size, MSG_NOSIGNAL);
        if (sent < 0 && errno != EAGAIN) return;
        if (sent > 0) {
            data = (const char *)data + sent;
            size -= sent;
        }
    }
}

static void answer(int fd, const char *text, size_t size) {
    unsigned char bytes[512];
    send_all(fd, bytes, put_frame(bytes, TEXT, text, size, 0));
}

static int room_in(const unsigned char *payload, size_t size) {
    const unsigned char *found = memmem(payload, size, "\"room:", 6);
    return found ? atoi((const char *)found + 6) % MOST_ROOMS : 0;
}

static void publish(int room) {
    if (!rooms[room].due_size) return;
    for (int at = 0; at < rooms[room].size; at++) send_all(rooms[room].members[at], rooms[room].due, rooms[room].due_size);
    rooms[room].due_size = 0;
}

// The event is as long as a real one: the message, plus as much as a server adds.
static void say(int room, const unsigned char *payload, size_t size) {
    static const char more[] = ",\"id\":\"00000000-0000-4000-8000-000000000000\",\"userId\":\"user-00000000\","
                               "\"sentAt\":\"2026-01-01T00:00:00.000Z\",\"seq\":100000}";
    unsigned char event[LONGEST_FRAME + sizeof more];
    if (!rooms[room].due) rooms[room].due = malloc(ROOM_BYTES);
    if (rooms[room].due_size + size + sizeof more + 4 > ROOM_BYTES) publish(room);
    if (!rooms[room].due_size) dirty[dirty_size++] = room;
    memcpy(event, payload, size - 1);
    memcpy(event + size - 1, more, sizeof more - 1);
    rooms[room].due_size +=
        put_frame(rooms[room].due + rooms[room].due_size, TEXT, event, size + sizeof more - 2, 0);
}

static void receive(peer *one, unsigned char *payload, size_t size) {
    unsigned char first = size > 9 ? payload[9] : 0;
    int room = room_in(payload, size);
    if (first == 'a') {
        answer(one->fd, "{\"type\":\"auth_ok\"}", 18);
    } else if (first == 'j') {
        rooms[room].members[rooms[room].size++] = one->fd;
        answer(one->fd, "{\"type\":\"joined\",\"roomId\":\"\"}", 29);
    } else if (first == 'c') {
        say(room, payload, size);
    } else if (first == 'p') {
        answer(one->fd, "{\"type\":\"pong\",\"sentAt\":\"2026-01-01T00:00:00.000Z\"}", 51);
    }
}

static void leave(peer *one) {
    for (int room = 0; room < MOST_ROOMS; room++)
        for (int at = 0; at < rooms[room].size; at++)
            if (rooms[room].members[at] == one->fd) rooms[room].members[at] = rooms[room].members[--rooms[room].size];
    close(one->fd);
    peers[one->fd] = NULL;
    free(one);
}

static void hear(peer *one) {
    static unsigned char bytes[LONGEST_FRAME + (1 << 18)];
    memcpy(bytes, one->rest, one->rest_size);
    ssize_t got = recv(one->fd, bytes + one->rest_size, 1 << 18, 0);
    if (got < 0 && errno == EAGAIN) return;
    if (got <= 0) {
        leave(one);
        return;
    }
    size_t size = one->rest_size + got, at = 0;
    if (!one->is_open) {
        unsigned char *end = memmem(bytes, size, "\r\n\r\n", 4);
        if (end) {
            one->is_open = 1;
            at = end + 4 - bytes;
            send_all(one->fd, UPGRADED, sizeof UPGRADED - 1);
        }
    }
    frame found;
    while (one->is_open && frame_at(bytes + at, size - at, &found)) {
        unsigned char *payload = bytes + at + found.head;
        for (size_t byte = 0; byte < found.size; byte++) payload[byte] ^= payload[-4 + (byte & 3)];
        if (found.opcode == TEXT) receive(one, payload, found.size);
        at += found.head + found.size;
    }
    one->rest_size = size - at < LONGEST_FRAME ? size - at : 0;
    memcpy(one->rest, bytes + at, one->rest_size);
}

static void welcome(int epoll, int listener) {
    for (int fd, yes = 1; (fd = accept4(listener, NULL, NULL, SOCK_NONBLOCK)) >= 0 && fd < MOST;) {
        peers[fd] = calloc(1, sizeof(peer));
        peers[fd]->fd = fd;
        setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &yes, sizeof yes);
        struct epoll_event event = {.events = EPOLLIN, .data.fd = fd};
        epoll_ctl(epoll, EPOLL_CTL_ADD, fd, &event);
    }
}

int main(void) {
    struct sockaddr_in address = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    socklen_t size = sizeof address;
    int listener = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK, 0), epoll = epoll_create1(0);
    if (bind(listener, (struct sockaddr *)&address, size) || listen(listener, 4096)) return 1;
    getsockname(listener, (struct sockaddr *)&address, &size);
    printf("%d\n", ntohs(address.sin_port));
    fflush(stdout);
    struct epoll_event events[512], event = {.events = EPOLLIN, .data.fd = listener};
    epoll_ctl(epoll, EPOLL_CTL_ADD, listener, &event);
    for (;;) {
        int found = epoll_wait(epoll, events, 512, -1);
        for (int at = 0; at < found; at++) {
            if (events[at].data.fd == listener) welcome(epoll, listener);
            else if (peers[events[at].data.fd]) hear(peers[events[at].data.fd]);
        }
        for (int at = 0; at < dirty_size; at++) publish(dirty[at]);
        dirty_size = 0;
    }
}
