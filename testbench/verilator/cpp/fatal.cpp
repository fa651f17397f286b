// What Verilator's runtime does when it gives up: an exception instead of the end of the program.
#include <stdexcept>
#include <string>

#include "verilated.h"

void vl_fatal(const char *file, int line, const char *scope, const char *message) {
    const auto text = [](const char *part) { return std::string(part ? part : ""); };
    throw std::runtime_error(text(file) + ":" + std::to_string(line) + ": " + text(scope) + ": " + text(message));
}
