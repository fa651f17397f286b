//! Enumerations whose values have a name in the configuration.

/// Declares an enumeration with, for each value, the name that stands for it in TOML.
macro_rules! named_enum {
    (
        $(#[$meta:meta])*
        $vis:vis enum $Name:ident {
            $( $(#[$variant_meta:meta])* $Variant:ident = $text:literal ),+ $(,)?
        }
    ) => {
        $(#[$meta])*
        #[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
        $vis enum $Name {
            $( $(#[$variant_meta])* $Variant ),+
        }

        impl $Name {
            /// Every value, in the order of declaration.
            pub const ALL: &[Self] = &[$( Self::$Variant ),+];

            /// The name that stands for this value in a configuration.
            pub const fn name(self) -> &'static str {
                match self {
                    $( Self::$Variant => $text ),+
                }
            }
        }

        impl std::fmt::Display for $Name {
            fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                f.write_str(self.name())
            }
        }
    };
}
