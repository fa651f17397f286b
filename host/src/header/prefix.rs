//! The prefix in C: its struct, its numbers, and the walk over its rows.

use seqnic_spec::{ByteOrder, Config, RowOrder, Section, SectionKind, Steering};

use super::number::{c_type, declare, return_number, suffix};

/// The name of a section, as part of a name in C; padding may stand more than once.
fn section_name(index: usize, section: &Section) -> String {
    let name = section.kind.name().replace('-', "_");
    match section.kind {
        SectionKind::Padding { .. } => format!("{name}_{index}"),
        _ => name,
    }
}

/// The order of a section that is a number.
fn number_order(section: &Section) -> Option<ByteOrder> {
    match section.kind {
        SectionKind::SequenceNumber { order, .. }
        | SectionKind::Timestamp { order, .. }
        | SectionKind::IndexPointer { order, .. } => Some(order),
        SectionKind::Ethernet { .. } | SectionKind::Rows { .. } | SectionKind::Padding { .. } => {
            None
        }
    }
}

/// The struct, its size and the offsets of its sections.
pub fn declaration(config: &Config) -> String {
    let (name, upper) = (config.name(), config.name().to_uppercase());
    let mut offsets = String::from("\n");
    let mut asserts =
        format!("{upper}_ASSERT(sizeof(struct {name}_prefix) == {upper}_PREFIX_BYTES);\n");
    let mut text = format!(
        "
/* What stands in front of a packet. Every member is of bytes, so there are no gaps and any address will do. */
struct {name}_prefix {{
"
    );
    for (index, section) in config.prefix().sections().iter().enumerate() {
        let section_name = section_name(index, section);
        let bytes = section.bytes;
        let first = match (section.kind, number_order(section)) {
            (SectionKind::Ethernet { vlan, .. }, _) => {
                let mut members = vec![("ethernet_destination", 6), ("ethernet_source", 6)];
                if vlan.is_some() {
                    members.extend([("ethernet_vlan_tpid_be", 2), ("ethernet_vlan_tci_be", 2)]);
                }
                members.push(("ethernet_type_be", 2));
                for (member, bytes) in members {
                    text += &format!("    {}\n", declare(member, bytes));
                }
                "ethernet_destination".to_owned()
            }
            (SectionKind::Rows { order }, _) => {
                text += &format!("    struct {name}_row rows[{upper}_ROWS]; /* {order} */\n");
                "rows".to_owned()
            }
            (_, order) => {
                let member = match order {
                    Some(order) => format!("{section_name}_{}", suffix(bytes, order)),
                    None => section_name.clone(),
                };
                text += &format!("    {}\n", declare(&member, bytes));
                member
            }
        };
        let offset = format!("{upper}_{}_OFFSET", section_name.to_uppercase());
        offsets += &format!("#define {offset} {}\n", section.offset_bytes);
        asserts += &format!(
            "{upper}_ASSERT(__builtin_offsetof(struct {name}_prefix, {first}) == {offset});\n"
        );
    }
    format!("{offsets}{text}}};\n{asserts}")
}

/// A function for each number, for the core and for the rows by age.
pub fn accessors(config: &Config) -> String {
    let (name, upper) = (config.name(), config.name().to_uppercase());
    let mut text = String::new();
    for (index, section) in config.prefix().sections().iter().enumerate() {
        let Some(order) = number_order(section) else {
            continue;
        };
        let section_name = section_name(index, section);
        let array = format!("prefix->{section_name}_{}", suffix(section.bytes, order));
        let statement = return_number(&array, section.bytes, order);
        let (c_type, meaning) = (c_type(section.bytes), meaning(section.kind));
        text += &format!(
            "
/* {meaning} */
{upper}_INLINE {c_type} {name}_{section_name}(const struct {name}_prefix *prefix)
{{
{statement}}}
"
        );
    }
    text + &core(config) + &walk(config)
}

fn meaning(kind: SectionKind) -> String {
    match kind {
        SectionKind::SequenceNumber { bytes, .. } => {
            format!(
                "The number of the packet: the first one is 1, modulo 2^{}.",
                8 * bytes
            )
        }
        SectionKind::Timestamp { .. } => "The sequencer's time of the packet.".to_owned(),
        _ => "The number of the oldest row, from 0.".to_owned(),
    }
}

/// Which core a frame is for, when the prefix says it.
fn core(config: &Config) -> String {
    let (name, upper) = (config.name(), config.name().to_uppercase());
    let ethernet = config.prefix().sections().iter().find_map(|section| {
        let SectionKind::Ethernet { source_base, .. } = section.kind else {
            return None;
        };
        Some(source_base)
    });
    let (member, width, mask, first, step) = match (config.steering(), ethernet) {
        (Steering::SourceMac, Some(base)) => ("prefix->ethernet_source", 6, "", base.to_u64(), 1),
        (Steering::Vlan(tag), _) => {
            let (first, step) = (tag.first_vid.into(), tag.vid_step);
            ("prefix->ethernet_vlan_tci_be", 2, " & 0xfffu", first, step)
        }
        _ => return String::new(),
    };
    let core = match step {
        1 => "core < @_CORES ? (unsigned int)core : @_CORES".to_owned(),
        step => format!(
            "core % {step} == 0 && core / {step} < @_CORES ? (unsigned int)(core / {step}) : @_CORES"
        ),
    };
    let core = core.replace('@', &upper);
    let c_type = c_type(width);
    let statement = return_number(member, width, ByteOrder::Big);
    format!(
        "
/* What the core follows from. */
{upper}_INLINE {c_type} {name}_steering(const struct {name}_prefix *prefix)
{{
{statement}}}

/* The core that the frame is for, or {upper}_CORES when it is for none and so not from this sequencer. */
{upper}_INLINE unsigned int {name}_core(const struct {name}_prefix *prefix)
{{
    unsigned long long core = ({name}_steering(prefix){mask}) - {first:#x}ull;

    return {core};
}}
"
    )
}

/// The rows by age: the ring of appendix C of the paper, or rows that are in order already.
fn walk(config: &Config) -> String {
    let (name, upper) = (config.name(), config.name().to_uppercase());
    let has_pointer = config
        .prefix()
        .sections()
        .iter()
        .any(|section| matches!(section.kind, SectionKind::IndexPointer { .. }));
    let body = match (config.prefix().row_order(), has_pointer) {
        (None, _) => return String::new(),
        (Some(RowOrder::Array), false) => {
            return "
/* The rows are in array order, and nothing in the prefix says which is the oldest: there is no walk over them. */
"
            .to_owned();
        }
        (Some(RowOrder::OldestFirst), _) => "    unsigned long long row = age;\n\n".to_owned(),
        (Some(RowOrder::Array), true) => format!(
            "    unsigned long long row = {name}_index_pointer(prefix);

    if (age >= {upper}_ROWS || row >= {upper}_ROWS)
        return 0;
    row += age;
    if (row >= {upper}_ROWS)
        row -= {upper}_ROWS;
"
        ),
    };
    format!(
        "
/*
 * The row of a packet before this one: age 0 is the oldest, age {upper}_ROWS - 1 the newest. A null pointer when the age
 * or the index pointer is out of range.
 *
 * A core that gets every {upper}_CORES-th packet has missed those of the newest {upper}_MISSED rows:
 *
 *     for (age = {upper}_ROWS - {upper}_MISSED; age < {upper}_ROWS; age++)
 *         ... {name}_history(prefix, age) ...
 */
{upper}_INLINE const struct {name}_row *{name}_history(const struct {name}_prefix *prefix, unsigned int age)
{{
{body}#ifdef __bpf__
    __asm__ volatile(\"\" : \"+r\"(row)); /* so that the verifier sees the check */
#endif
    if (row >= {upper}_ROWS)
        return 0;
    return &prefix->rows[row];
}}
"
    )
}
