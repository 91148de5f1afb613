// Room members, each with its own connection: connect, do the handshake, authenticate, join, then receive frames.
#pragma once
#define _GNU_SOURCE
#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <netinet/tcp.h>
#include <stdlib.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#include "wire.h"

typedef enum { OUTSIDE, CONNECTING, UPGRADING, JOINING, IN } stage;

typedef struct {
    int fd, room, is_deaf;
    stage stage;
    uint64_t born_ns, newest; // the newest message received, to check the order
    unsigned char rest[LONGEST_FRAME];
    size_t rest_size;
    unsigned char *unsent;
    size_t unsent_size;
} member;

extern int epoll, port;
extern const char *token;
void on_frame(member *one, frame found, const unsigned char *payload, uint64_t now);
void on_joined(member *one, uint64_t now);

static inline uint64_t now_ns(void) {
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return now.tv_sec * 1000000000ull + now.tv_nsec;
}

static inline void fail(const char *why) {
    fprintf(stderr, "generator: %s (%s)\n", why, strerror(errno));
    exit(3);
}

static void watch(member *one, int operation, uint32_t events) {
    struct epoll_event event = {.events = events, .data.ptr = one};
    if (epoll_ctl(epoll, operation, one->fd, &event)) fail("epoll_ctl");
}

// Sends what the kernel accepts; the rest waits for space.
static void send_bytes(member *one, const void *data, size_t size) {
    ssize_t sent = one->unsent_size ? 0 : send(one->fd, data, size, MSG_NOSIGNAL);
    if (sent < 0 && errno != EAGAIN) fail("send");
    if (sent < 0) sent = 0;
    if ((size_t)sent == size) return;
    size_t left = size - sent;
    one->unsent = realloc(one->unsent, one->unsent_size + left);
    memcpy(one->unsent + one->unsent_size, (const char *)data + sent, left);
    if (!one->unsent_size) watch(one, EPOLL_CTL_MOD, EPOLLIN | EPOLLOUT);
    one->unsent_size += left;
}

static void send_unsent(member *one) {
    ssize_t sent = send(one->fd, one->unsent, one->unsent_size, MSG_NOSIGNAL);
    if (sent < 0) return;
    one->unsent_size -= sent;
    memmove(one->unsent, one->unsent + sent, one->unsent_size);
    if (!one->unsent_size) watch(one, EPOLL_CTL_MOD, EPOLLIN);
}

static void begin(member *one) {
    struct sockaddr_in address = {.sin_family = AF_INET, .sin_port = htons(port)};
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    one->fd = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK, 0);
    if (one->fd < 0) fail("socket");
    int yes = 1;
    setsockopt(one->fd, IPPROTO_TCP, TCP_NODELAY, &yes, sizeof yes);
    one->born_ns = now_ns();
    one->stage = CONNECTING;
    if (connect(one->fd, (struct sockaddr *)&address, sizeof address) && errno != EINPROGRESS) fail("connect");
    watch(one, EPOLL_CTL_ADD, EPOLLOUT);
}

// Sends both messages at once, like a page that trusts its credential.
static void introduce(member *one) {
    char text[256];
    unsigned char frames[600];
    int size = snprintf(text, sizeof text, "{\"type\":\"auth\",\"token\":\"%s\"}", token);
    size_t filled = put_frame(frames, TEXT, text, size, 1);
    size = snprintf(text, sizeof text, "{\"type\":\"join\",\"roomId\":\"room:%d\"}", one->room);
    filled += put_frame(frames + filled, TEXT, text, size, 1);
    one->stage = JOINING;
    send_bytes(one, frames, filled);
}

static void look_at(member *one, frame found, const unsigned char *payload, uint64_t now) {
    unsigned char pong[140];
    if (found.opcode == CLOSE) {
        fprintf(stderr, "generator: closed with %d\n", found.size < 2 ? 1005 : payload[0] << 8 | payload[1]);
        exit(3);
    }
    if (found.opcode == PING) {
        send_bytes(one, pong, put_frame(pong, PONG, payload, found.size < 126 ? found.size : 0, 1));
    } else if (one->stage == IN) {
        on_frame(one, found, payload, now);
    } else if (found.size > 16 && !memcmp(payload + 9, "joined\"", 7)) {
        one->stage = IN;
        on_joined(one, now);
    }
}

// Reads once and handles each complete frame. Keeps the rest of an incomplete one.
static void hear(member *one) {
    static unsigned char bytes[LONGEST_FRAME + (1 << 18)];
    memcpy(bytes, one->rest, one->rest_size);
    ssize_t got = recv(one->fd, bytes + one->rest_size, 1 << 18, 0);
    if (got == 0) fail("the server ended a connection");
    if (got < 0) {
        if (errno == EAGAIN) return;
        fail("recv");
    }
    size_t size = one->rest_size + got, at = 0;
    uint64_t now = now_ns();
    if (one->stage == UPGRADING) {
        unsigned char *end = memmem(bytes, size, "\r\n\r\n", 4);
        if (end && memcmp(bytes, "HTTP/1.1 101", 12)) fail("the handshake was refused");
        if (end) {
            introduce(one);
            at = end + 4 - bytes;
        }
    }
    frame found;
    while (one->stage != UPGRADING && frame_at(bytes + at, size - at, &found)) {
        look_at(one, found, bytes + at + found.head, now);
        at += found.head + found.size;
    }
    one->rest_size = size - at;
    if (one->rest_size > LONGEST_FRAME) fail("a frame is too long");
    memcpy(one->rest, bytes + at, one->rest_size);
}

static void happened(member *one, uint32_t events) {
    if (one->stage == CONNECTING) {
        if (events & (EPOLLERR | EPOLLHUP)) fail("could not connect");
        one->stage = UPGRADING;
        watch(one, EPOLL_CTL_MOD, EPOLLIN);
        send_bytes(one, UPGRADE, sizeof UPGRADE - 1);
        return;
    }
    if (one->is_deaf && one->stage == IN) {
        epoll_ctl(epoll, EPOLL_CTL_DEL, one->fd, NULL); // reset; the parent process notices when
        return;
    }
    if (events & EPOLLOUT && one->unsent_size) send_unsent(one);
    if (events & (EPOLLIN | EPOLLHUP | EPOLLERR)) hear(one);
}
