//! From the clock of the registers' port to that of the registers, and back.

use std::sync::Arc;

use seqnic_spec::registers::WORD_BITS;

use super::axi_lite_slave::Access;
use crate::rtl::{ClockDomain, Design, Module, Reset, RtlError, concat};

const DOC: &str = "\
Register crossing: takes an access from the clock of the port to the clock of the registers, and its end back.

         s_axi_aclk                                    axis_aclk
    begins --------> [ request ] ---- toggles ---> [ 2 flip-flops ] ---> begins_out
    word, data, ... ------------------ stable ---> [ taken        ] ---> word_out, data_out, ...
    done <---------- [ 2 flip-flops ] <--- toggles --- [ answer ] <----- served
    read_data <----- [ taken        ] <--- stable ---------------------- data_served
    ready <--------- [ link ] ----> 2 flip-flops ---> [ heard ] ---> 2 flip-flops ---> [ link ]

A request toggles, and what belongs to it stands still until the answer toggles too. After a reset of the port's side the
request is 0, which may be a change: so the link is down then, and with the link down no change is a request. It comes up
when the other side has shown that it saw it down and has ended what it had begun; until then nothing new is ready to begin.
A request counts a cycle after it was seen, so that a change that came with a fall of the link never does.
Latency: with clocks of m and n ns, begins_out comes up to m + 4 n after begins, and done up to n + 2 m after served.
Throughput: one access at a time. Backpressure: ready.
Reset: each side by itself, in any cycle, for any time. Of the port: the access under way may still take place, once. Of the
registers: the access under way takes place behind it, unless it was served before. None is ever made of two, and each one
ends while both clocks run and the registers are not in reset. At the start both resets are held at once, for two cycles of
each clock; after that, two resets of the port are at least 12 cycles of the slower clock apart.
Storage: a word in each direction, 12 bits of word number and kind, 17 flip-flops.
Source: a two-phase handshake with bundled data; Ginosar, Metastability and Synchronizers: A Tutorial, 2011.";

/// A crossing. Of the port's clock: the inputs of an [`Access`], and for the slave `ready`, `done` and `read_data`. Of the
/// registers' clock: the outputs of the same access, with `_out`; the input `served`, which ends it, and
/// `data_served`, held from the cycle after that until the next read.
pub fn register_crossing(name: &str) -> Result<Arc<Design>, RtlError> {
    let mut m = Module::new(name, DOC);
    // What each side sees of the other.
    m.place_in(ClockDomain::Registers);
    let access = Access::declare(&mut m);
    let request = m.register("request", 1, Reset::To(0));
    let link = m.register("link", 1, Reset::To(0));
    m.place_in(ClockDomain::Datapath);
    let answer = m.register("answer", 1, Reset::None);
    let heard = m.register("heard", 1, Reset::None);
    let data_served = m.input("data_served", WORD_BITS);

    // The side of the registers.
    let served = m.input("served", 1);
    let link_here = m.synchronised("link_here", Reset::None, &link);
    let request_here = m.synchronised("request_here", Reset::None, &request);
    let busy = m.register("busy", 1, Reset::To(0));
    let is_idle = m.wire("is_idle", &link_here & &heard & !&busy);
    let waiting = &is_idle & (&request_here ^ &answer);
    let waiting = m.delayed("waiting", Reset::To(0), waiting);
    let begins = m.wire("begins_here", &is_idle & &waiting);
    m.next(&busy, &begins | (&busy & !&served));
    m.next(&heard, &link_here | (&heard & &busy));
    // While the link is down, the answer follows the request.
    m.next_when(&answer, busy.mux(&served, &!&link_here), &request_here);
    let bundle = concat(access.values()[1..].iter().map(|&value| value.clone()));
    let taken = m.bundled("taken", &begins, &bundle);
    let begun = m.delayed("begun", Reset::To(0), &begins);
    m.output_of("begins_out", begun);
    let mut first = 0;
    for (port, width) in &Access::PORTS[1..] {
        m.output_of(&format!("{port}_out"), taken.slice(first, *width));
        first += width;
    }

    // The side of the port.
    m.place_in(ClockDomain::Registers);
    // Until the reset has passed the flip-flops, the link counts as heard.
    let heard_here = m.synchronised("heard_here", Reset::To(1), &heard);
    let answer_here = m.synchronised("answer_here", Reset::None, &answer);
    m.next(&link, &link | !&heard_here);
    m.next(&request, &request ^ &access.begins);
    let is_answered = m.wire("is_answered", request.equals(&answer_here));
    let sent = m.register("sent", 1, Reset::To(0));
    let done = m.wire("ends", &sent & &is_answered);
    m.next(&sent, &access.begins | (&sent & !&done));
    let data_here = m.bundled("data_here", &done, &data_served);
    m.output_of("ready", &link & &heard_here & &is_answered);
    m.output_of("done", &done);
    m.output_of("read_data", &data_here);
    m.build()
}
