// Ports and streams as the inner loop sees them: where to copy from and where to.
#pragma once

#include <cstring>
#include <stdexcept>
#include <vector>

#include "seqnic-verilator/cpp/model.h"
#include "seqnic-verilator/src/bridge.rs.h"

namespace seqnic {

static_assert(__BYTE_ORDER__ == __ORDER_LITTLE_ENDIAN__, "words are copied as bytes");

// A port, by its place in the model.
class Wire {
  public:
    Wire(const Model &model, std::size_t index) {
        if (index >= model.port_count()) {
            throw std::out_of_range("the model has no port " + std::to_string(index));
        }
        const Port &port = model.ports()[index];
        value_ = static_cast<std::uint8_t *>(port.value);
        bytes_ = port.bytes;
        used_ = (port.bits + 7) / 8;
        top_mask_ = static_cast<std::uint8_t>(0xff >> (8 * used_ - port.bits));
        words_ = (port.bits + 63) / 64;
    }

    std::size_t words() const { return words_; }

    // The lowest bit.
    bool bit() const { return *value_ & 1; }

    // Drives a port of 1 bit.
    void set(bool value) const { *value_ = value; }

    // Drops what is above the bits of the port: Verilator relies on zeros there.
    void set(const std::uint64_t *words) const {
        std::memcpy(value_, words, used_);
        value_[used_ - 1] &= top_mask_;
    }

    void get(std::uint64_t *words) const {
        words[words_ - 1] = 0;
        std::memcpy(words, value_, bytes_);
    }

  private:
    std::uint8_t *value_;
    std::size_t bytes_, used_, words_;
    std::uint8_t top_mask_;
};

// The ports of a stream, and its records.
struct StreamPorts {
    struct Lane {
        Wire wire;
        std::size_t place;
    };

    Wire valid, ready, last;
    std::vector<Lane> lanes;
    std::size_t words;

    StreamPorts(const Model &model, const StreamWires &wires)
        : valid(model, wires.valid), ready(model, wires.ready), last(model, wires.last), words(wires.words) {
        for (const LaneWires &lane : wires.lanes) {
            lanes.push_back({Wire(model, lane.port), lane.place});
            if (lane.place == 0 || lane.place + lanes.back().wire.words() > words) {
                throw std::out_of_range("a port of " + std::to_string(words) + "-word records is outside of them");
            }
        }
    }

    // Drives the port `last` and the lanes from a record.
    void put(const std::uint64_t *record) const {
        last.set((record[0] & 1) != 0);
        for (const Lane &lane : lanes) {
            lane.wire.set(record + lane.place);
        }
    }

    // Makes a record of what was put: the same, but for the header.
    std::uint64_t *copy(const std::uint64_t *put, std::uint64_t *record, bool is_ready, std::uint64_t cycle) const {
        std::memcpy(record, put, words * sizeof *record);
        record[0] = (put[0] & 1) | std::uint64_t{is_ready} << 1 | cycle << 8;
        return record + words;
    }

    // Makes a record of what the ports carry; the header is that of `beat.rs`. Returns the place of the next record.
    std::uint64_t *take(std::uint64_t *record, bool is_ready, std::uint64_t cycle) const {
        record[0] = std::uint64_t{last.bit()} | std::uint64_t{is_ready} << 1 | cycle << 8;
        for (const Lane &lane : lanes) {
            lane.wire.get(record + lane.place);
        }
        return record + words;
    }
};

// The flat arrays must hold what the loop reads and writes without looking.
inline void check(const Cycles &run, const StreamPorts &input, const StreamPorts &output,
                  const std::vector<StreamPorts> &reports) {
    const bool enough = input.words > 0 && output.words > 0 && run.idle.size() * 64 >= run.cycles &&
                        run.stall.size() * 64 >= run.cycles && run.junk.size() == input.words &&
                        run.beats.size() % input.words == 0 && run.accepted <= run.beats.size() / input.words &&
                        !(run.offered && run.accepted == run.beats.size() / input.words) &&
                        run.input.size() / input.words >= run.cycles &&
                        run.output.size() / output.words >= run.cycles;
    const bool has_room = reports.empty() || (reports.size() == 1 && reports[0].words > 0 &&
                                              run.report_stall.size() * 64 >= run.cycles &&
                                              run.reports.size() / reports[0].words >= run.cycles);
    if (!enough || !has_room) {
        throw std::length_error("the arrays of the batch are too short for its cycles");
    }
}

}  // namespace seqnic
