//! Names that go into generated Verilog.

use crate::error::SpecError;

/// The longest name; tools add prefixes and suffixes of their own.
const LONGEST: usize = 48;

/// Words that IEEE 1364-2005 and IEEE 1800-2017 reserve; a Verilog file may be read as either.
const RESERVED: &str = "
    accept_on alias always always_comb always_ff always_latch and assert assign assume automatic
    before begin bind bins binsof bit break buf bufif0 bufif1 byte case casex casez cell chandle
    checker class clocking cmos config const constraint context continue cover covergroup
    coverpoint cross deassign default defparam design disable dist do edge else end endcase
    endchecker endclass endclocking endconfig endfunction endgenerate endgroup endinterface
    endmodule endpackage endprimitive endprogram endproperty endspecify endsequence endtable
    endtask enum event eventually expect export extends extern final first_match for force
    foreach forever fork forkjoin function generate genvar global highz0 highz1 if iff ifnone
    ignore_bins illegal_bins implements implies import incdir include initial inout input inside
    instance int integer interconnect interface intersect join join_any join_none large let
    liblist library local localparam logic longint macromodule matches medium modport module nand
    negedge nettype new nexttime nmos nor noshowcancelled not notif0 notif1 null or output package
    packed parameter pmos posedge primitive priority program property protected pull0 pull1
    pulldown pullup pulsestyle_ondetect pulsestyle_onevent pure rand randc randcase randsequence
    rcmos real realtime ref reg reject_on release repeat restrict return rnmos rpmos rtran
    rtranif0 rtranif1 s_always s_eventually s_nexttime s_until s_until_with scalared sequence
    shortint shortreal showcancelled signed small soft solve specify specparam static string
    strong strong0 strong1 struct super supply0 supply1 sync_accept_on sync_reject_on table tagged
    task this throughout time timeprecision timeunit tran tranif0 tranif1 tri tri0 tri1 triand
    trior trireg type typedef union unique unique0 unsigned until until_with untyped use uwire var
    vectored virtual void wait wait_order wand weak weak0 weak1 while wildcard wire with within wor
    xnor xor";

/// A name that can stand in Verilog as it is.
pub(crate) fn identifier(key: &str, name: &str) -> Result<String, SpecError> {
    let refuse =
        |limit: String, fix: String| Err(SpecError::refused(key, format!("{name:?}"), limit, fix));
    let plain = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '_';
    if !name.starts_with(|c: char| c.is_ascii_lowercase()) || !name.chars().all(plain) {
        return refuse(
            "must be a lower-case letter, then lower-case letters, digits and underscores".into(),
            format!("use {:?}", plain_form(name)),
        );
    }
    if name.len() > LONGEST {
        return refuse(
            format!(
                "has {} characters, at most {LONGEST} are allowed",
                name.len()
            ),
            "shorten it".into(),
        );
    }
    if RESERVED.split_whitespace().any(|word| word == name) {
        return refuse(
            "is a reserved word of Verilog".into(),
            format!("use \"{name}_0\""),
        );
    }
    Ok(name.to_owned())
}

/// The nearest plain name: what is not allowed becomes an underscore.
pub(crate) fn plain_form(name: &str) -> String {
    let words: Vec<String> = name
        .split(|c: char| !c.is_ascii_alphanumeric())
        .filter(|word| !word.is_empty())
        .map(str::to_ascii_lowercase)
        .collect();
    let joined = words.join("_");
    if joined.starts_with(|c: char| c.is_ascii_lowercase()) {
        joined
    } else {
        format!("x{joined}")
    }
}
