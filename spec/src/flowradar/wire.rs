//! Headers of big-endian numbers, each declared once.

/// A number in a header.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct WireField {
    /// Its name.
    pub name: &'static str,
    /// Where it starts.
    pub offset_bytes: usize,
    /// Its width.
    pub bytes: usize,
    /// What it is.
    pub doc: &'static str,
}

/// What stands in a header.
pub(super) trait Number: Sized {
    type Bytes: AsRef<[u8]> + for<'a> TryFrom<&'a [u8]>;
    fn to_wire(self) -> Self::Bytes;
    fn from_wire(bytes: Self::Bytes) -> Self;
}

macro_rules! numbers {
    ($($Number:ty),+) => { $(
        impl Number for $Number {
            type Bytes = [u8; size_of::<$Number>()];
            fn to_wire(self) -> Self::Bytes {
                self.to_be_bytes()
            }
            fn from_wire(bytes: Self::Bytes) -> Self {
                Self::from_be_bytes(bytes)
            }
        }
    )+ };
}

numbers!(u8, u16, u32, u64);

impl Number for [u8; 6] {
    type Bytes = Self;
    fn to_wire(self) -> Self {
        self
    }
    fn from_wire(bytes: Self) -> Self {
        bytes
    }
}

/// The number at `offset`, which moves behind it.
pub(super) fn take<N: Number>(bytes: &[u8], offset: &mut usize) -> N {
    let start = *offset;
    *offset += size_of::<N>();
    match N::Bytes::try_from(&bytes[start..*offset]) {
        Ok(number) => N::from_wire(number),
        Err(_) => unreachable!("the slice is as long as the number"),
    }
}

/// Declares a header: a structure, its layout, and how it is written and read.
macro_rules! wire_header {
    (
        $(#[$meta:meta])*
        pub struct $Name:ident {
            $( $field:ident: $Type:ty = $doc:literal; )+
        }
    ) => {
        $(#[$meta])*
        #[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default)]
        pub struct $Name {
            $( #[doc = $doc] pub $field: $Type, )+
        }

        impl $Name {
            /// The bytes of the header.
            pub const BYTES: usize = 0 $( + size_of::<$Type>() )+;

            /// The layout of the header.
            pub fn fields() -> Vec<$crate::flowradar::WireField> {
                let mut end = 0;
                vec![$( {
                    end += size_of::<$Type>();
                    $crate::flowradar::WireField {
                        name: stringify!($field),
                        offset_bytes: end - size_of::<$Type>(),
                        bytes: size_of::<$Type>(),
                        doc: $doc,
                    }
                } ),+]
            }

            /// Appends the header.
            pub fn write(&self, out: &mut Vec<u8>) {
                $( out.extend_from_slice(&$crate::flowradar::wire::Number::to_wire(self.$field)); )+
            }

            /// Reads the header that bytes start with.
            pub fn read(bytes: &[u8; Self::BYTES]) -> Self {
                let mut offset = 0;
                $( let $field = $crate::flowradar::wire::take(bytes, &mut offset); )+
                Self { $( $field ),+ }
            }
        }
    };
}
