// The parts of WebSocket that a benchmark needs: the request, text frames, and finding the end of the next frame.
#pragma once
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#define LONGEST_FRAME 8192 // the longest frame that can be kept when a read ends in the middle of it

static const unsigned char MASK[4] = {0x37, 0xfa, 0x21, 0x3d};
static const char UPGRADE[] =
    "GET / HTTP/1.1\r\nHost: localhost\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
    "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\nSec-WebSocket-Version: 13\r\n\r\n";
static const char UPGRADED[] = // the answer to that key
    "HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
    "Sec-WebSocket-Accept: s3pPLMBiTxaQ9kYGzzhZRbK+xOo=\r\n\r\n";

enum { TEXT = 1, CLOSE = 8, PING = 9, PONG = 10 };

typedef struct {
    int opcode;
    size_t head, size;
} frame;

// Writes a frame, masked if it is a client's. Returns its length.
static inline size_t put_frame(unsigned char *to, int opcode, const void *payload, size_t size, int masked) {
    size_t head = 2;
    to[0] = 0x80 | opcode;
    if (size < 126) {
        to[1] = size;
    } else {
        to[1] = 126;
        to[2] = size >> 8;
        to[3] = size & 255;
        head = 4;
    }
    if (!masked) {
        memcpy(to + head, payload, size);
        return head + size;
    }
    to[1] |= 0x80;
    memcpy(to + head, MASK, 4);
    head += 4;
    for (size_t at = 0; at < size; at++) to[head + at] = ((const unsigned char *)payload)[at] ^ MASK[at & 3];
    return head + size;
}

// Parses the frame that starts here. Returns 0 while it is incomplete.
static inline int frame_at(const unsigned char *data, size_t left, frame *found) {
    if (left < 2) return 0;
    size_t size = data[1] & 127, head = 2;
    if (size == 126) {
        if (left < 4) return 0;
        size = (size_t)data[2] << 8 | data[3];
        head = 4;
    } else if (size == 127) {
        if (left < 10) return 0;
        size = 0;
        for (int at = 2; at < 10; at++) size = size << 8 | data[at];
        head = 10;
    }
    if (data[1] & 128) head += 4;
    found->opcode = data[0] & 15;
    found->head = head;
    found->size = size;
    return left >= head + size;
}
