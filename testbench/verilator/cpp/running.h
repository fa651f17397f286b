// The C++ side of the bridge: a model that was loaded, and the loop over its cycles.
#pragma once

#include <cstdint>
#include <memory>

#include "model.h"
#include "rust/cxx.h"

namespace seqnic {

// Declared in src/bridge.rs.
struct PortInfo;
struct StreamWires;
struct Cycles;

class Running {
  public:
    explicit Running(std::unique_ptr<Model> model) : model_(std::move(model)) {}

    rust::Vec<PortInfo> ports() const;

    // `pins` holds the words of all ports in the order of the port table, each port from a word of its own on. Inputs
    // are taken from it, outputs are put into it.
    void eval(rust::Slice<std::uint64_t> pins);

    void select(std::uint8_t domains);
    void tick(std::uint64_t cycles);
    void hold_reset(bool asserted);

    // The inner loop: as `Batch::play` in Rust, record for record. The pins are left as that leaves the ports.
    // There is a stream of reports, or none.
    void play(const StreamWires &input, const StreamWires &output, const rust::Vec<StreamWires> &reports, Cycles &run,
              rust::Slice<std::uint64_t> pins);

    void record(rust::Str path, std::uint64_t from, std::uint64_t to);
    void finish_record();

  private:
    void drive(const std::uint64_t *pins);
    void sample(std::uint64_t *pins, bool with_inputs) const;

    std::unique_ptr<Model> model_;
};

// Loads the shared object of a model and makes a model of it. The code stays loaded until the program ends: other
// models of it may run in other threads.
std::unique_ptr<Running> load(rust::Str path, std::uint8_t initial, std::int32_t seed);

}  // namespace seqnic
