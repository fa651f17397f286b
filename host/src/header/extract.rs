//! The row of a packet in C: the same parsing as in the hardware, by `docs/packet-format.md`.

use seqnic_spec::{Config, Field, HeaderField, Layer, Requirements, Source};

use super::number::place;
use super::row::member;

/// The function that fills a row from a packet.
pub fn function(config: &Config) -> String {
    let (name, upper, row) = (config.name(), config.name().to_uppercase(), config.row());
    let mut parameters = format!("struct {name}_row *row, const void *packet, const void *end");
    let mut extra = String::new();
    if row.uses_frame_length() {
        parameters += ", unsigned int frame_bytes";
        extra +=
            "\n * `frame_bytes` is the length of the packet, without the frame check sequence.";
    }
    if row.uses_timestamp() {
        parameters += ",\n    unsigned long long timestamp";
        extra += "\n * `timestamp` is the sequencer's time of the packet.";
    }
    let parse = Parse::new(config);
    let (declarations, steps) = (parse.declarations(), parse.steps(name));
    let is_tag = match parse.ethertype() {
        true => is_tag(config),
        false => String::new(),
    };
    let fields: String = row.fields().iter().map(fill).collect();
    format!(
        "{is_tag}
/*
 * Fills `row` with what the sequencer will remember of the packet from `packet` to `end`, and gives 1. Gives 0 when the
 * packet lacks a header that the row requires; the row is then all zero.{extra}
 */
{upper}_INLINE int {name}_extract({parameters})
{{
{declarations}
    __builtin_memset(row, 0, sizeof(*row));
{steps}{fields}    return 1;
}}
"
    )
}

/// Whether a VLAN tag starts at an EtherType.
fn is_tag(config: &Config) -> String {
    let (name, upper) = (config.name(), config.name().to_uppercase());
    format!(
        "
/* Whether a whole VLAN tag starts at `type`, the EtherType behind it included. */
{upper}_INLINE int {name}_is_tag(const unsigned char *type, const unsigned char *last)
{{
    return ((type[0] == 0x81 && type[1] == 0x00) || (type[0] == 0x88 && type[1] == 0xa8)) && type + 6 <= last;
}}
"
    )
}

/// Which headers have to be found. All that is required must be there, so whatever lacks one of them ends the search.
struct Parse {
    requires: Requirements,
    reads_ethertype: bool,
}

impl Parse {
    fn new(config: &Config) -> Self {
        let ethertype = Source::Header(HeaderField::EthernetType);
        let mut fields = config.row().fields().iter();
        Self {
            requires: config.row().requires(),
            reads_ethertype: fields.any(|field| field.source == ethertype),
        }
    }

    fn transport(&self) -> bool {
        self.requires.tcp || self.requires.udp || self.requires.ports
    }

    fn network(&self) -> bool {
        self.requires.ipv4 || self.requires.ipv6 || self.transport()
    }

    fn ethertype(&self) -> bool {
        self.requires.vlan || self.requires.inner_vlan || self.network() || self.reads_ethertype
    }

    fn ethernet(&self) -> bool {
        self.requires.layers().next().is_some()
    }

    fn declarations(&self) -> String {
        if !self.ethernet() {
            return "    (void)packet;\n    (void)end;\n".to_owned();
        }
        let mut text = String::from(
            "    const unsigned char *ethernet = (const unsigned char *)packet;
    const unsigned char *last = (const unsigned char *)end;
",
        );
        if self.ethertype() {
            text += "    const unsigned char *type;\n";
        }
        if self.network() {
            text += "    const unsigned char *network;\n";
        }
        if self.network() && !self.requires.ipv6 {
            text += "    unsigned int header_bytes;\n";
        }
        if self.transport() {
            text += "    const unsigned char *transport;\n    unsigned int protocol;\n";
        }
        text
    }

    fn steps(&self, name: &str) -> String {
        let mut text = String::new();
        if self.ethernet() {
            text += "    if (ethernet + 14 > last)\n        return 0;\n";
        }
        if self.ethertype() {
            text += "    type = ethernet + 12;\n";
            let outer = self.requires.vlan || self.requires.inner_vlan;
            for required in [outer, self.requires.inner_vlan] {
                text += &match required {
                    true => format!(
                        "    if (!{name}_is_tag(type, last))\n        return 0;\n    type += 4;\n"
                    ),
                    false => format!("    if ({name}_is_tag(type, last))\n        type += 4;\n"),
                };
            }
        }
        if self.network() {
            text += "    network = type + 2;\n";
            text += &match (self.requires.ipv4, self.requires.ipv6) {
                (true, _) => self.ipv4(),
                (false, true) => self.ipv6(),
                (false, false) => format!(
                    "    if (type[0] == 0x08) {{\n{}    }} else {{\n{}    }}\n",
                    indented(&self.ipv4()),
                    indented(&self.ipv6()),
                ),
            };
        }
        if self.transport() {
            let tcp = "protocol == 6 && transport + 20 <= last";
            let udp = "protocol == 17 && transport + 8 <= last";
            let found = match (self.requires.tcp, self.requires.udp) {
                (true, _) => tcp.to_owned(),
                (false, true) => udp.to_owned(),
                (false, false) => format!("({tcp}) || ({udp})"),
            };
            text += &format!("    if (!({found}))\n        return 0;\n");
        }
        text
    }

    fn ipv4(&self) -> String {
        let mut text = String::from(
            "    if (type[0] != 0x08 || type[1] != 0x00 || network + 20 > last || network[0] >> 4 != 4)
        return 0;
    header_bytes = (network[0] & 0xfu) * 4;
    if (header_bytes < 20 || network + header_bytes > last)
        return 0;
",
        );
        if self.transport() {
            text += "    if ((network[6] & 0x1f) != 0 || network[7] != 0) /* a later fragment */
        return 0;
    transport = network + header_bytes;
    protocol = network[9];
";
        }
        text
    }

    fn ipv6(&self) -> String {
        let mut text = String::from(
            "    if (type[0] != 0x86 || type[1] != 0xdd || network + 40 > last || network[0] >> 4 != 6)
        return 0;
",
        );
        if self.transport() {
            text += "    transport = network + 40;\n    protocol = network[6];\n";
        }
        text
    }
}

fn indented(text: &str) -> String {
    text.lines().map(|line| format!("    {line}\n")).collect()
}

/// The statements that write a field, a byte each.
fn fill(field: &Field) -> String {
    let member = member(field);
    let mut bytes: Vec<(usize, String)> = (0..field.bytes)
        .filter_map(|power| {
            let place = place(power, field.bytes, field.order);
            byte(field.source, power).map(|byte| (place, byte))
        })
        .collect();
    bytes.sort_unstable();
    let statement = |(place, byte): &(usize, String)| match field.bytes {
        1 => format!("    row->{member} = {byte};\n"),
        _ => format!("    row->{member}[{place}] = {byte};\n"),
    };
    bytes.iter().map(statement).collect()
}

/// The byte of a value that stands for 256^`power`; none when it is always 0.
fn byte(source: Source, power: usize) -> Option<String> {
    if power >= source.bytes() {
        return None;
    }
    let shifted = |number: &str| match power {
        0 => format!("(unsigned char){number}"),
        _ => format!("(unsigned char)({number} >> {})", 8 * power),
    };
    Some(match source {
        Source::Header(field) => header_byte(field, power),
        Source::FrameLength => shifted("frame_bytes"),
        Source::Timestamp => shifted("timestamp"),
        Source::TcpFlags { mask, value } => {
            format!("(transport[13] & {mask:#04x}) == {value:#04x}")
        }
        Source::Constant(value) => format!("{:#04x}", value.to_le_bytes()[power]),
    })
}

/// The same of a field of a header.
fn header_byte(field: HeaderField, power: usize) -> String {
    let (array, start) = match field {
        HeaderField::EthernetType => ("type", 0),
        _ => match field.layer() {
            Layer::Ethernet => ("ethernet", 0),
            Layer::Vlan => ("ethernet", 12),
            Layer::InnerVlan => ("ethernet", 16),
            Layer::Ipv4 | Layer::Ipv6 => ("network", 0),
            Layer::Tcp | Layer::Udp | Layer::Ports => ("transport", 0),
        },
    };
    let first_bit = match field {
        HeaderField::EthernetType => 0,
        _ => 8 * start + field.bit_offset(),
    };
    // The byte ends so many bits before that of power 0, which ends with the field.
    let end_bit = first_bit + field.bits() - 8 * power;
    let bits = (field.bits() - 8 * power).min(8);
    let last = (end_bit - 1) / 8;
    let shift = 8 * (last + 1) - end_bit;
    let low = match shift {
        0 => format!("{array}[{last}]"),
        _ => format!("{array}[{last}] >> {shift}"),
    };
    let whole = match bits + shift > 8 {
        true => format!("({low} | {array}[{}] << {})", last - 1, 8 - shift),
        false => low,
    };
    match bits {
        8 => whole,
        _ => format!("({whole}) & {:#04x}", (1 << bits) - 1),
    }
}
