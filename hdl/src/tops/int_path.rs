//! What all INT nodes that change frames have in common: the editor, and the parser that watches what goes into it.

use std::sync::Arc;

use seqnic_spec::Config;
use seqnic_spec::int::{Encapsulation, Int, IntMode, kind};

use super::block_name;
use crate::blocks::axis::{self, Beat, Shape, SlavePort};
use crate::blocks::fifo::{FifoSpec, fifo};
use crate::blocks::frame_editor::{Command, EditorSpec, frame_editor};
use crate::blocks::header_window::{Wanted, header_window};
use crate::blocks::int_parser::int_parser;
use crate::blocks::skid_buffer::skid_buffer;
use crate::rtl::{Design, Direction, Expr, Instance, MemoryStyle, Module, RtlError};

/// Frames between their first beat and the cycle in which they are parsed, at most, and more.
const FRAMES_AHEAD: usize = 16;

/// The editor in a node, fed with its frames, and the parser beside it.
pub(super) struct IntPath {
    editor: Instance,
    spec: EditorSpec,
    parser: Instance,
    parser_design: Arc<Design>,
    /// `tuser` of the frame that is parsed.
    user: Option<Expr>,
    /// What goes into the editor.
    pub beat: Beat,
    /// It is accepted.
    pub accept: Expr,
}

impl IntPath {
    /// Declares the ports `s_axis_*`.
    pub(super) fn new(
        m: &mut Module,
        config: &Config,
        node: &Int,
        spec: EditorSpec,
    ) -> Result<Self, RtlError> {
        let shape = shape(config);
        let input = SlavePort::declare(m, "s_axis", shape);
        let (beat, valid, ready) = input_slice(m, config, input)?;
        let editor = m.instance(
            "frame_editor",
            &frame_editor(&block_name(config, "frame_editor"), &spec)?,
        );
        let bare = Beat {
            user: None,
            ..beat.clone()
        };
        let editor_ready = axis::connect_slave(m, editor, "s_axis", &bare, &valid);
        m.drive(&ready, editor_ready);

        let accept = m.output_from(editor, "accept");
        let wanted = Wanted {
            time: false,
            length: false,
            first: beat.user.is_some(),
        };
        let window = header_window(
            &block_name(config, "header_window"),
            config.data_bits(),
            wanted,
        )?;
        let window = m.instance("header_window", &window);
        let ports = [
            ("accept", &accept),
            ("tdata", &beat.data),
            ("tkeep", &beat.keep),
            ("tlast", &beat.last),
        ];
        for (port, value) in ports {
            m.connect(window, port, value);
        }
        let encapsulation = node.encapsulation().unwrap_or(Encapsulation::Port(0));
        let kind = match node.mode() {
            IntMode::Mx => kind::MX,
            _ => kind::MD,
        };
        let parser_design = int_parser(&block_name(config, "int_parser"), encapsulation, kind)?;
        let parser = m.instance("int_parser", &parser_design);
        for port in ["header_valid", "window", "window_keep"] {
            let value = m.output_from(window, port);
            m.connect(parser, port, value);
        }
        let user = match &beat.user {
            None => None,
            Some(user) => {
                let spec = FifoSpec {
                    style: MemoryStyle::Distributed,
                    depth_words: FRAMES_AHEAD,
                    width_bits: user.width(),
                    latency_cycles: 1,
                    refuses: false,
                };
                let users = m.instance(
                    "user_queue",
                    &fifo(&block_name(config, "user_queue"), spec)?,
                );
                let first = m.output_from(window, "first_beat");
                let parsed = m.output_from(parser, "parsed");
                m.connect(users, "s_data", user);
                m.connect(users, "s_valid", first);
                m.connect(users, "m_ready", parsed);
                Some(m.output_from(users, "m_data"))
            }
        };
        Ok(Self {
            editor,
            spec,
            parser,
            parser_design,
            user,
            beat,
            accept,
        })
    }

    /// An output of the parser.
    pub(super) fn parsed(&self, m: &mut Module, port: &str) -> Expr {
        m.output_from(self.parser, port)
    }

    /// Connects the inputs of a block that are called as outputs of the parser, and `user`.
    pub(super) fn connect(&self, m: &mut Module, block: Instance, design: &Design) {
        let known: Vec<String> = self.parser_design.ports().map(|port| port.name).collect();
        for port in design.ports() {
            match (port.direction, &self.user) {
                (Direction::Input, Some(user)) if port.name == "user" => {
                    m.connect(block, "user", user)
                }
                (Direction::Input, _) if known.contains(&port.name) => {
                    let value = m.output_from(self.parser, &port.name);
                    m.connect(block, &port.name, value);
                }
                _ => {}
            }
        }
    }

    /// Has the editor do as a block says, and drives the ports `m_axis_*`.
    pub(super) fn finish(
        self,
        m: &mut Module,
        config: &Config,
        block: Instance,
    ) -> Result<(), RtlError> {
        let Self { editor, spec, .. } = self;
        Command::pass(m, block, editor, &spec);
        let out_ready = m.input("m_axis_tready", 1);
        let shape = shape(config);
        let (mut beat, mut valid) = axis::master_of(m, editor, "m_axis", shape);
        if config.pipeline().output_skid {
            let skid = m.instance(
                "output_skid",
                &skid_buffer(&block_name(config, "output_skid"), shape)?,
            );
            let ready = axis::connect_slave(m, skid, "s_axis", &beat, &valid);
            m.connect(editor, "m_axis_tready", ready);
            m.connect(skid, "m_axis_tready", out_ready);
            (beat, valid) = axis::master_of(m, skid, "m_axis", shape);
        } else {
            m.connect(editor, "m_axis_tready", out_ready);
        }
        axis::drive_master_port(m, "m_axis", &beat, &valid);
        Ok(())
    }
}

/// The streams of a node.
fn shape(config: &Config) -> Shape {
    Shape {
        data_bits: config.data_bits(),
        user_bits: config.tuser_bits(),
        dest_bits: 0,
    }
}

/// The input, behind a skid buffer if there is one, and its `tready`, to be driven.
fn input_slice(
    m: &mut Module,
    config: &Config,
    input: SlavePort,
) -> Result<(Beat, Expr, Expr), RtlError> {
    if !config.pipeline().input_skid {
        return Ok((input.beat, input.valid, input.ready));
    }
    let shape = shape(config);
    let skid = m.instance(
        "input_skid",
        &skid_buffer(&block_name(config, "input_skid"), shape)?,
    );
    let skid_ready = axis::connect_slave(m, skid, "s_axis", &input.beat, &input.valid);
    m.drive(&input.ready, &skid_ready);
    let (beat, valid) = axis::master_of(m, skid, "m_axis", shape);
    let ready = m.forward("ready", 1);
    m.connect(skid, "m_axis_tready", &ready);
    Ok((beat, valid, ready))
}
