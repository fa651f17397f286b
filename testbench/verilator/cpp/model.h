// The one interface of all models: what the generated code of a configuration implements, and all that the bridge
// knows of it. Only plain data and virtual calls, so that the two may be compiled by different compilers.
#pragma once

#include <cstddef>
#include <cstdint>

namespace seqnic {

// A port, and where Verilator keeps its value: little-endian, in 1, 2, 4, 8 or a multiple of 4 bytes, with zeros above
// its bits.
struct Port {
    const char *name;
    std::uint32_t bits;
    bool is_input;
    void *value;
    std::size_t bytes;
};

class Model {
  public:
    virtual ~Model() = default;

    // The port table, without clock and reset.
    virtual const Port *ports() const = 0;
    virtual std::size_t port_count() const = 0;

    // The calling thread runs the model until another one enters. Only the port table may be read without.
    virtual void enter() = 0;

    // The clock domains, one bit each, whose clocks rise and whose resets are held in the calls to come; at first all.
    virtual void select(std::uint8_t domains) = 0;

    // Asserts or releases reset for the clock edges to come; cycle 0 is the first one after the release.
    virtual void hold_reset(bool asserted) = 0;

    // Settles what depends on inputs and state.
    virtual void eval() = 0;

    // So many rising clock edges, each with the values of an `eval`; the caller makes the first one.
    virtual void tick(std::uint64_t cycles) = 0;

    // Records the cycles `from .. to` into a file of FST, whichever of them are still to come.
    virtual void record(const char *path, std::uint64_t from, std::uint64_t to) = 0;

    // Completes the file.
    virtual void finish_record() = 0;
};

// What holds the state that reset does not define: zeros, ones, or bits drawn from a seed.
enum class Initial : std::uint8_t { zeros, ones, random };

// The one symbol of a model's shared object.
using MakeModel = Model *(Initial initial, std::int32_t seed);
constexpr const char *make_model_symbol = "seqnic_make_model";

}  // namespace seqnic
