//! A core that has states of its own and knows nothing of what others receive.

use crate::host::{Core, Delivery, Program, States, Verdict};

/// A core that handles what it receives, and only that: right when it receives all packets of its keys, as with RSS,
/// and wrong when packets are sprayed.
#[derive(Debug, Clone)]
pub struct Shard<P: Program>(pub States<P>);

impl<P: Program> Core for Shard<P> {
    #[inline]
    fn poll(&mut self, delivery: Delivery<'_>) -> Option<Verdict> {
        let meta = P::meta(delivery.bytes, delivery.timestamp);
        Some(self.0.handle(meta.as_ref()))
    }
}
