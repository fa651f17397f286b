// The waveform of a model. A model built without tracing has none: looking at every signal costs most of the speed.
#pragma once

#include <cstdint>
#include <stdexcept>
#include <string>

#include "verilated.h"

#ifdef SEQNIC_TRACED
#include "verilated_fst_c.h"
#endif

namespace seqnic {

#ifdef SEQNIC_TRACED

class Wave {
  public:
    static void prepare(VerilatedContext &context) { context.traceEverOn(true); }

    template <class Top>
    void attach(Top &top) {
        constexpr int all_levels = 99;
        top.trace(&fst_, all_levels);
    }

    bool shows(std::uint64_t cycle) const { return from_ <= cycle && cycle < to_; }

    void open(const char *path, std::uint64_t from, std::uint64_t to) {
        fst_.open(path);
        if (!fst_.isOpen()) {
            throw std::runtime_error("the file cannot be opened");
        }
        from_ = from;
        to_ = to;
    }

    void dump(std::uint64_t time_ns) { fst_.dump(time_ns); }

    void close() {
        from_ = to_ = 0;
        fst_.close();
    }

  private:
    VerilatedFstC fst_;
    std::uint64_t from_ = 0;
    std::uint64_t to_ = 0;
};

#else

class Wave {
  public:
    static void prepare(VerilatedContext &) {}

    template <class Top>
    void attach(Top &) {}

    static constexpr bool shows(std::uint64_t) { return false; }

    static void open(const char *, std::uint64_t, std::uint64_t) {
        throw std::logic_error("this model was built without tracing");
    }

    static void dump(std::uint64_t) {}

    static void close() {}
};

#endif

}  // namespace seqnic
