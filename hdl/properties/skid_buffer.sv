// Proof of the skid buffer.
module skid_buffer_proof (
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
    wire [8*`BYTES-1:0] m_data;
    wire [`BYTES-1:0] m_keep;
    started_after_reset reset (.clock(clock), .resetn(resetn), .started(started));
    skid_buffer dut (
        .axis_aclk(clock), .axis_resetn(resetn),
        .s_axis_tdata(s_data), .s_axis_tkeep(s_keep), .s_axis_tuser(s_user), .s_axis_tvalid(s_valid),
        .s_axis_tlast(s_last), .s_axis_tready(s_ready),
        .m_axis_tdata(m_data), .m_axis_tkeep(m_keep), .m_axis_tuser(m_user), .m_axis_tvalid(m_valid),
        .m_axis_tlast(m_last), .m_axis_tready(m_ready));
    offer #(.BYTES(`BYTES), .ASSUMED(1)) source (
        .clock(clock), .resetn(resetn), .started(started), .valid(s_valid), .ready(s_ready),
        .data(s_data), .keep(s_keep), .last(s_last), .side(s_user));
    offer #(.BYTES(`BYTES)) out (
        .clock(clock), .resetn(resetn), .started(started), .valid(m_valid), .ready(m_ready),
        .data(m_data), .keep(m_keep), .last(m_last), .side(m_user));

    localparam BITS = 9 * `BYTES + 2;
    wire in_fire = s_valid && s_ready, out_fire = m_valid && m_ready, tracked;
    wire [BITS-1:0] m_beat = {m_user, m_last, m_keep, m_data}, wanted;
    wire [7:0] stored, ahead;
    word_tracker #(.BITS(BITS), .CAPACITY(2)) beats (
        .clock(clock), .resetn(resetn), .started(started), .mark(mark),
        .in_fire(in_fire), .in_word({s_user, s_last, s_keep, s_data}),
        .out_valid(m_valid), .out_fire(out_fire), .out_word(m_beat),
        .stored(stored), .tracked(tracked), .ahead(ahead), .wanted(wanted));

    // Frames whose last beat is inside.
    reg [7:0] frames;
    always @(posedge clock)
        frames <= resetn ? frames + (in_fire && s_last) - (out_fire && m_last) : 8'd0;

    (* hierconn *) wire [BITS-1:0] \dut.spare ;
    wire [BITS-1:0] spare = \dut.spare ;
    wire [`BYTES-1:0] spare_keep = spare[9*`BYTES-1:8*`BYTES];
    wire spare_last = spare[9*`BYTES];
    always @* if (started) begin
        one_tlast: assert (!m_valid || !m_last || frames != 0);
        no_frame_lost: assert (stored != 0 || frames == 0);
        offers_what_it_holds: assert (m_valid == (stored != 0));
        accepts_when_it_can: assert (s_ready == (stored != 2));

        helper_inside: assert (stored == m_valid + !s_ready);
        helper_frames: assert (frames == (m_valid && m_last) + (!s_ready && spare_last));
        helper_spare: assert (!(tracked && ahead == 1) || spare == wanted);
        helper_spare_legal: assert (s_ready || (spare_keep[0] && (spare_keep & (spare_keep + 1'b1)) == 0
            && (spare_last || &spare_keep)));
    end
endmodule
