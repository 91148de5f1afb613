// A histogram of latencies, with buckets about one percent wide. Adding a value takes only a few instructions.
#pragma once
#include <stdint.h>

#define FINE 7 // bits of precision

typedef struct {
    uint64_t counts[64 << FINE], total;
} histogram;

static inline unsigned bucket_of(uint64_t value) {
    if (value < 1u << FINE) return value;
    int shift = 63 - __builtin_clzll(value) - FINE;
    return ((shift + 1) << FINE) + ((value >> shift) & ((1u << FINE) - 1));
}

static inline void count(histogram *in, uint64_t value) {
    in->counts[bucket_of(value)]++;
    in->total++;
}

static inline uint64_t percentile(const histogram *of, double share) {
    uint64_t wanted = share * of->total, seen = 0;
    for (unsigned at = 0; at < 64u << FINE; at++) {
        seen += of->counts[at];
        if (seen > wanted) {
            unsigned shift = at >> FINE;
            if (shift == 0) return at;
            return ((uint64_t)(at & ((1u << FINE) - 1)) | 1u << FINE) << (shift - 1);
        }
    }
    return 0;
}
