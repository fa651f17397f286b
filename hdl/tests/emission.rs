//! The text of emitted Verilog.

use std::sync::Arc;

use seqnic_hdl::rtl::{
    Design, MemorySpec, MemoryStyle, Module, Reset, RtlError, VerilogFile, concat, emit, when,
};
use seqnic_hdl::tops;
use seqnic_spec::Config;

/// A parent with one of everything that is emitted.
fn specimen() -> Result<Arc<Design>, RtlError> {
    let mut child = Module::new("inverter", "Inverts.");
    let a = child.input("a", 4);
    child.output_of("y", !a);
    let child = child.build()?;

    let mut m = Module::new("specimen", "One of everything.\n\n    figure ---> here");
    let (a, b, select) = (m.input("a", 4), m.input("b", 4), m.input("select", 2));
    let sum = m.wire("sum", &a + &b);
    let table = m.select("table_out", &select, vec![a.clone(), b.clone()], &sum);
    let held = m.register("held", 4, Reset::To(9));
    m.next_when(
        &held,
        select.any(),
        when(a.less_than(&b), &a).otherwise(&table),
    );
    let plain = m.delayed("plain", Reset::None, &held);

    let masked = MemorySpec {
        style: MemoryStyle::Distributed,
        depth_words: 4,
        width_bits: 8,
        lane_bits: 4,
    };
    let memory = m.memory("store", masked);
    m.write(
        memory,
        a.is(3),
        &select,
        &concat([a.clone(), b.clone()]),
        Some(select.clone()),
    );
    let word = m.read(memory, "word", &select);

    let direct = m.instance("direct", &child);
    m.connect(direct, "a", &plain);
    let computed = m.instance("computed", &child);
    m.connect(computed, "a", word.slice(4, 4) ^ &a);
    let ends = [m.output_from(direct, "y"), m.output_from(computed, "y")];
    m.output_of("y", concat(ends));
    m.build()
}

fn text_of(files: &[VerilogFile]) -> String {
    files
        .iter()
        .map(|file| format!("==> {}\n{}", file.name, file.text))
        .collect()
}

#[test]
fn every_construct_reads_as_plain_verilog() {
    let files = emit(
        &specimen().expect("the specimen is sound"),
        "made by a test",
    );
    insta::assert_snapshot!(text_of(&files));
}

#[test]
fn the_same_configuration_gives_the_same_bytes() {
    let config = Config::from_toml_str("history.row = \"heavy-hitter\"", "test").expect("valid");
    let emitted = || text_of(&tops::verilog(&config).expect("the design is sound"));
    assert_eq!(emitted(), emitted());
}

#[test]
fn every_file_starts_with_the_configuration_that_made_it() {
    let config = Config::from_toml_str("name = \"nic\"\nhistory.rows = 5\nspray.cores = 4", "test");
    let config = config.expect("valid");
    for file in tops::verilog(&config).expect("the design is sound") {
        let head: String = file
            .text
            .lines()
            .map_while(|line| line.strip_prefix("//"))
            .fold(String::new(), |head, line| {
                head + line.strip_prefix(' ').unwrap_or(line) + "\n"
            });
        assert!(head.contains(&config.to_toml()), "{}:\n{head}", file.name);
    }
}

#[test]
fn one_file_holds_one_module_of_its_name_and_children_come_first() {
    let config = Config::from_toml_str("", "test").expect("valid");
    let files = tops::verilog(&config).expect("the design is sound");
    let mut known: Vec<&str> = Vec::new();
    for file in &files {
        let modules: Vec<_> = file
            .text
            .lines()
            .filter(|line| line.starts_with("module "))
            .collect();
        let name = file.name.strip_suffix(".v").expect("files are called *.v");
        assert_eq!(modules, [format!("module {name}(")]);
        for used in files
            .iter()
            .filter_map(|other| other.name.strip_suffix(".v"))
        {
            let instantiated = file
                .text
                .lines()
                .any(|line| line.trim().starts_with(&format!("{used} ")));
            assert!(
                !instantiated || known.contains(&used),
                "{name} uses {used} before it"
            );
        }
        known.push(name);
    }
    assert!(known.contains(&"seqnic_sequencer") && known.contains(&"seqnic_stripper"));
}

#[test]
fn the_top_has_flat_axi4_stream_ports() {
    let config = Config::from_toml_str(
        "bus = { data_bits = 256, tuser_bits = 48 }\nspray.steering = \"tdest\"\ntimestamp.source = \"port\"",
        "test",
    )
    .expect("valid");
    let top = tops::sequencer(&config).expect("the design is sound");
    let ports: Vec<_> = top
        .ports()
        .map(|port| format!("{:?} {} {}", port.direction, port.name, port.width))
        .collect();
    assert_eq!(
        ports,
        [
            "Input s_axis_tdata 256",
            "Input s_axis_tkeep 32",
            "Input s_axis_tuser 48",
            "Input s_axis_tvalid 1",
            "Input s_axis_tlast 1",
            "Output s_axis_tready 1",
            "Input m_axis_tready 1",
            "Input timestamp 64",
            "Output m_axis_tdata 256",
            "Output m_axis_tkeep 32",
            "Output m_axis_tuser 48",
            "Output m_axis_tdest 4",
            "Output m_axis_tvalid 1",
            "Output m_axis_tlast 1",
        ]
    );
}
