"""The two benches in cocotb. Both play frames back to back into a sink that never pauses, and compare every frame.

The rows hold times, so the frames that are expected belong to one run: the first beat is offered in the first cycle
after reset. Both benches make exactly this run.
"""

import json
import os
import time
from collections.abc import Awaitable, Iterator
from itertools import islice
from pathlib import Path

import cocotb
from cocotb.clock import Clock
from cocotb.triggers import ClockCycles, RisingEdge
from cocotb.utils import get_sim_time
from cocotbext.axi import AxiStreamBus, AxiStreamSink, AxiStreamSource

import capture

FOLDER = Path(os.environ["COMPARE_FOLDER"])
PACKETS = int(os.environ["COMPARE_PACKETS"])
PERIOD_NS = 4


def traffic() -> tuple[list[bytes], list[bytes]]:
    """The frames to play and the frames that must come out."""
    sent, expected = (list(islice(capture.frames(FOLDER / f"{name}.pcap"), PACKETS)) for name in ("sent", "expected"))
    assert len(sent) == len(expected) == PACKETS, f"there are no {PACKETS} frames"
    return sent, expected


def check(number: int, actual: bytes | bytearray, expected: bytes) -> None:
    """Compares a frame that came out with the model's."""
    assert actual == expected, f"frame {number} is {actual.hex()}, the model has {expected.hex()}"


async def start(dut) -> None:
    """Starts the clock and passes some cycles in reset, with both streams idle."""
    dut.axis_resetn.value = 0
    dut.s_axis_tvalid.value = 0
    dut.m_axis_tready.value = 0
    Clock(dut.axis_aclk, PERIOD_NS, "ns").start()
    await ClockCycles(dut.axis_aclk, 4)


async def measure(run: Awaitable[None]) -> None:
    """Takes the time of a run and writes what `run.py` reads."""
    from_ns, started = get_sim_time("ns"), time.perf_counter()
    await run
    seconds = time.perf_counter() - started
    cycles = (get_sim_time("ns") - from_ns) / PERIOD_NS
    measured = {"packets": PACKETS, "cycles": cycles, "seconds": seconds}
    (FOLDER / "measured.json").write_text(json.dumps(measured))


@cocotb.test()
async def stock(dut) -> None:
    """AxiStreamSource and AxiStreamSink of cocotbext-axi as they are."""
    sent, expected = traffic()
    source = AxiStreamSource(AxiStreamBus.from_prefix(dut, "s_axis"), dut.axis_aclk)
    sink = AxiStreamSink(AxiStreamBus.from_prefix(dut, "m_axis"), dut.axis_aclk)
    await start(dut)

    async def run() -> None:
        for frame in sent:
            source.send_nowait(frame)
        # The source begins at the next edge.
        await RisingEdge(dut.axis_aclk)
        dut.axis_resetn.value = 1
        for number, frame in enumerate(expected):
            check(number, (await sink.recv()).tdata, frame)

    await measure(run())


def beats(frames: list[bytes], bus_bytes: int) -> Iterator[tuple[int, int, bool]]:
    """`tdata`, `tkeep` and `tlast` of every beat."""
    for frame in frames:
        for offset in range(0, len(frame), bus_bytes):
            data = frame[offset : offset + bus_bytes]
            yield int.from_bytes(data, "little"), (1 << len(data)) - 1, offset + bus_bytes >= len(frame)


async def drive(dut, frames: list[bytes]) -> None:
    """Offers beat after beat. Writes `tdata` once a beat, and the others when they change."""
    edge, ready = RisingEdge(dut.axis_aclk), dut.s_axis_tready
    data, keep, last = dut.s_axis_tdata, dut.s_axis_tkeep, dut.s_axis_tlast
    keep_now, last_now = None, None
    dut.s_axis_tvalid.value = 1
    for data_next, keep_next, last_next in beats(frames, len(keep)):
        data.value = data_next
        if keep_next != keep_now:
            keep.value = keep_now = keep_next
        if last_next != last_now:
            last.value = last_now = last_next
        await edge
        while not ready.value:
            await edge
    dut.s_axis_tvalid.value = 0


async def collect(dut, frames: list[bytes]) -> None:
    """Takes beat after beat and compares the frames. Reads `tdata` once a beat, and `tkeep` once a frame."""
    edge, valid = RisingEdge(dut.axis_aclk), dut.m_axis_tvalid
    data, keep, last = dut.m_axis_tdata, dut.m_axis_tkeep, dut.m_axis_tlast
    bus_bytes = len(keep)
    frame, number = bytearray(), 0
    dut.m_axis_tready.value = 1
    while number < len(frames):
        await edge
        if not valid.value:
            continue
        frame += data.value.to_bytes(byteorder="little")
        if last.value:
            unused = bus_bytes - keep.value.to_unsigned().bit_count()
            check(number, frame[: len(frame) - unused], frames[number])
            frame.clear()
            number += 1


@cocotb.test()
async def hand_written(dut) -> None:
    """A bench for this one design, by someone who knows what reading and writing a signal costs."""
    sent, expected = traffic()
    await start(dut)

    async def run() -> None:
        dut.axis_resetn.value = 1
        source = cocotb.start_soon(drive(dut, sent))
        await collect(dut, expected)
        await source

    await measure(run())
