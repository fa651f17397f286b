"""Builds the sequencer with Verilator for cocotb, and runs the benches in turns.

`cargo xtask compare-cocotb` starts it. Prints the rates of the best run of each bench.
"""

import argparse
import json
import os
import sys
from pathlib import Path

from cocotb_tools.check_results import get_results
from cocotb_tools.runner import Runner, get_runner

ROUNDS = 3

# As our own models are built; the runner adds what cocotb needs: --vpi and --public-flat-rw.
VERILATOR_FLAGS = ["-O3", "--x-assign", "fast", "-Wno-fatal"]
# Besides -O2: Verilator's Python package does not know the compiler's flag for a precompiled header.
MAKE_FLAGS = "OPT_FAST=-O2 OPT_SLOW=-O2 OPT_GLOBAL=-O2 CFG_CXXFLAGS_PCH_I=-include"


def arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("folder", type=Path, help="with rtl/, sent.pcap and expected.pcap; builds are made there too")
    parser.add_argument("verilator", type=Path, help="the program, inside its Python package")
    parser.add_argument("benches", nargs="+", metavar="BENCH=PACKETS", help="as in stock=400")
    return parser.parse_args()


def build(folder: Path, verilator: Path) -> tuple[Runner, str]:
    """The built sequencer and the name of its module."""
    # The runner takes the first Verilator of the path.
    os.environ["PATH"] = os.pathsep.join([str(verilator.parent), os.environ["PATH"]])
    os.environ["VERILATOR_ROOT"] = str(verilator.parents[1])
    os.environ["MAKEFLAGS"] = MAKE_FLAGS
    sources = sorted((folder / "rtl").glob("*.v"))
    top = next(source.stem for source in sources if source.stem.endswith("_sequencer"))
    runner = get_runner("verilator")
    runner.build(
        sources=sources,
        hdl_toplevel=top,
        build_args=VERILATOR_FLAGS,
        build_dir=folder / "build",
        timescale=("1ns", "1ps"),
        log_file=folder / "build.log",
    )
    return runner, top


def run(runner: Runner, top: str, folder: Path, bench: str, packets: str) -> dict[str, float]:
    """What a bench measures; the program ends when the bench fails."""
    log = folder / f"{bench}.log"
    results = runner.test(
        test_module="benches",
        testcase=bench,
        hdl_toplevel=top,
        test_dir=folder,
        results_xml=str(folder / f"{bench}.xml"),
        log_file=log,
        extra_env={
            "COCOTB_LOG_LEVEL": "WARNING",
            "COMPARE_FOLDER": str(folder),
            "COMPARE_PACKETS": packets,
        },
    )
    if get_results(results) != (1, 0):
        sys.exit(f"{bench} failed, see {log}")
    return json.loads((folder / "measured.json").read_text())


def main() -> None:
    given = arguments()
    folder = given.folder.resolve()
    runner, top = build(folder, given.verilator.resolve())
    benches = dict(bench.split("=") for bench in given.benches)
    runs: dict[str, list[dict[str, float]]] = {bench: [] for bench in benches}
    for _ in range(ROUNDS):
        for bench, packets in benches.items():
            runs[bench].append(run(runner, top, folder, bench, packets))
    for bench, made in runs.items():
        # What else the machine does makes a run slower, never faster.
        best = min(made, key=lambda run: run["seconds"])
        packets, cycles = best["packets"] / best["seconds"], best["cycles"] / best["seconds"]
        print(f"{bench:30} {packets:9.1f} packets/s {cycles:10.0f} cycles/s")


if __name__ == "__main__":
    main()
