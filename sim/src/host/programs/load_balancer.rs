//! The layer-4 load balancer: it gives each flow a backend and keeps it there.

mod maglev;

use std::net::Ipv4Addr;

use hashbrown::HashMap;
use seqnic_spec::{HeaderField, Source};

use super::FourTuple;
use crate::host::{Program, Verdict};
use maglev::Maglev;

const UDP: u8 = 17;

/// Spreads flows over the backends that are alive.
///
/// A backend comes and stays by heartbeats: UDP packets to a port of their own from an address of the internal
/// network. (Through which port of the device a packet came is in no header, and so in no row.) A flow is a 5-tuple;
/// it keeps its backend until it pauses for too long or the backend dies.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LoadBalancer {
    /// The UDP port that heartbeats are sent to.
    pub heartbeat_port: u16,
    /// The network that heartbeats come from.
    pub internal: Ipv4Addr,
    /// The bits of that network's addresses that are the same.
    pub internal_bits: u32,
    /// How long a flow may pause.
    pub flow_expires_ns: u64,
    /// How long a backend may be silent.
    pub backend_expires_ns: u64,
    /// The most backends; further ones are not taken.
    pub most_backends: usize,
    /// The most flows that are kept; further ones are sent where the table says, packet by packet.
    pub most_flows: usize,
}

impl Default for LoadBalancer {
    fn default() -> Self {
        Self {
            heartbeat_port: 9_999,
            internal: Ipv4Addr::new(10, 0, 0, 0),
            internal_bits: 8,
            flow_expires_ns: 60_000_000_000,
            backend_expires_ns: 3_000_000_000,
            most_backends: 64,
            most_flows: 1 << 20,
        }
    }
}

crate::metadata! {
    /// A packet of TCP or UDP.
    pub struct Datagram {
        /// The source address.
        source: u32, Big, Source::Header(HeaderField::Ipv4Source);
        /// The destination address.
        destination: u32, Big, Source::Header(HeaderField::Ipv4Destination);
        /// The source port.
        source_port: u16, Big, Source::Header(HeaderField::PortsSource);
        /// The destination port.
        destination_port: u16, Big, Source::Header(HeaderField::PortsDestination);
        /// TCP or UDP.
        protocol: u8, Big, Source::Header(HeaderField::Ipv4Protocol);
        /// The sequencer's time.
        timestamp: u64, Little, Source::Timestamp;
    }
}

/// A flow: its 5-tuple.
pub type Flow = (u32, u32, u16, u16, u8);

impl Datagram {
    fn flow(&self) -> Flow {
        (
            self.source,
            self.destination,
            self.source_port,
            self.destination_port,
            self.protocol,
        )
    }
}

/// A backend that is alive.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Backend {
    /// Its address.
    pub address: u32,
    /// The time of its last heartbeat.
    pub last_ns: u64,
}

/// Where a flow goes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Assignment {
    backend: u32,
    last_ns: u64,
}

/// All that the load balancer knows. It is one state: what a backend does concerns every flow.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Balance {
    /// The backends that are alive, by address.
    backends: Vec<Backend>,
    /// No backend was silent for longer than since then.
    silent_ns: u64,
    table: Maglev,
    flows: HashMap<Flow, Assignment>,
    /// When flows were last looked through for those that have expired.
    swept_ns: u64,
    /// Where the last packet goes.
    chosen: Option<u32>,
}

impl Balance {
    /// The backends that are alive, by address.
    pub fn backends(&self) -> &[Backend] {
        &self.backends
    }

    /// The number of flows that are kept.
    pub fn flows(&self) -> usize {
        self.flows.len()
    }

    /// Where the backend with this address is, or would be.
    fn place_of(&self, address: u32) -> Result<usize, usize> {
        self.backends
            .binary_search_by_key(&address, |backend| backend.address)
    }
}

impl Program for LoadBalancer {
    type Key = ();
    type State = Balance;
    type Meta = Datagram;

    const NAME: &'static str = "load-balancer";
    const OTHERS: Verdict = Verdict::Drop;

    /// One state for all, so one core for all.
    fn flow(&self, _meta: &Datagram) -> FourTuple {
        (0, 0, 0, 0)
    }

    #[inline]
    fn key(&self, _meta: &Datagram) {}

    fn transition(&self, balance: &mut Balance, meta: &Datagram) {
        self.expire(balance, meta.timestamp);
        balance.chosen = match self.is_heartbeat(meta) {
            true => {
                self.hear(balance, meta);
                None
            }
            false => self.assign(balance, meta),
        };
    }

    fn verdict(&self, balance: &Balance, _meta: &Datagram) -> Verdict {
        balance.chosen.map_or(Verdict::Drop, Verdict::Redirect)
    }
}

impl LoadBalancer {
    fn is_heartbeat(&self, meta: &Datagram) -> bool {
        let differs = (meta.source ^ self.internal.to_bits()).leading_zeros() < self.internal_bits;
        meta.protocol == UDP && meta.destination_port == self.heartbeat_port && !differs
    }

    /// Lets go of backends that are silent, and now and then of flows that paused.
    fn expire(&self, balance: &mut Balance, now: u64) {
        if is_over(balance.silent_ns, now, self.backend_expires_ns) {
            let before = balance.backends.len();
            balance
                .backends
                .retain(|backend| !is_over(backend.last_ns, now, self.backend_expires_ns));
            if balance.backends.len() < before {
                balance.table = Maglev::new(&balance.backends);
            }
            let oldest = balance.backends.iter().map(|backend| backend.last_ns).min();
            balance.silent_ns = oldest.unwrap_or(now);
        }
        if is_over(balance.swept_ns, now, self.flow_expires_ns) {
            balance
                .flows
                .retain(|_, flow| !is_over(flow.last_ns, now, self.flow_expires_ns));
            balance.swept_ns = now;
        }
    }

    /// Takes a heartbeat.
    fn hear(&self, balance: &mut Balance, meta: &Datagram) {
        let backend = Backend {
            address: meta.source,
            last_ns: meta.timestamp,
        };
        match balance.place_of(meta.source) {
            Ok(known) => balance.backends[known] = backend,
            Err(place) if balance.backends.len() < self.most_backends => {
                balance.backends.insert(place, backend);
                balance.table = Maglev::new(&balance.backends);
            }
            Err(_) => {}
        }
    }

    /// The backend of a packet: that of its flow, as long as it lives, or the table's.
    fn assign(&self, balance: &mut Balance, meta: &Datagram) -> Option<u32> {
        let flow = meta.flow();
        let now = meta.timestamp;
        let known = balance.flows.get(&flow).copied();
        let kept = known.filter(|known| {
            !is_over(known.last_ns, now, self.flow_expires_ns)
                && balance.place_of(known.backend).is_ok()
        });
        let backend = match kept {
            Some(kept) => kept.backend,
            None => balance.table.choose(&flow)?,
        };
        if known.is_some() || balance.flows.len() < self.most_flows {
            balance.flows.insert(
                flow,
                Assignment {
                    backend,
                    last_ns: now,
                },
            );
        }
        Some(backend)
    }
}

/// Whether something that last happened then lies more than the limit back.
fn is_over(last_ns: u64, now: u64, limit_ns: u64) -> bool {
    now.saturating_sub(last_ns) > limit_ns
}
