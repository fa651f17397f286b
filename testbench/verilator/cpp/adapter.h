// `seqnic::Model` over a class that Verilator made. `Wires` is generated: it knows the names of the ports.
#pragma once

#include <memory>
#include <vector>

#include "model.h"
#include "verilated.h"
#include "wave.h"

namespace seqnic {

template <class Top, class Wires>
class Adapter final : public Model {
  public:
    Adapter(Initial initial, std::int32_t seed) {
        context_.randReset(static_cast<int>(initial));
        context_.randSeed(seed);
        context_.timeunit(-9);
        context_.timeprecision(-9);
        Wave::prepare(context_);
        top_ = std::make_unique<Top>(&context_, "");
        wave_.attach(*top_);
        ports_ = Wires::ports(*top_);
    }

    ~Adapter() override {
        enter();
        top_->final();
    }

    const Port *ports() const override { return ports_.data(); }

    std::size_t port_count() const override { return ports_.size(); }

    // Verilator's runtime asks the thread for the context, not the model.
    void enter() override { Verilated::threadContextp(&context_); }

    void select(std::uint8_t domains) override { domains_ = domains; }

    void hold_reset(bool asserted) override {
        Wires::reset(*top_, domains_, asserted);
        if (domains_ & 1) {
            in_reset_ = asserted;
            cycle_ = 0;
        }
    }

    void eval() override { top_->eval(); }

    void tick(std::uint64_t cycles) override {
        while (cycles-- > 0) {
            const bool is_cycle = domains_ & 1;
            if (is_cycle && !in_reset_ && wave_.shows(cycle_)) {
                show();
            }
            rise();
            cycle_ += is_cycle;
            if (cycles > 0) {
                top_->eval();
            }
        }
    }

    void record(const char *path, std::uint64_t from, std::uint64_t to) override { wave_.open(path, from, to); }

    void finish_record() override { wave_.close(); }

  private:
    // A rising edge. The falling one triggers nothing, so it needs no evaluation of its own.
    void rise() {
        Wires::clock(*top_, domains_, true);
        top_->eval();
        Wires::clock(*top_, domains_, false);
    }

    // Cycle n begins at n periods with a rising edge and the values that are settled in it.
    void show() {
        constexpr std::uint64_t period_ns = 4;
        Wires::clock(*top_, domains_, true);
        wave_.dump(cycle_ * period_ns);
        Wires::clock(*top_, domains_, false);
        // Changes nothing, but without it Verilator sees no reason to look at the clock again.
        top_->eval();
        wave_.dump(cycle_ * period_ns + period_ns / 2);
    }

    VerilatedContext context_;
    std::unique_ptr<Top> top_;
    std::vector<Port> ports_;
    Wave wave_;
    // Bit 0 is the datapath, whose cycles are counted.
    std::uint8_t domains_ = 0xff;
    bool in_reset_ = false;
    std::uint64_t cycle_ = 0;
};

}  // namespace seqnic
