//! What a program keeps of a packet: f(p) in section 3.1 of the paper, as numbers.

use std::fmt::Debug;

use seqnic_spec::{ByteOrder, Field, RawField, RawHistory, RowLayout, RowPreset};

use super::source::Packet;

/// The metadata of a packet: a row of the history with named numbers.
///
/// [`metadata!`](crate::metadata) declares the struct and, from the same lines, the fields of the row that the hardware makes. So the
/// row and the program cannot drift apart.
pub trait Metadata: Copy + Default + PartialEq + Debug + Send + Sync + 'static {
    /// The size of a row.
    const BYTES: usize;

    /// The fields of the row, in order.
    fn fields() -> Vec<Field>;

    /// Reads a row of [`BYTES`](Self::BYTES) bytes.
    ///
    /// # Panics
    /// When `row` is shorter.
    fn decode(row: &[u8]) -> Self;

    /// Writes the row.
    ///
    /// # Panics
    /// When `row` is shorter than [`BYTES`](Self::BYTES).
    fn encode(&self, row: &mut [u8]);

    /// Reads the fields from a packet; `None` when it lacks a header that one of them is in.
    fn read(packet: &Packet<'_>) -> Option<Self>;

    /// The metadata in a row; `None` when the row is all zero, which is that of a packet that does not concern the
    /// program.
    #[inline]
    fn of_row(row: &[u8]) -> Option<Self> {
        Some(Self::decode(row)).filter(|meta| *meta != Self::default())
    }

    /// The metadata of a frame that came at this time of the sequencer; `None` when its row is all zero.
    #[inline]
    fn of_frame(frame: &[u8], timestamp: u64) -> Option<Self> {
        Self::read(&Packet::new(frame, timestamp)).filter(|meta| *meta != Self::default())
    }

    /// The history that holds the fields, for a configuration: the preset with just these, or the fields one by one.
    fn history() -> RawHistory {
        let fields = Self::fields();
        let is_it = |preset: &&RowPreset| RowLayout::preset(**preset).fields() == fields;
        match RowPreset::ALL.iter().find(is_it) {
            Some(preset) => RawHistory {
                row: Some(preset.name().to_owned()),
                ..RawHistory::default()
            },
            None => RawHistory {
                field: Some(fields.into_iter().map(raw).collect()),
                ..RawHistory::default()
            },
        }
    }
}

/// A field as a configuration lists it.
fn raw(field: Field) -> RawField {
    RawField {
        name: Some(field.name),
        source: field.source.to_string(),
        bytes: Some(field.bytes as u64),
        order: Some(field.order.name().to_owned()),
    }
}

/// A number in a row.
pub trait Number: Copy {
    /// The width in bytes.
    const BYTES: usize;

    /// The number in the first [`BYTES`](Self::BYTES) bytes.
    fn load(bytes: &[u8], order: ByteOrder) -> Self;

    /// Writes it to the first [`BYTES`](Self::BYTES) bytes.
    fn store(self, bytes: &mut [u8], order: ByteOrder);

    /// The least significant bits of a value.
    fn cut(value: u128) -> Self;
}

macro_rules! numbers {
    ($($T:ty),*) => {$(
        impl Number for $T {
            const BYTES: usize = size_of::<$T>();

            #[inline(always)]
            fn load(bytes: &[u8], order: ByteOrder) -> Self {
                let mut number = [0; size_of::<$T>()];
                number.copy_from_slice(&bytes[..size_of::<$T>()]);
                match order {
                    ByteOrder::Big => Self::from_be_bytes(number),
                    ByteOrder::Little => Self::from_le_bytes(number),
                }
            }

            #[inline(always)]
            fn store(self, bytes: &mut [u8], order: ByteOrder) {
                bytes[..size_of::<$T>()].copy_from_slice(&match order {
                    ByteOrder::Big => self.to_be_bytes(),
                    ByteOrder::Little => self.to_le_bytes(),
                });
            }

            #[inline(always)]
            fn cut(value: u128) -> Self {
                value as Self
            }
        }
    )*};
}

numbers!(u8, u16, u32, u64, u128);

/// A predicate: a whole byte, 0 or 1.
impl Number for bool {
    const BYTES: usize = 1;

    #[inline(always)]
    fn load(bytes: &[u8], _order: ByteOrder) -> Self {
        bytes[0] != 0
    }

    #[inline(always)]
    fn store(self, bytes: &mut [u8], _order: ByteOrder) {
        bytes[0] = self.into();
    }

    #[inline(always)]
    fn cut(value: u128) -> Self {
        value & 1 == 1
    }
}

/// Declares metadata: a struct, and from the same lines the row that the hardware makes.
///
/// Each line is the name of the field, its type, its byte order in the row and its source.
///
/// ```
/// use seqnic_sim::host::Metadata;
/// use seqnic_spec::{HeaderField, Source};
///
/// seqnic_sim::metadata! {
///     /// Who talks to which port.
///     pub struct Talk {
///         /// The sender.
///         source: u32, Big, Source::Header(HeaderField::Ipv4Source);
///         /// The port.
///         port: u16, Little, Source::Header(HeaderField::UdpDestinationPort);
///     }
/// }
///
/// assert_eq!(Talk::decode(&[10, 0, 0, 1, 53, 0]), Talk { source: 0x0a00_0001, port: 53 });
/// ```
#[macro_export]
macro_rules! metadata {
    (
        $(#[$attribute:meta])*
        $vis:vis struct $Name:ident {
            $( $(#[$field_attribute:meta])* $field:ident: $T:ty, $order:ident, $source:expr; )*
        }
    ) => {
        $(#[$attribute])*
        #[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
        $vis struct $Name {
            $( $(#[$field_attribute])* pub $field: $T, )*
        }

        impl $crate::host::Metadata for $Name {
            const BYTES: usize = 0 $( + <$T as $crate::host::Number>::BYTES )*;

            fn fields() -> Vec<$crate::host::spec::Field> {
                vec![$( $crate::host::spec::Field {
                    name: stringify!($field).to_owned(),
                    source: $source,
                    bytes: <$T as $crate::host::Number>::BYTES,
                    order: $crate::host::spec::ByteOrder::$order,
                } ),*]
            }

            #[inline]
            #[allow(unused_mut, unused_variables, unused_assignments)]
            fn decode(row: &[u8]) -> Self {
                // One check of the length for all fields.
                let mut rest = &row[..Self::BYTES];
                $(
                    let $field = <$T as $crate::host::Number>::load(rest, $crate::host::spec::ByteOrder::$order);
                    rest = &rest[<$T as $crate::host::Number>::BYTES..];
                )*
                Self { $( $field ),* }
            }

            #[inline]
            #[allow(unused_mut, unused_variables, unused_assignments)]
            fn encode(&self, row: &mut [u8]) {
                let mut rest = &mut row[..Self::BYTES];
                $(
                    $crate::host::Number::store(self.$field, rest, $crate::host::spec::ByteOrder::$order);
                    rest = &mut rest[<$T as $crate::host::Number>::BYTES..];
                )*
            }

            #[inline]
            #[allow(unused_variables)]
            fn read(packet: &$crate::host::Packet<'_>) -> Option<Self> {
                $( let $field = <$T as $crate::host::Number>::cut(packet.value($source)?); )*
                Some(Self { $( $field ),* })
            }
        }
    };
}
