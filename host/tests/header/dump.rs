//! A C program that says all that the headers know of frames, and the same said by the models.

use std::fmt::Write;

use seqnic_sim::model::{RowExtractor, Sequencer, Sprayed};
use seqnic_sim::traffic::Packet;
use seqnic_spec::{ByteOrder, Config, Field, RowOrder, SectionKind, Steering};

/// The widest number that has a type.
const NUMBER_BYTES: usize = 8;

/// A frame as the C program reads it, and what it must say of it.
pub struct Question {
    pub frame: Vec<u8>,
    pub timestamp: u64,
    pub answer: String,
}

/// Which numbers a prefix has, by the names of their functions.
fn numbers(config: &Config) -> Vec<(&'static str, SectionKind)> {
    let kinds = config
        .prefix()
        .sections()
        .iter()
        .map(|section| section.kind);
    let named = kinds.filter_map(|kind| {
        let name = match kind {
            SectionKind::SequenceNumber { .. } => "sequence_number",
            SectionKind::Timestamp { .. } => "timestamp",
            SectionKind::IndexPointer { .. } => "index_pointer",
            _ => return None,
        };
        Some((name, kind))
    });
    named.collect()
}

fn knows_core(config: &Config) -> bool {
    let mut sections = config.prefix().sections().iter();
    let has_ethernet = sections.any(|section| matches!(section.kind, SectionKind::Ethernet { .. }));
    let by_ethernet = matches!(
        config.steering(),
        Steering::SourceMac | Steering::Vlan { .. }
    );
    has_ethernet && by_ethernet
}

fn can_walk(config: &Config) -> bool {
    match config.prefix().row_order() {
        None => false,
        Some(RowOrder::OldestFirst) => true,
        Some(RowOrder::Array) => numbers(config)
            .iter()
            .any(|&(name, _)| name == "index_pointer"),
    }
}

/// The C function that prints all of a frame.
pub fn function(config: &Config) -> String {
    let (name, upper) = (config.name(), config.name().to_uppercase());
    let row_type = format!("struct {name}_row");
    let mut text = String::new();
    if config.rows() > 0 {
        writeln!(text, "static void row_{name}(const {row_type} *row)\n{{").unwrap();
        for Field {
            name: field, bytes, ..
        } in config.row().fields()
        {
            let function = format!("{name}_row_{field}");
            match *bytes > NUMBER_BYTES {
                true => writeln!(
                    text,
                    "    {{ unsigned char value[{bytes}]; {function}(row, value); printf(\" \"); hex(value, {bytes}); }}"
                ),
                false => writeln!(
                    text,
                    "    printf(\" %0{}llx\", (unsigned long long){function}(row));",
                    2 * bytes
                ),
            }
            .unwrap();
        }
        writeln!(text, "    printf(\" %d\\n\", {name}_is_empty(row));\n}}\n").unwrap();
    }
    writeln!(
        text,
        "static void dump_{name}(const unsigned char *frame, const unsigned char *end, unsigned long long timestamp)\n{{"
    )
    .unwrap();
    text += "    (void)end;\n    (void)timestamp;\n";
    if config.prefix_bytes() > 0 {
        let prefix = format!("(const struct {name}_prefix *)(const void *)frame");
        for (function, _) in numbers(config) {
            writeln!(
                text,
                "    printf(\"{function} %llx\\n\", (unsigned long long){name}_{function}({prefix}));"
            )
            .unwrap();
        }
        if knows_core(config) {
            writeln!(text, "    printf(\"core %x\\n\", {name}_core({prefix}));").unwrap();
        }
        if can_walk(config) {
            writeln!(
                text,
                "    for (unsigned int age = 0; age < {upper}_ROWS; age++) {{ printf(\"age %x\", age); \
                 row_{name}({name}_history({prefix}, age)); }}"
            )
            .unwrap();
            writeln!(
                text,
                "    printf(\"beyond %d\\n\", {name}_history({prefix}, {upper}_ROWS) != 0);"
            )
            .unwrap();
        }
    }
    writeln!(
        text,
        "    printf(\"packet \"); hex((const unsigned char *){name}_pkt_start(frame), 4); printf(\"\\n\");"
    )
    .unwrap();
    if config.rows() > 0 {
        let mut arguments = format!("&row, {name}_pkt_start(frame), end");
        if config.row().uses_frame_length() {
            write!(
                arguments,
                ", (unsigned int)(end - frame) - {upper}_PREFIX_BYTES"
            )
            .unwrap();
        }
        if config.row().uses_timestamp() {
            arguments += ", timestamp";
        }
        writeln!(
            text,
            "    {row_type} row; printf(\"own %d\", {name}_extract({arguments})); row_{name}(&row);"
        )
        .unwrap();
    }
    text + "}\n\n"
}

/// The whole program: it reads frames as number of configuration, bytes and time, each of 8 bytes, then the bytes.
pub fn program(configs: &[Config]) -> String {
    let mut text = String::from("#include <stdio.h>\n#include <stdlib.h>\n");
    for config in configs {
        writeln!(text, "#include \"{}_host.h\"", config.name()).unwrap();
    }
    text += "
static void hex(const unsigned char *bytes, unsigned int count)
{
    for (unsigned int i = 0; i < count; i++)
        printf(\"%02x\", bytes[i]);
}

";
    text.extend(configs.iter().map(function));
    text += "int main(void)
{
    unsigned long long head[3];

    while (fread(head, sizeof(head), 1, stdin) == 1) {
        unsigned char *frame = (unsigned char *)malloc(head[1] + 1);

        if (frame == NULL || fread(frame, 1, head[1], stdin) != head[1])
            return 1;
        switch (head[0]) {
";
    for (number, config) in configs.iter().enumerate() {
        writeln!(
            text,
            "        case {number}: dump_{}(frame, frame + head[1], head[2]); break;",
            config.name()
        )
        .unwrap();
    }
    text + "        default: return 1;
        }
        free(frame);
    }
    return 0;
}
"
}

/// The number in the bytes of a field, as many digits as it has bytes, the most significant first.
fn digits(bytes: &[u8], order: ByteOrder) -> String {
    let mut bytes = bytes.to_vec();
    if order == ByteOrder::Little {
        bytes.reverse();
    }
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

fn row_line(config: &Config, row: &[u8]) -> String {
    let mut text = String::new();
    for (index, field) in config.row().fields().iter().enumerate() {
        let bytes = &row[config.row().offset_of(index)..][..field.bytes];
        write!(text, " {}", digits(bytes, field.order)).unwrap();
    }
    let is_empty = row.iter().all(|&byte| byte == 0);
    writeln!(text, " {}", i32::from(is_empty)).unwrap();
    text
}

/// Sends packets through the model, and gives the frames of the last `asked` with what must be said of them.
pub fn questions(config: &Config, packets: &[Packet], asked: usize) -> Vec<Question> {
    let mut model = Sequencer::new(config);
    let extractor = RowExtractor::new(config.row());
    // The rows of all packets, oldest first, behind as many zeros as there are rows.
    let mut rows = vec![vec![0; config.row().bytes()]; config.rows()];
    let mut questions = Vec::new();
    for (number, packet) in packets.iter().enumerate() {
        let mut frame = Vec::new();
        let sprayed = model.process(&packet.data, packet.timestamp_ns, &mut frame);
        let mut own = vec![0; config.row().bytes()];
        let matched = extractor.fill(&packet.data, packet.timestamp_ns, &mut own);
        if number + asked >= packets.len() {
            questions.push(Question {
                answer: answer(
                    config,
                    &sprayed,
                    packet,
                    &rows[number..][..config.rows()],
                    (&own, matched),
                ),
                frame,
                timestamp: packet.timestamp_ns,
            });
        }
        rows.push(own);
    }
    questions
}

fn answer(
    config: &Config,
    sprayed: &Sprayed,
    packet: &Packet,
    history: &[Vec<u8>],
    (own, matched): (&[u8], bool),
) -> String {
    let mut text = String::new();
    for (name, kind) in numbers(config) {
        let (value, bytes) = match kind {
            SectionKind::SequenceNumber { bytes, .. } => (sprayed.number, bytes),
            SectionKind::Timestamp { bytes, .. } => (packet.timestamp_ns, bytes),
            _ => ((sprayed.number - 1) % config.rows() as u64, NUMBER_BYTES),
        };
        let kept = value & (u64::MAX >> (64 - 8 * bytes));
        writeln!(text, "{name} {kept:x}").unwrap();
    }
    if knows_core(config) {
        writeln!(text, "core {:x}", sprayed.core).unwrap();
    }
    if can_walk(config) {
        for (age, row) in history.iter().enumerate() {
            write!(text, "age {age:x}{}", row_line(config, row)).unwrap();
        }
        text += "beyond 0\n";
    }
    writeln!(text, "packet {}", digits(&packet.data[..4], ByteOrder::Big)).unwrap();
    if config.rows() > 0 {
        write!(text, "own {}{}", i32::from(matched), row_line(config, own)).unwrap();
    }
    text
}
