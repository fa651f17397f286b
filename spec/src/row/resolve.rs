//! From the `[history]` table to a row layout.

use super::{ByteOrder, Field, Requirements, RowLayout, RowPreset};
use crate::check;
use crate::error::SpecError;
use crate::header::Layer;
use crate::identifier::{identifier, plain_form};
use crate::raw::{RawField, RawHistory};
use crate::source::Source;

/// The widest field: an IPv6 address.
const MOST_FIELD_BYTES: u64 = 16;

/// The row when the configuration names none.
const DEFAULT: RowPreset = RowPreset::Table2;

/// A layer that packets must have, and the key and value that ask for it.
struct Demand {
    key: String,
    value: String,
    layer: Layer,
}

impl RowLayout {
    /// The layout that the configuration describes.
    pub(crate) fn resolve(raw: &RawHistory) -> Result<Self, SpecError> {
        let (mut layout, mut demands) = match (&raw.row, &raw.field) {
            (Some(row), Some(_)) => {
                return Err(SpecError::refused(
                    "history.row",
                    format!("{row:?}"),
                    "cannot stand beside history.field",
                    "remove one of the two",
                ));
            }
            (None, Some(fields)) => listed(fields)?,
            (row, None) => named(row.as_deref().unwrap_or(DEFAULT.name()))?,
        };
        for (i, name) in raw.requires.iter().flatten().enumerate() {
            let key = format!("history.requires[{i}]");
            let layer = check::choice(&key, name, Layer::ALL, Layer::name)?;
            demands.push(Demand {
                key,
                value: format!("{name:?}"),
                layer,
            });
        }
        layout.requires = agree(&demands)?;
        Ok(layout)
    }
}

/// A preset, and what it asks for.
fn named(row: &str) -> Result<(RowLayout, Vec<Demand>), SpecError> {
    let key = "history.row";
    let layout = RowLayout::preset(check::choice(key, row, RowPreset::ALL, RowPreset::name)?);
    let demand = |layer| Demand {
        key: key.into(),
        value: format!("{row:?}"),
        layer,
    };
    let demands = layout.requires.layers().map(demand).collect();
    Ok((layout, demands))
}

/// A list of fields, and what it asks for.
fn listed(raw: &[RawField]) -> Result<(RowLayout, Vec<Demand>), SpecError> {
    if raw.is_empty() {
        return Err(SpecError::refused(
            "history.field",
            "[]",
            "a row has at least one field",
            "list one, or set history.row = \"none\" for no history",
        ));
    }
    let mut fields: Vec<Field> = Vec::new();
    let mut demands = Vec::new();
    for (i, raw) in raw.iter().enumerate() {
        let key = format!("history.field[{i}]");
        let field = field(&key, raw)?;
        if let Some(twin) = fields.iter().position(|other| other.name == field.name) {
            return Err(SpecError::refused(
                format!("{key}.name"),
                format!("{:?}", field.name),
                format!("is also the name of history.field[{twin}]"),
                "give each field a name of its own",
            ));
        }
        demands.extend(field.source.layer().map(|layer| Demand {
            key: format!("{key}.source"),
            value: format!("{:?}", field.source.to_string()),
            layer,
        }));
        fields.push(field);
    }
    let layout = RowLayout {
        preset: None,
        fields,
        requires: Requirements::default(),
    };
    if layout.bytes() > RowLayout::MOST_BYTES {
        return Err(SpecError::refused(
            "history.field",
            format!("[{} fields]", layout.fields.len()),
            format!(
                "a row of {} bytes, at most {} fit",
                layout.bytes(),
                RowLayout::MOST_BYTES
            ),
            "remove fields or make them narrower",
        ));
    }
    Ok((layout, demands))
}

/// One field of a list. The name follows the source unless it is given.
fn field(key: &str, raw: &RawField) -> Result<Field, SpecError> {
    let source: Source = raw
        .source
        .parse()
        .map_err(|error: crate::ValueError| error.at(format!("{key}.source")))?;
    let name = raw
        .name
        .clone()
        .unwrap_or_else(|| plain_form(&source.to_string()));
    let name = identifier(&format!("{key}.name"), &name)?;
    let bytes = match raw.bytes {
        Some(bytes) => check::in_range(&format!("{key}.bytes"), bytes, 1..=MOST_FIELD_BYTES)?,
        None => source.bytes(),
    };
    if matches!(source, Source::Constant(_)) && bytes < source.bytes() {
        return Err(SpecError::refused(
            format!("{key}.bytes"),
            bytes,
            format!("cannot hold {source}, which needs {} bytes", source.bytes()),
            "make the field wider or the constant smaller",
        ));
    }
    let order = match &raw.order {
        Some(text) => check::choice(
            &format!("{key}.order"),
            text,
            ByteOrder::ALL,
            ByteOrder::name,
        )?,
        None => ByteOrder::Big,
    };
    Ok(Field {
        name,
        source,
        bytes,
        order,
    })
}

/// All demands together, when some packet can meet them.
fn agree(demands: &[Demand]) -> Result<Requirements, SpecError> {
    for (i, demand) in demands.iter().enumerate() {
        let rival = match demand.layer {
            Layer::Ipv4 => Layer::Ipv6,
            Layer::Ipv6 => Layer::Ipv4,
            Layer::Tcp => Layer::Udp,
            Layer::Udp => Layer::Tcp,
            _ => continue,
        };
        if let Some(earlier) = demands[..i].iter().find(|earlier| earlier.layer == rival) {
            return Err(SpecError::refused(
                &demand.key,
                &demand.value,
                format!(
                    "needs {}, but {} = {} needs {} and no packet has both",
                    demand.layer.title(),
                    earlier.key,
                    earlier.value,
                    rival.title(),
                ),
                "remove one of the two",
            ));
        }
    }
    let layers = demands.iter().map(|demand| demand.layer);
    Ok(layers.fold(Requirements::default(), Requirements::with))
}
