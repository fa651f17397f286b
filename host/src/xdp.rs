//! XDP programs: for the rows of known programs, and the forwarder for none.

use seqnic_spec::{Config, RowOrder, SectionKind, Source, Steering};

use crate::File;

/// The state machines in C, by the names of their rows.
const PROGRAMS: [(&str, &str); 5] = [
    (
        "ddos-mitigator",
        include_str!("../templates/programs/ddos-mitigator.h"),
    ),
    (
        "heavy-hitter",
        include_str!("../templates/programs/heavy-hitter.h"),
    ),
    (
        "token-bucket",
        include_str!("../templates/programs/token-bucket.h"),
    ),
    (
        "port-knocking",
        include_str!("../templates/programs/port-knocking.h"),
    ),
    (
        "connection-tracker",
        include_str!("../templates/programs/connection-tracker.h"),
    ),
];
const FORWARDER: &str = "none";

/// What is in front of a frame and behind it in the page that XDP wants it to lie in.
const PAGE_BYTES: usize = 4096;
const HEADROOM_BYTES: usize = 256;
const TAILROOM_BYTES: usize = 320;
/// Room for the packet itself, at the least.
const PACKET_BYTES: usize = 256;

/// The files of the XDP program, with `generator` as the name of what made them, or why there is none.
pub fn files(config: &Config, generator: &str) -> Result<Vec<File>, String> {
    let row = config.row().name();
    let machine = PROGRAMS.iter().find(|(program, _)| *program == row);
    if machine.is_none() && row != FORWARDER {
        let programs: Vec<&str> = PROGRAMS.iter().map(|(program, _)| *program).collect();
        return Err(format!(
            "there is none for history.row = \"{row}\", only for {} and {FORWARDER}",
            programs.join(", ")
        ));
    }
    check_prefix(config)?;
    let name = config.name();
    let fill = Template::new(config, generator);
    let file = |name: String, template: &str| File {
        name,
        text: fill.text(template),
    };
    let program = machine.map(|(_, text)| file(format!("{name}_program.h"), text));
    let main = match machine {
        Some(_) => include_str!("../templates/xdp.c"),
        None => include_str!("../templates/forwarder.c"),
    };
    Ok(program
        .into_iter()
        .chain([
            file(format!("{name}_xdp.c"), main),
            file("Makefile".into(), include_str!("../templates/Makefile")),
            file("README.md".into(), include_str!("../templates/README.md")),
        ])
        .collect())
}

/// Whether a program finds in the prefix what it needs.
fn check_prefix(config: &Config) -> Result<(), String> {
    let most = PAGE_BYTES - HEADROOM_BYTES - TAILROOM_BYTES - PACKET_BYTES;
    let bytes = config.prefix_bytes();
    if bytes > most {
        return Err(format!(
            "the prefix has {bytes} bytes, and with more than {most} no packet of {PACKET_BYTES} bytes fits into the page \
             that XDP wants a frame to lie in; use fewer rows or a narrower one"
        ));
    }
    let has = |wanted: fn(&SectionKind) -> bool| {
        let mut sections = config.prefix().sections().iter();
        sections.any(|section| wanted(&section.kind))
    };
    let has_pointer = has(|kind| matches!(kind, SectionKind::IndexPointer { .. }));
    if config.prefix().row_order() == Some(RowOrder::Array) && !has_pointer {
        return Err(
            "nothing in the prefix says which row is the oldest; add a section of kind \"index-pointer\"".into(),
        );
    }
    let mut fields = config.row().fields().iter();
    let needed = fields.find(|field| field.source == Source::Timestamp);
    let found = config.prefix().sections().iter().find_map(|section| {
        matches!(section.kind, SectionKind::Timestamp { .. }).then_some(section.bytes)
    });
    match needed {
        Some(field) if found.unwrap_or(0) < field.bytes => Err(format!(
            "the rows hold the time, and the prefix does not say that of the packet itself; set \
             prefix.timestamp_bytes = {}",
            field.bytes
        )),
        _ => Ok(()),
    }
}

/// What the templates have in common.
struct Template {
    values: Vec<(&'static str, String)>,
}

impl Template {
    fn new(config: &Config, generator: &str) -> Self {
        let name = config.name();
        let (program, has_state) = match config.row().name() {
            FORWARDER => ("plain forwarder".to_owned(), false),
            program => (program.replace('-', " "), true),
        };
        let mut sources = format!("{name}_xdp.c {name}_host.h");
        let mut program_line = String::new();
        if has_state {
            sources += &format!(" {name}_program.h");
            program_line = format!(
                "- `{name}_program.h`: the state machine: key, state, transition, verdict.\n"
            );
        }
        let values = vec![
            ("PROGRESS", progress(config)),
            ("COUNT", count(config)),
            (
                "REPLICAS",
                replicas(config, |core| {
                    format!("struct replica replica_{core} SEC(\".maps\");\n")
                }),
            ),
            (
                "REPLICA_VALUES",
                replicas(config, |core| format!("        &replica_{core},\n")),
            ),
            ("CORE", core(config)),
            ("EXTRACT", extract(config)),
            ("SOURCES", sources),
            ("PROGRAM", program),
            ("PROGRAM_LINE", program_line),
            ("XDP_LINE", xdp_line(has_state)),
            ("STEERING", steering(config)),
            ("NOTES", notes(config, has_state)),
            ("GENERATOR", generator.to_owned()),
            ("CORES", config.cores().to_string()),
            ("ROWS", config.rows().to_string()),
            ("NAME", name.to_uppercase()),
            ("name", name.to_owned()),
        ];
        Self { values }
    }

    fn text(&self, template: &str) -> String {
        let values = self.values.iter();
        values.fold(template.to_owned(), |text, (name, value)| {
            text.replace(&format!("@{name}@"), value)
        })
    }
}

/// Something for each core.
fn replicas(config: &Config, of_core: impl Fn(usize) -> String) -> String {
    (0..config.cores()).map(of_core).collect()
}

/// The width of the sequence number in the prefix.
fn sequence_bytes(config: &Config) -> Option<usize> {
    let mut sections = config.prefix().sections().iter();
    sections.find_map(|section| match section.kind {
        SectionKind::SequenceNumber { bytes, .. } => Some(bytes),
        _ => None,
    })
}

/// The map that holds how far each replica is, when packets have numbers.
fn progress(config: &Config) -> String {
    match sequence_bytes(config) {
        None => String::new(),
        Some(_) => include_str!("../templates/progress.c").to_owned(),
    }
}

/// How many rows a replica has missed, when packets have numbers.
fn count(config: &Config) -> String {
    let Some(bytes) = sequence_bytes(config) else {
        return String::new();
    };
    let mask = u64::MAX >> (64 - 8 * bytes);
    include_str!("../templates/count.c").replace("@MASK@", &format!("{mask:#x}"))
}

/// The core that a frame is for.
fn core(config: &Config) -> String {
    match config.steering() {
        Steering::SourceMac | Steering::Vlan { .. } => format!("{}_core(prefix)", config.name()),
        Steering::Tdest | Steering::Tuser { .. } => "bpf_get_smp_processor_id()".into(),
    }
}

/// What the row of a packet follows from beside its bytes.
fn extract(config: &Config) -> String {
    let mut arguments = String::new();
    if config.row().uses_frame_length() {
        arguments += ", (__u32)(end - packet)";
    }
    if config.row().uses_timestamp() {
        arguments += &format!(", {}_timestamp(prefix)", config.name());
    }
    arguments
}

fn xdp_line(has_state: bool) -> String {
    match has_state {
        true => "the walk over the rows in front of a packet, then the packet, with a replica of the state for each core.",
        false => "sends every frame back.",
    }
    .to_owned()
}

/// The commands that bring the frames of a core to its queue.
fn steering(config: &Config) -> String {
    let cores = config.cores();
    let ethernet = config
        .prefix()
        .sections()
        .iter()
        .find_map(|section| match section.kind {
            SectionKind::Ethernet { source_base, .. } => Some(source_base),
            _ => None,
        });
    match (config.steering(), ethernet) {
        (Steering::SourceMac, Some(base)) => replicas(config, |core| {
            let address = base.checked_add(core as u64).unwrap_or(base);
            format!("ethtool -U PORT flow-type ether src {address} action {core}\n")
        }),
        (Steering::Vlan(tag), _) => format!(
            "for core in $(seq 0 {}); do\n    ethtool -U PORT flow-type ether vlan $(({} + {} * core)) action $core\ndone\n",
            cores - 1,
            tag.first_vid,
            tag.vid_step
        ),
        _ => "# The core is beside the data of the stream: what receives it must choose the queue.\n".into(),
    }
    .trim_end()
    .to_owned()
}

/// What else there is to know.
fn notes(config: &Config, has_state: bool) -> String {
    let mut notes = String::new();
    if !has_state {
        return notes;
    }
    notes += "\nThe parameters of the program and the most states of a replica are macros: `make CLANG='clang \
              -DMOST_STATES=1000000'`. Frames whose replica is full are dropped as aborted; states are never removed.\n";
    notes += &match sequence_bytes(config) {
        Some(_) => "\nPackets have numbers: the map `progress` counts the packets whose rows a replica never saw. They are not \
                    recovered.\n"
            .to_owned(),
        None => format!(
            "\nPackets have no numbers, so a replica goes by the number of cores, and a lost frame is not noticed. With \
             `prefix.sequence_bytes = 4` it is. The rows are those of {} cores: when cores are taken out while packets \
             flow, numbers are needed.\n",
            config.cores()
        ),
    };
    notes
}
