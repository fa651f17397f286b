// What an engine is measured against: a loop by hand that only drives frames and collects them, over the class that
// Verilator made. Arguments: a file of frames, each after its length as 32 bits; how many frames to play, over and
// over. Prints seconds, cycles, and the bytes and the frames that came out.
#include <algorithm>
#include <chrono>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <vector>

#include "Vmodel.h"

namespace {

std::vector<std::vector<std::uint8_t>> read_frames(const char *path) {
    std::vector<std::vector<std::uint8_t>> frames;
    std::FILE *const file = std::fopen(path, "rb");
    std::uint32_t length;
    while (file && std::fread(&length, sizeof length, 1, file) == 1) {
        frames.emplace_back(length);
        if (std::fread(frames.back().data(), 1, length, file) != length) {
            std::exit(1);
        }
    }
    return frames;
}

}  // namespace

int main(int, char **arguments) {
    const auto frames = read_frames(arguments[1]);
    const unsigned long wanted = std::strtoul(arguments[2], nullptr, 10);
    VerilatedContext context;
    context.randReset(2);
    Vmodel top(&context);
    const auto tick = [&] {
        top.axis_aclk = 1;
        top.eval();
        top.axis_aclk = 0;
    };
    top.axis_resetn = 0;
    top.s_axis_tvalid = 0;
    top.m_axis_tready = 0;
    for (int edge = 0; edge < 2; ++edge) {
        top.eval();
        tick();
    }
    top.axis_resetn = 1;
    top.m_axis_tready = 1;

    constexpr std::size_t bus_bytes = sizeof top.s_axis_tdata;
    unsigned long sent = 0, received = 0, cycles = 0, bytes = 0;
    std::size_t offset = 0;
    std::vector<std::uint8_t> frame;
    const auto start = std::chrono::steady_clock::now();
    while (received < wanted) {
        if (!top.s_axis_tvalid && sent < wanted) {
            const auto &next = frames[sent % frames.size()];
            const std::size_t size = std::min(bus_bytes, next.size() - offset);
            std::memcpy(&top.s_axis_tdata, next.data() + offset, size);
            std::uint8_t keep[bus_bytes / 8] = {};
            std::memset(keep, 0xff, size / 8);
            if (size % 8 != 0) {
                keep[size / 8] = static_cast<std::uint8_t>((1 << size % 8) - 1);
            }
            std::memcpy(&top.s_axis_tkeep, keep, sizeof keep);
            offset += size;
            top.s_axis_tlast = offset == next.size();
            top.s_axis_tvalid = 1;
        }
        top.eval();
        const bool accepted = top.s_axis_tvalid && top.s_axis_tready;
        if (top.m_axis_tvalid) {
            std::size_t size = bus_bytes;
            if (top.m_axis_tlast) {
                size = 0;
                for (std::size_t i = 0; i < bus_bytes / 32; ++i) {
                    size += static_cast<std::size_t>(__builtin_popcount(top.m_axis_tkeep[i]));
                }
            }
            const auto *const data = reinterpret_cast<const std::uint8_t *>(&top.m_axis_tdata);
            frame.insert(frame.end(), data, data + size);
            if (top.m_axis_tlast) {
                bytes += frame.size();
                frame.clear();
                ++received;
            }
        }
        tick();
        ++cycles;
        if (accepted) {
            top.s_axis_tvalid = 0;
            if (top.s_axis_tlast) {
                offset = 0;
                ++sent;
            }
        }
    }
    const std::chrono::duration<double> seconds = std::chrono::steady_clock::now() - start;
    std::printf("%.9f %lu %lu %lu\n", seconds.count(), cycles, bytes, received);
}
