#include "seqnic-verilator/cpp/running.h"

#include <dlfcn.h>

#include <stdexcept>
#include <string>

#include "seqnic-verilator/cpp/wire.h"
#include "seqnic-verilator/src/bridge.rs.h"

namespace seqnic {

std::unique_ptr<Running> load(rust::Str path, std::uint8_t initial, std::int32_t seed) {
    void *const library = dlopen(std::string(path).c_str(), RTLD_NOW | RTLD_LOCAL);
    if (!library) {
        throw std::runtime_error(dlerror());
    }
    const auto make = reinterpret_cast<MakeModel *>(dlsym(library, make_model_symbol));
    if (!make) {
        throw std::runtime_error(dlerror());
    }
    return std::make_unique<Running>(std::unique_ptr<Model>(make(static_cast<Initial>(initial), seed)));
}

rust::Vec<PortInfo> Running::ports() const {
    rust::Vec<PortInfo> table;
    for (std::size_t i = 0; i < model_->port_count(); ++i) {
        const Port &port = model_->ports()[i];
        table.push_back(PortInfo{rust::String(port.name), port.bits, port.is_input});
    }
    return table;
}

void Running::drive(const std::uint64_t *pins) {
    for (std::size_t i = 0; i < model_->port_count(); ++i) {
        const Wire wire(*model_, i);
        if (model_->ports()[i].is_input) {
            wire.set(pins);
        }
        pins += wire.words();
    }
}

void Running::sample(std::uint64_t *pins, bool with_inputs) const {
    for (std::size_t i = 0; i < model_->port_count(); ++i) {
        const Wire wire(*model_, i);
        if (with_inputs || !model_->ports()[i].is_input) {
            wire.get(pins);
        }
        pins += wire.words();
    }
}

void Running::eval(rust::Slice<std::uint64_t> pins) {
    model_->enter();
    drive(pins.data());
    model_->eval();
    sample(pins.data(), false);
}

void Running::select(std::uint8_t domains) { model_->select(domains); }

void Running::tick(std::uint64_t cycles) {
    model_->enter();
    model_->tick(cycles);
}

void Running::hold_reset(bool asserted) {
    model_->enter();
    model_->hold_reset(asserted);
}

void Running::record(rust::Str path, std::uint64_t from, std::uint64_t to) {
    model_->enter();
    model_->record(std::string(path).c_str(), from, to);
}

void Running::finish_record() {
    model_->enter();
    model_->finish_record();
}

namespace {

bool bit(rust::Slice<const std::uint64_t> words, std::size_t index) {
    return words.data()[index / 64] >> (index % 64) & 1;
}

}  // namespace

void Running::play(const StreamWires &input_wires, const StreamWires &output_wires,
                   const rust::Vec<StreamWires> &report_wires, Cycles &run, rust::Slice<std::uint64_t> pins) {
    const StreamPorts input(*model_, input_wires), output(*model_, output_wires);
    std::vector<StreamPorts> all_reports;
    for (const StreamWires &wires : report_wires) {
        all_reports.emplace_back(*model_, wires);
    }
    check(run, input, output, all_reports);
    const StreamPorts *const reports = all_reports.empty() ? nullptr : &all_reports.front();
    model_->enter();
    drive(pins.data());
    std::uint64_t *in = run.input.data(), *out = run.output.data(), *reported = run.reports.data();
    const std::uint64_t *next = run.beats.data() + run.accepted * input.words;
    const std::uint64_t *const end = run.beats.data() + run.beats.size();

    for (std::size_t cycle = 0; cycle < run.cycles; ++cycle) {
        if (!run.offered) {
            run.offered = next != end && !bit(run.idle, cycle);
            input.valid.set(run.offered);
            input.put(run.offered ? next : run.junk.data());
        }
        const bool stalled = bit(run.stall, cycle);
        output.ready.set(!stalled);
        if (reports) {
            reports->ready.set(!bit(run.report_stall, cycle));
        }
        model_->eval();

        const std::uint64_t number = run.first_cycle + cycle;
        if (run.offered) {
            const bool ready = input.ready.bit();
            in = input.copy(next, in, ready, number);
            if (ready) {
                next += input.words;
                run.offered = false;
            }
        }
        if (output.valid.bit()) {
            out = output.take(out, !stalled, number);
        }
        if (reports && reports->valid.bit()) {
            reported = reports->take(reported, !bit(run.report_stall, cycle), number);
        }
        if (cycle + 1 == run.cycles) {
            sample(pins.data(), true);
        }
        model_->tick(1);
    }
    run.accepted = static_cast<std::size_t>(next - run.beats.data()) / input.words;
    run.input_records = static_cast<std::size_t>(in - run.input.data()) / input.words;
    run.output_records = static_cast<std::size_t>(out - run.output.data()) / output.words;
    run.report_records = reports ? static_cast<std::size_t>(reported - run.reports.data()) / reports->words : 0;
}

}  // namespace seqnic
