//! Which ports of an engine carry which words of a record.

use std::ops::Range;

use seqnic_spec::Config;
use thiserror::Error;

use super::beat::Shape;
use crate::engine::Engine;

/// A design without the ports that its configuration asks for.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
pub enum PortError {
    /// The port is not there.
    #[error("the design has no port `{port}`")]
    Missing {
        /// Its name.
        port: String,
    },
    /// The port has another width.
    #[error("port `{port}` has {found_bits} bits, the configuration asks for {wanted_bits}")]
    Width {
        /// Its name.
        port: String,
        /// The width that it has.
        found_bits: usize,
        /// The width that it should have.
        wanted_bits: usize,
    },
}

/// A port and the words of a record that it carries.
#[derive(Clone, Debug)]
pub struct Lane<P> {
    /// The port.
    pub port: P,
    /// Its place in a record.
    pub words: Range<usize>,
}

/// The ports of one stream.
#[derive(Clone, Debug)]
pub struct Stream<P> {
    /// `tvalid`.
    pub valid: P,
    /// `tready`.
    pub ready: P,
    /// `tlast`.
    pub last: P,
    /// All ports that are carried in whole words of a record.
    pub lanes: Vec<Lane<P>>,
    /// The records of this stream.
    pub shape: Shape,
}

/// The ports of a design with one input stream, one output stream, and perhaps a stream of reports.
#[derive(Clone, Debug)]
pub struct Wiring<P> {
    /// The stream `s_axis`, and with it the port `timestamp` where there is one.
    pub input: Stream<P>,
    /// The stream `m_axis`.
    pub output: Stream<P>,
    /// The stream `m_axis_report` of a design that has one: datagrams, on a bus of its own width.
    pub reports: Option<Stream<P>>,
}

impl<P: Copy> Wiring<P> {
    /// Looks up the ports that a design of this configuration has.
    pub fn new<E: Engine<Port = P>>(engine: &E, config: &Config) -> Result<Self, PortError> {
        Ok(Self {
            input: Stream::new(engine, config, "s_axis")?,
            output: Stream::new(engine, config, "m_axis")?,
            reports: Stream::reports(engine)?,
        })
    }
}

impl<P: Copy> Stream<P> {
    fn new<E: Engine<Port = P>>(
        engine: &E,
        config: &Config,
        prefix: &str,
    ) -> Result<Self, PortError> {
        let required =
            |signal: &str, wanted_bits: usize| required(engine, prefix, signal, wanted_bits);
        // Whether these are there is for the oracle to miss: a stripper has neither.
        let dest = engine.port(&format!("{prefix}_tdest"));
        let time = engine.port("timestamp").filter(|_| prefix == "s_axis");
        let width = |port: Option<P>| port.map_or(0, |port| engine.width(port));

        let (data_bits, user_bits) = (config.data_bits(), config.tuser_bits());
        let shape = Shape::new(data_bits, user_bits, width(dest), width(time));
        let mut lanes = vec![
            Lane {
                port: required("tdata", data_bits)?,
                words: shape.data.clone(),
            },
            Lane {
                port: required("tkeep", data_bits / 8)?,
                words: shape.keep.clone(),
            },
        ];
        if user_bits > 0 {
            lanes.push(Lane {
                port: required("tuser", user_bits)?,
                words: shape.user.clone(),
            });
        }
        lanes.extend(dest.map(|port| Lane {
            port,
            words: shape.dest.clone(),
        }));
        lanes.extend(time.map(|port| Lane {
            port,
            words: shape.time.clone(),
        }));
        Ok(Self {
            valid: required("tvalid", 1)?,
            ready: required("tready", 1)?,
            last: required("tlast", 1)?,
            lanes,
            shape,
        })
    }

    /// The stream of reports, which is as wide as the design makes it.
    fn reports<E: Engine<Port = P>>(engine: &E) -> Result<Option<Self>, PortError> {
        let prefix = "m_axis_report";
        let Some(data) = engine.port("m_axis_report_tdata") else {
            return Ok(None);
        };
        let data_bits = engine.width(data);
        let required =
            |signal: &str, wanted_bits: usize| required(engine, prefix, signal, wanted_bits);
        let shape = Shape::new(data_bits, 0, 0, 0);
        let lanes = [("tdata", data_bits), ("tkeep", data_bits / 8)]
            .into_iter()
            .zip([shape.data.clone(), shape.keep.clone()])
            .map(|((signal, bits), words)| required(signal, bits).map(|port| Lane { port, words }))
            .collect::<Result<_, _>>()?;
        Ok(Some(Self {
            valid: required("tvalid", 1)?,
            ready: required("tready", 1)?,
            last: required("tlast", 1)?,
            lanes,
            shape,
        }))
    }
}

/// A port that must be there, with this width.
fn required<E: Engine>(
    engine: &E,
    prefix: &str,
    signal: &str,
    wanted_bits: usize,
) -> Result<E::Port, PortError> {
    let port = format!("{prefix}_{signal}");
    let Some(found) = engine.port(&port) else {
        return Err(PortError::Missing { port });
    };
    match engine.width(found) {
        found_bits if found_bits == wanted_bits => Ok(found),
        found_bits => Err(PortError::Width {
            port,
            found_bits,
            wanted_bits,
        }),
    }
}
