// Proof of a whole sequencer, without a look inside: a bus of `BYTES`, a prefix of `PREFIX` bytes, `CORES` cores on
// `tdest`. There is one reset, and no byte is followed: that goes some cycles deeper.
module sequencer_proof (
    input wire clock,
    input wire resetn,
    input wire mark,
    input wire [8*`BYTES-1:0] s_data,
    input wire [`BYTES-1:0] s_keep,
    input wire s_valid,
    input wire s_last,
    input wire s_user,
    input wire m_ready
);
    wire started, s_ready, m_valid, m_last, m_user;
    always @* if (started) assume (resetn);
    wire [`CORE_BITS-1:0] m_dest;
    wire [8*`BYTES-1:0] m_data;
    wire [`BYTES-1:0] m_keep;
    started_after_reset reset (.clock(clock), .resetn(resetn), .started(started));
    seqnic_sequencer dut (
        .axis_aclk(clock), .axis_resetn(resetn),
        .s_axis_tdata(s_data), .s_axis_tkeep(s_keep), .s_axis_tuser(s_user), .s_axis_tvalid(s_valid),
        .s_axis_tlast(s_last), .s_axis_tready(s_ready),
        .m_axis_tdata(m_data), .m_axis_tkeep(m_keep), .m_axis_tuser(m_user), .m_axis_tdest(m_dest),
        .m_axis_tvalid(m_valid), .m_axis_tlast(m_last), .m_axis_tready(m_ready));
    offer #(.BYTES(`BYTES), .ASSUMED(1)) source (
        .clock(clock), .resetn(resetn), .started(started), .valid(s_valid), .ready(s_ready),
        .data(s_data), .keep(s_keep), .last(s_last), .side(s_user));
    offer #(.BYTES(`BYTES), .SIDE(`CORE_BITS + 1)) out (
        .clock(clock), .resetn(resetn), .started(started), .valid(m_valid), .ready(m_ready),
        .data(m_data), .keep(m_keep), .last(m_last), .side({m_dest, m_user}));

    wire tracked, first_user;
    wire [7:0] ahead;
    frame_tracker #(.BYTES(`BYTES), .ADDED(`PREFIX), .IDLE(`IDLE), .CONTENT(0)) frames (
        .clock(clock), .resetn(resetn), .started(started), .mark(mark), .pick(1'b0), .lane(8'd0),
        .in_valid(s_valid), .in_ready(s_ready), .in_data(s_data), .in_keep(s_keep), .in_last(s_last),
        .in_side(s_user),
        .out_valid(m_valid), .out_ready(m_ready), .out_data(m_data), .out_keep(m_keep), .out_last(m_last),
        .tracked(tracked), .ahead(ahead), .first_side(first_user));

    reg [`CORE_BITS-1:0] turn;
    always @(posedge clock)
        turn <= !resetn ? 0 : !(m_valid && m_ready && m_last) ? turn : turn == `CORES - 1 ? 0 : turn + 1'b1;
    always @* if (started) begin
        round_robin: assert (!m_valid || m_dest == turn);
        user_of_first_beat: assert (!(tracked && ahead == 0 && m_valid) || m_user == first_user);
    end
endmodule
