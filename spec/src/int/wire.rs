//! Headers of fields that need not be whole bytes, each declared once.

use thiserror::Error;

/// A field of a header.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct BitField {
    /// Its name.
    pub name: &'static str,
    /// Where it starts; bit 0 is the most significant one of the first byte.
    pub offset_bits: usize,
    /// Its width.
    pub bits: usize,
    /// What it is.
    pub doc: &'static str,
}

/// Bytes that end before a header does.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
#[error("{header} has {needed} bytes, but only {bytes} are left")]
pub struct Truncated {
    /// The header.
    pub header: &'static str,
    /// How many bytes there are.
    pub bytes: usize,
    /// How many it has.
    pub needed: usize,
}

/// Fields that follow each other, from their names, widths and meanings.
pub(super) const fn placed<const N: usize>(
    parts: [(&'static str, usize, &'static str); N],
) -> [BitField; N] {
    let mut fields = [BitField {
        name: "",
        offset_bits: 0,
        bits: 0,
        doc: "",
    }; N];
    let (mut i, mut offset_bits) = (0, 0);
    while i < N {
        let (name, bits, doc) = parts[i];
        fields[i] = BitField {
            name,
            offset_bits,
            bits,
            doc,
        };
        offset_bits += bits;
        i += 1;
    }
    fields
}

impl BitField {
    /// The value in a header.
    pub fn get(&self, header: &[u8]) -> u64 {
        (self.offset_bits..self.offset_bits + self.bits).fold(0, |value, bit| {
            value << 1 | u64::from(header[bit / 8] >> (7 - bit % 8) & 1)
        })
    }

    /// Writes the value into a header; bits beyond the width of the field are left out.
    pub fn put(&self, header: &mut [u8], value: u64) {
        for i in 0..self.bits {
            let bit = self.offset_bits + self.bits - 1 - i;
            let mask = 0x80 >> (bit % 8);
            match value >> i & 1 {
                1 => header[bit / 8] |= mask,
                _ => header[bit / 8] &= !mask,
            }
        }
    }
}

/// The value of the field of this name.
pub(super) fn value(fields: &[BitField], name: &str, header: &[u8]) -> u64 {
    match fields.iter().find(|field| field.name == name) {
        Some(field) => field.get(header),
        None => unreachable!("the name is that of a field"),
    }
}

/// Declares a header: what it says as a structure, a view over bytes, its layout, and how it is read and written.
macro_rules! bit_header {
    (
        $(#[$meta:meta])*
        pub struct $Name:ident, $View:ident {
            $( $field:ident: $Type:ty as $bits:literal = $doc:literal; )+
        }
    ) => {
        $(#[$meta])*
        #[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default)]
        pub struct $Name {
            $( #[doc = $doc] pub $field: $Type, )+
        }

        const _: () = assert!((0 $( + $bits )+) % 8 == 0, "a header has whole bytes");
        $( const _: () = assert!($bits <= <$Type>::BITS, "a field fits into its number"); )+

        impl $Name {
            /// The bytes of the header.
            pub const BYTES: usize = (0 $( + $bits )+) / 8;

            /// The layout of the header.
            pub const FIELDS: &'static [$crate::int::BitField] =
                &$crate::int::wire::placed([$( (stringify!($field), $bits, $doc) ),+]);

            /// Appends the header.
            pub fn write(&self, out: &mut Vec<u8>) {
                let mut bytes = [0; Self::BYTES];
                self.emit(&mut bytes);
                out.extend_from_slice(&bytes);
            }

            /// Writes the header over bytes.
            pub fn emit(&self, bytes: &mut [u8; Self::BYTES]) {
                let values = [$( u64::from(self.$field) ),+];
                for (field, value) in Self::FIELDS.iter().zip(values) {
                    field.put(bytes, value);
                }
            }

            /// Reads the header.
            pub fn read(bytes: &[u8; Self::BYTES]) -> Self {
                let view = $View(bytes);
                Self { $( $field: view.$field() ),+ }
            }

            /// Reads the header that bytes start with, and says what follows it.
            pub fn parse(bytes: &[u8]) -> Result<(Self, &[u8]), $crate::int::Truncated> {
                match bytes.split_first_chunk() {
                    Some((header, rest)) => Ok((Self::read(header), rest)),
                    None => Err($crate::int::Truncated {
                        header: stringify!($Name),
                        bytes: bytes.len(),
                        needed: Self::BYTES,
                    }),
                }
            }
        }

        #[doc = concat!("A view over bytes that start with [`", stringify!($Name), "`].")]
        #[derive(Debug, Clone, Copy, PartialEq, Eq)]
        pub struct $View<T>(T);

        impl<T: AsRef<[u8]>> $View<T> {
            /// A view, when there are enough bytes.
            pub fn new(bytes: T) -> Result<Self, $crate::int::Truncated> {
                $Name::parse(bytes.as_ref())?;
                Ok(Self(bytes))
            }

            $(
                #[doc = $doc]
                pub fn $field(&self) -> $Type {
                    // The field is no wider than the number.
                    $crate::int::wire::value($Name::FIELDS, stringify!($field), self.0.as_ref()) as $Type
                }
            )+

            /// What follows the header.
            pub fn payload(&self) -> &[u8] {
                &self.0.as_ref()[$Name::BYTES..]
            }
        }

        impl<T: AsRef<[u8]> + AsMut<[u8]>> $View<T> {
            /// Writes the header over the bytes.
            pub fn emit(&mut self, header: &$Name) {
                if let Some(bytes) = self.0.as_mut().first_chunk_mut() {
                    header.emit(bytes);
                }
            }
        }
    };
}
