// The load generator: many members in one process with one thread, which polls and never sleeps.
//
//   DEV_TOKEN=... generator PORT MODE [NAME=NUMBER]...
//
//   talk    rooms x members; `senders` per room keep `window` messages in flight, or together send `rate` per second
//   ping    each member sends a `ping` as soon as the last one is answered
//   storm   members connect, authenticate and join, `inflight` at a time
//   hold    members join and stay until stdin is closed
//
// When all members have joined, it prints `in` and the last member's port; at the end, one line of JSON. `busy` is the
// share of time in which there was work to do. Near 1, the generator itself limits the figure. A message is complete
// when every member of its room has received it.
#include "members.h"

#include "histogram.h"

#define RING (1 << 18)
#define STAMP 10 // digits in a message's number, at the start of its text

int epoll, port;
const char *token;

static long rooms = 1, members = 500, senders = 1, window = 1, rate = 0, words = 64, inflight = 64, deaf = 0, pid = 0;
static double seconds = 2, warmup = 0.4;
static enum { TALK, PING_PONG, STORM, HOLD } mode;

static member *crowd;
static long crowd_size, begun, joined;
static struct {
    uint64_t due_ns;
    long missing;
    member *sender;
} ring[RING];
static uint64_t sent, complete, heard, disordered;
static int is_sending, is_measuring;
static histogram latencies;

static void say(member *one, uint64_t due) {
    static char text[8192];
    static unsigned char bytes[8300];
    if (mode == PING_PONG) {
        one->newest = due;
        send_bytes(one, bytes, put_frame(bytes, TEXT, "{\"type\":\"ping\"}", 15, 1));
        return;
    }
    uint64_t number = sent++;
    ring[number % RING].due_ns = due;
    ring[number % RING].missing = members - deaf;
    ring[number % RING].sender = one;
    int size = snprintf(text, sizeof text,
                        "{\"type\":\"chat\",\"roomId\":\"room:%d\",\"requestId\":\"bench-%010lu\",\"text\":\"%0*lu", one->room,
                        number, STAMP, number);
    memset(text + size, 'x', words - STAMP);
    size += words - STAMP;
    memcpy(text + size, "\"}", 2);
    send_bytes(one, bytes, put_frame(bytes, TEXT, text, size + 2, 1));
}

static uint64_t number_in(const unsigned char *payload, size_t size) {
    static size_t at; // where it was last time
    if (at + STAMP > size || memcmp(payload + at - 8, "\"text\":\"", 8)) {
        const unsigned char *found = memmem(payload, size, "\"text\":\"", 8);
        if (!found) fail("an event without text");
        at = found + 8 - payload;
    }
    uint64_t number = 0;
    for (int digit = 0; digit < STAMP; digit++) number = number * 10 + payload[at + digit] - '0';
    return number;
}

void on_frame(member *one, frame found, const unsigned char *payload, uint64_t now) {
    if (found.size < 14) return;
    if (mode == PING_PONG) {
        if (memcmp(payload + 9, "pong", 4)) return;
        if (is_measuring) count(&latencies, now - one->newest);
        heard += is_measuring;
        if (is_sending) say(one, now);
        return;
    }
    if (memcmp(payload + 9, "chat", 4)) return;
    uint64_t number = number_in(payload, found.size);
    if (number >= sent) fail("an event that no member sent");
    if (senders == 1) {
        disordered += number < one->newest;
        one->newest = number + 1;
    }
    if (is_measuring) {
        heard++;
        count(&latencies, now - ring[number % RING].due_ns);
    }
    int is_last = --ring[number % RING].missing == 0;
    complete += is_last;
    if (is_sending && !rate && (senders == 1 ? is_last : ring[number % RING].sender == one))
        say(ring[number % RING].sender, now);
}

void on_joined(member *one, uint64_t now) {
    joined++;
    if (mode == STORM) count(&latencies, now - one->born_ns);
    if (begun < crowd_size) begin(&crowd[begun++]);
    if (one->is_deaf) watch(one, EPOLL_CTL_MOD, 0);
}

// Polls all connections once. Returns whether there was any input.
static int look(void) {
    struct epoll_event events[512];
    int found = epoll_wait(epoll, events, 512, 0);
    for (int at = 0; at < found; at++) happened(events[at].data.ptr, events[at].events);
    return found > 0;
}

static void enter(void) {
    uint64_t deadline = now_ns() + 60000000000ull;
    while (begun < crowd_size && begun < inflight) begin(&crowd[begun++]);
    while (joined < crowd_size) {
        look();
        if (now_ns() > deadline) fail("not everybody got in");
    }
}

static double cpu_s(void) {
    clockid_t clock;
    struct timespec spent;
    if (!pid || clock_getcpuclockid(pid, &clock) || clock_gettime(clock, &spent)) return 0;
    return spent.tv_sec + spent.tv_nsec / 1e9;
}

static int stdin_ended(void) {
    char byte;
    return read(0, &byte, 1) == 0;
}

// Runs the load: a closed loop, or `rate` messages per second, sent on time whether or not the server keeps up.
static void load(void) {
    uint64_t start = now_ns(), from = start + warmup * 1e9, until = from + seconds * 1e9, now = start, busy_ns = 0;
    double cpu = 0, measured_s = 0;
    is_sending = 1;
    for (long at = 0; !rate && at < crowd_size; at++)
        for (long one = 0; at % members < senders && one < window; one++) say(&crowd[at], start);
    for (long turn = 0; is_sending; turn++) {
        int found = look();
        while (rate && start + sent * 1000000000ull / rate <= now) {
            say(&crowd[sent % rooms * members], start + sent * 1000000000ull / rate);
            found = 1;
        }
        uint64_t then = now;
        now = now_ns();
        if (found && is_measuring) busy_ns += now - then;
        if (!is_measuring && now >= from) {
            is_measuring = 1;
            from = now;
            cpu = cpu_s();
        }
        if (now >= until || (turn % 4096 == 0 && stdin_ended())) {
            measured_s = (now - from) / 1e9;
            cpu = cpu_s() - cpu;
            is_sending = is_measuring = 0;
        }
    }
    uint64_t counted = heard;
    for (uint64_t deadline = now + 5000000000ull; complete < sent && now < deadline; now = now_ns()) look();
    printf("{\"per_s\": %.1f, \"cpu\": %.4f, \"busy\": %.3f, \"missing\": %lu, \"disordered\": %lu, "
           "\"p50_ms\": %.3f, \"p99_ms\": %.3f, \"p999_ms\": %.3f}\n",
           counted / measured_s, cpu / measured_s, busy_ns / 1e9 / measured_s, sent - complete, disordered,
           percentile(&latencies, .5) / 1e6, percentile(&latencies, .99) / 1e6, percentile(&latencies, .999) / 1e6);
}

static void storm(void) {
    uint64_t start = now_ns(), busy_ns = 0, now = start;
    double cpu = cpu_s();
    while (begun < crowd_size && begun < inflight) begin(&crowd[begun++]);
    while (joined < crowd_size) {
        uint64_t then = now;
        int found = look();
        now = now_ns();
        if (found) busy_ns += now - then;
        if (now - start > 60000000000ull) fail("not everybody got in");
    }
    double taken = (now - start) / 1e9;
    printf("{\"per_s\": %.1f, \"cpu\": %.4f, \"busy\": %.3f, \"missing\": 0, \"disordered\": 0, "
           "\"p50_ms\": %.3f, \"p99_ms\": %.3f, \"p999_ms\": %.3f}\n",
           crowd_size / taken, (cpu_s() - cpu) / taken, busy_ns / 1e9 / taken, percentile(&latencies, .5) / 1e6,
           percentile(&latencies, .99) / 1e6, percentile(&latencies, .999) / 1e6);
}

static void hold(void) {
    enter();
    printf("in\n");
    fflush(stdout);
    while (!stdin_ended()) {
        look();
        usleep(1000);
    }
}

static void set(const char *option) {
    struct {
        const char *name;
        long *value;
    } known[] = {{"rooms", &rooms}, {"members", &members}, {"senders", &senders}, {"window", &window}, {"rate", &rate},
                 {"words", &words}, {"inflight", &inflight}, {"deaf", &deaf}, {"pid", &pid}};
    const char *value = strchr(option, '=');
    size_t size = value ? value++ - option : 0;
    for (unsigned at = 0; value && at < sizeof known / sizeof *known; at++)
        if (strlen(known[at].name) == size && !memcmp(known[at].name, option, size)) {
            *known[at].value = atol(value);
            return;
        }
    if (value && !strncmp(option, "seconds=", 8)) seconds = atof(value);
    else if (value && !strncmp(option, "warmup=", 7)) warmup = atof(value);
    else fail(option);
}

int main(int argc, char **argv) {
    token = getenv("DEV_TOKEN");
    if (argc < 3 || !token) fail("DEV_TOKEN=... generator PORT talk|ping|storm|hold [NAME=NUMBER]...");
    port = atoi(argv[1]);
    mode = argv[2][0] == 't' ? TALK : argv[2][0] == 'p' ? PING_PONG : argv[2][0] == 's' ? STORM : HOLD;
    for (int at = 3; at < argc; at++) set(argv[at]);
    if (mode == PING_PONG) senders = members;
    crowd_size = rooms * members;
    crowd = calloc(crowd_size, sizeof *crowd);
    epoll = epoll_create1(0);
    fcntl(0, F_SETFL, O_NONBLOCK);
    for (long at = 0; at < crowd_size; at++) {
        crowd[at].room = at / members;
        crowd[at].is_deaf = at % members >= members - deaf;
    }
    if (mode == HOLD) {
        hold();
    } else if (mode == STORM) {
        storm();
    } else {
        enter();
        struct sockaddr_in address;
        socklen_t size = sizeof address;
        getsockname(crowd[crowd_size - 1].fd, (struct sockaddr *)&address, &size);
        printf("in %d\n", ntohs(address.sin_port));
        fflush(stdout);
        load();
    }
    return 0;
}
