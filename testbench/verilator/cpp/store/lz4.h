// LZ4 for Verilator's FST writer, which needs no more than this of it: a block of literals. A windowed waveform is
// small, so that compressing it is not worth a dependency.
#pragma once

#include <cstddef>
#include <cstring>

inline int LZ4_compressBound(int size) { return size + size / 255 + 16; }

inline int LZ4_compress_default(const char *source, char *target, int size, int) {
    constexpr int in_token = 15;
    char *out = target;
    if (size < in_token) {
        *out++ = static_cast<char>(size << 4);
    } else {
        *out++ = static_cast<char>(in_token << 4);
        int more = size - in_token;
        for (; more >= 255; more -= 255) {
            *out++ = static_cast<char>(255);
        }
        *out++ = static_cast<char>(more);
    }
    std::memcpy(out, source, static_cast<std::size_t>(size));
    return static_cast<int>(out - target) + size;
}
