//! What a packet must have for its row to be filled.

use crate::header::Layer;

/// What a packet must have for its row to be filled: all that is set, or its row is
/// all zero.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default)]
pub struct Requirements {
    /// An Ethernet header.
    pub ethernet: bool,
    /// A VLAN tag.
    pub vlan: bool,
    /// A second VLAN tag.
    pub inner_vlan: bool,
    /// An IPv4 header.
    pub ipv4: bool,
    /// An IPv6 header.
    pub ipv6: bool,
    /// A TCP header.
    pub tcp: bool,
    /// A UDP header.
    pub udp: bool,
    /// The ports of TCP or UDP.
    pub ports: bool,
}

impl Requirements {
    /// Whether `layer` is required.
    pub const fn needs(self, layer: Layer) -> bool {
        match layer {
            Layer::Ethernet => self.ethernet,
            Layer::Vlan => self.vlan,
            Layer::InnerVlan => self.inner_vlan,
            Layer::Ipv4 => self.ipv4,
            Layer::Ipv6 => self.ipv6,
            Layer::Tcp => self.tcp,
            Layer::Udp => self.udp,
            Layer::Ports => self.ports,
        }
    }

    /// The same requirements and `layer`.
    #[must_use]
    pub const fn with(mut self, layer: Layer) -> Self {
        let required = match layer {
            Layer::Ethernet => &mut self.ethernet,
            Layer::Vlan => &mut self.vlan,
            Layer::InnerVlan => &mut self.inner_vlan,
            Layer::Ipv4 => &mut self.ipv4,
            Layer::Ipv6 => &mut self.ipv6,
            Layer::Tcp => &mut self.tcp,
            Layer::Udp => &mut self.udp,
            Layer::Ports => &mut self.ports,
        };
        *required = true;
        self
    }

    /// The layers that are required, outermost first.
    pub fn layers(self) -> impl Iterator<Item = Layer> {
        Layer::ALL
            .iter()
            .copied()
            .filter(move |&layer| self.needs(layer))
    }
}
