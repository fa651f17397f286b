//! The programs by name.

use super::{
    ConnectionTracker, DdosMitigator, Forwarder, HeavyHitter, LoadBalancer, PortKnocking,
    TokenBucket,
};
use crate::host::Program;

/// Something that is done with a program, whichever it is: it is compiled for each.
pub trait Visitor {
    /// What comes of it.
    type Output;

    /// Does it.
    fn visit<P: Program>(self, program: P) -> Self::Output;
}

macro_rules! kinds {
    ($($Program:ident),+) => {
        /// One of the programs, by its name.
        #[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
        pub enum ProgramKind {
            $(
                #[doc = concat!("[`", stringify!($Program), "`]")]
                $Program
            ),+
        }

        impl ProgramKind {
            /// All programs.
            pub const ALL: &[Self] = &[$( Self::$Program ),+];

            /// The name on the command line.
            pub const fn name(self) -> &'static str {
                match self {
                    $( Self::$Program => <$Program as Program>::NAME ),+
                }
            }

            /// Does something with the program, with its default parameters.
            pub fn visit<V: Visitor>(self, visitor: V) -> V::Output {
                match self {
                    $( Self::$Program => visitor.visit(<$Program>::default()) ),+
                }
            }
        }
    };
}

kinds!(
    Forwarder,
    DdosMitigator,
    HeavyHitter,
    TokenBucket,
    PortKnocking,
    ConnectionTracker,
    LoadBalancer
);
