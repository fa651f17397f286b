//! A row in C: its struct, and a function for each field.

use seqnic_spec::{ByteOrder, Config, Field};

use super::number::{self, MOST_BYTES, c_type, declare, return_number};

/// The member of a row that holds a field.
pub fn member(field: &Field) -> String {
    format!(
        "{}_{}",
        field.name,
        number::suffix(field.bytes, field.order)
    )
}

/// The struct, its size and the offsets of its members.
pub fn declaration(config: &Config) -> String {
    let (name, row) = (config.name(), config.row());
    let upper = name.to_uppercase();
    let mut text = format!(
        "\n/* A row: what the sequencer remembers of a packet. {}. */\nstruct {name}_row {{\n",
        requirements(config),
    );
    let mut asserts = format!("{upper}_ASSERT(sizeof(struct {name}_row) == {upper}_ROW_BYTES);\n");
    let mut offsets = format!("\n#define {upper}_ROW_BYTES {}\n", row.bytes());
    for (index, field) in row.fields().iter().enumerate() {
        let member = member(field);
        let (source, bytes) = (field.source, field.bytes);
        text += &format!("    {} /* {source} */\n", declare(&member, bytes));
        let offset = format!("{upper}_ROW_{}_OFFSET", field.name.to_uppercase());
        offsets += &format!("#define {offset} {}\n", row.offset_of(index));
        asserts += &format!(
            "{upper}_ASSERT(__builtin_offsetof(struct {name}_row, {member}) == {offset});\n"
        );
    }
    format!("{offsets}{text}}};\n{asserts}")
}

/// Which packets have a row, as a sentence.
fn requirements(config: &Config) -> String {
    let layers: Vec<&str> = config
        .row()
        .requires()
        .layers()
        .map(|layer| layer.title())
        .collect();
    match layers.as_slice() {
        [] => "Every packet has one".to_owned(),
        layers => format!("All zero without {}", layers.join(", ")),
    }
}

/// A function for each field, and one that tells rows of packets from those that say nothing.
pub fn accessors(config: &Config) -> String {
    let (name, upper) = (config.name(), config.name().to_uppercase());
    let mut text = format!(
        "
/* Whether a row is all zero: there was no packet yet, or one that the row says nothing of. */
{upper}_INLINE int {name}_is_empty(const struct {name}_row *row)
{{
    const unsigned char *bytes = (const unsigned char *)row;
    unsigned char any = 0;
    unsigned int i;

    for (i = 0; i < {upper}_ROW_BYTES; i++)
        any |= bytes[i];
    return !any;
}}
"
    );
    for field in config.row().fields() {
        text += &accessor(config, field);
    }
    text
}

fn accessor(config: &Config, field: &Field) -> String {
    let (name, upper) = (config.name(), config.name().to_uppercase());
    let array = format!("row->{}", member(field));
    let function = format!("{name}_row_{}", field.name);
    let (source, bytes) = (field.source, field.bytes);
    if bytes > MOST_BYTES {
        let from = match field.order {
            ByteOrder::Big => "i".to_owned(),
            ByteOrder::Little => format!("{} - i", bytes - 1),
        };
        return format!(
            "
/* {source}, most significant byte first. */
{upper}_INLINE void {function}(const struct {name}_row *row, unsigned char value[{bytes}])
{{
    unsigned int i;

    for (i = 0; i < {bytes}; i++)
        value[i] = {array}[{from}];
}}
"
        );
    }
    let (c_type, statement) = (c_type(bytes), return_number(&array, bytes, field.order));
    format!(
        "
/* {source} */
{upper}_INLINE {c_type} {function}(const struct {name}_row *row)
{{
{statement}}}
"
    )
}
