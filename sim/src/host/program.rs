//! What a program is.

use std::fmt::{self, Debug};
use std::hash::Hash;

use super::metadata::Metadata;
use super::programs::FourTuple;

/// What becomes of a packet.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Verdict {
    /// It is dropped.
    Drop,
    /// It goes up to the host's own stack.
    Pass,
    /// It leaves where it came from.
    Transmit,
    /// It goes to the host with this IPv4 address.
    Redirect(u32),
}

/// Addresses as people write them.
impl fmt::Display for Verdict {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Drop => f.write_str("drop"),
            Self::Pass => f.write_str("pass"),
            Self::Transmit => f.write_str("transmit"),
            Self::Redirect(address) => {
                write!(f, "redirect to {}", std::net::Ipv4Addr::from(*address))
            }
        }
    }
}

/// How a state is packed into a word, and unpacked.
pub type Packing<S> = (fn(&S) -> u64, fn(u64) -> S);

/// A packet-processing program: a deterministic state machine for each key.
///
/// A value of the type holds its parameters, the same on every core. What a packet does follows from nothing but its
/// metadata and the state; time is the sequencer's, which the metadata holds. So all who see the same packets in the
/// same order come to the same states and verdicts.
pub trait Program: Debug + Clone + Send + Sync + 'static {
    /// What a state belongs to, such as a sender or a flow; `()` for a program that has one state for all packets.
    type Key: Debug + Copy + Eq + Hash + Send + Sync + 'static;

    /// The state of a key. A key that was never seen has the default.
    type State: Debug + Default + Clone + PartialEq + Send + 'static;

    /// What the program reads of a packet.
    type Meta: Metadata;

    /// The name on the command line.
    const NAME: &'static str;

    /// The verdict on packets that do not concern the program: those whose row is all zero.
    const OTHERS: Verdict;

    /// How a state is packed into a word and unpacked again, where it fits: so it can be shared without locks. The
    /// default state is 0.
    const PACKING: Option<Packing<Self::State>> = None;

    /// Whether both directions of a flow share a state.
    const SYMMETRIC: bool = false;

    /// What of a packet's 4-tuple its key follows from, the rest 0: what a network card must hash for all packets of a
    /// key to come to one core.
    fn flow(&self, meta: &Self::Meta) -> FourTuple;

    /// The key that a packet belongs to.
    fn key(&self, meta: &Self::Meta) -> Self::Key;

    /// What a packet does to the state of its key.
    fn transition(&self, state: &mut Self::State, meta: &Self::Meta);

    /// What becomes of a packet, after its transition.
    fn verdict(&self, state: &Self::State, meta: &Self::Meta) -> Verdict;

    /// The metadata of a frame that came at this time of the sequencer; `None` when it does not concern the program.
    #[inline]
    fn meta(frame: &[u8], timestamp: u64) -> Option<Self::Meta> {
        Self::Meta::of_frame(frame, timestamp)
    }
}
