//! Frames to feed programs with.

use std::net::Ipv4Addr;

/// A TCP segment between two IPv4 addresses, without payload.
#[derive(Clone, Copy, Debug)]
pub struct Tcp {
    pub from: (Ipv4Addr, u16),
    pub to: (Ipv4Addr, u16),
    pub flags: u8,
    pub sequence: u32,
    pub acknowledgment: u32,
}

pub const FIN: u8 = 0x01;
pub const SYN: u8 = 0x02;
pub const RST: u8 = 0x04;
pub const ACK: u8 = 0x10;

impl Tcp {
    /// From 10.0.0.`host` to a port of 10.0.1.1.
    pub fn to_port(host: u8, port: u16) -> Self {
        Self {
            from: (Ipv4Addr::new(10, 0, 0, host), 40_000),
            to: (Ipv4Addr::new(10, 0, 1, 1), port),
            flags: SYN,
            sequence: 0,
            acknowledgment: 0,
        }
    }

    /// The frame: 54 bytes.
    pub fn frame(&self) -> Vec<u8> {
        let mut frame = vec![0; 12];
        frame.extend([0x08, 0x00, 0x45, 0, 0, 40, 0, 0, 0, 0, 64, 6, 0, 0]);
        frame.extend(self.from.0.octets());
        frame.extend(self.to.0.octets());
        frame.extend(self.from.1.to_be_bytes());
        frame.extend(self.to.1.to_be_bytes());
        frame.extend(self.sequence.to_be_bytes());
        frame.extend(self.acknowledgment.to_be_bytes());
        frame.extend([0x50, self.flags, 0xff, 0xff, 0, 0, 0, 0]);
        frame
    }
}

/// A UDP datagram between two IPv4 addresses, without payload.
pub fn udp(from: (Ipv4Addr, u16), to: (Ipv4Addr, u16)) -> Vec<u8> {
    let mut frame = vec![0; 12];
    frame.extend([0x08, 0x00, 0x45, 0, 0, 28, 0, 0, 0, 0, 64, 17, 0, 0]);
    frame.extend(from.0.octets());
    frame.extend(to.0.octets());
    frame.extend(from.1.to_be_bytes());
    frame.extend(to.1.to_be_bytes());
    frame.extend([0, 8, 0, 0]);
    frame
}

/// An ARP frame: it has neither IPv4 nor TCP.
pub fn arp() -> Vec<u8> {
    let mut frame = vec![0; 42];
    frame[12..14].copy_from_slice(&[0x08, 0x06]);
    frame
}
