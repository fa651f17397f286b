// Proof of the stripper: `BYTES` of the bus, `PREFIX` bytes to remove, `OVER` of them in their last beat if that also
// holds bytes of the frame.
module stripper_proof (
    input wire clock,
    input wire resetn,
    input wire mark,
    input wire pick,
    input wire [7:0] lane,
    input wire [8*`BYTES-1:0] s_data,
    input wire [`BYTES-1:0] s_keep,
    input wire s_valid,
    input wire s_last,
    input wire s_user,
    input wire m_ready
);
    wire started, s_ready, m_valid, m_last, m_user, waiting, waiting_user;
    wire [8*`BYTES-1:0] m_data;
    wire [`BYTES-1:0] m_keep;
    started_after_reset reset (.clock(clock), .resetn(resetn), .started(started));
    stripper dut (
        .axis_aclk(clock), .axis_resetn(resetn),
        .s_axis_tdata(s_data), .s_axis_tkeep(s_keep), .s_axis_tuser(s_user), .s_axis_tvalid(s_valid),
        .s_axis_tlast(s_last), .s_axis_tready(s_ready),
        .m_axis_tdata(m_data), .m_axis_tkeep(m_keep), .m_axis_tuser(m_user), .m_axis_tvalid(m_valid),
        .m_axis_tlast(m_last), .m_axis_tready(m_ready));
    offer #(.BYTES(`BYTES), .ASSUMED(1)) source (
        .clock(clock), .resetn(resetn), .started(started), .valid(s_valid), .ready(s_ready),
        .data(s_data), .keep(s_keep), .last(s_last), .side(s_user),
        .waiting(waiting), .waiting_side(waiting_user));
    offer #(.BYTES(`BYTES)) out (
        .clock(clock), .resetn(resetn), .started(started), .valid(m_valid), .ready(m_ready),
        .data(m_data), .keep(m_keep), .last(m_last), .side(m_user));

    wire open, begun, had_payload, tracked, ended, first_user, chosen;
    wire [7:0] due, ahead, wanted;
    wire [15:0] to_skip, owed, in_front;
    frame_tracker #(.BYTES(`BYTES), .REMOVED(`PREFIX), .IDLE(1)) frames (
        .clock(clock), .resetn(resetn), .started(started), .mark(mark), .pick(pick), .lane(lane),
        .in_valid(s_valid), .in_ready(s_ready), .in_data(s_data), .in_keep(s_keep), .in_last(s_last),
        .in_side(s_user),
        .out_valid(m_valid), .out_ready(m_ready), .out_data(m_data), .out_keep(m_keep), .out_last(m_last),
        .open(open), .begun(begun), .had_payload(had_payload), .to_skip(to_skip), .due(due),
        .tracked(tracked), .ahead(ahead), .ended(ended), .owed(owed), .first_side(first_user),
        .chosen(chosen), .in_front(in_front), .wanted(wanted));

    // Beats that hold prefix.
    localparam BEATS = (`PREFIX + `BYTES - 1) / `BYTES;
    localparam COUNT_BITS = $clog2((BEATS ? BEATS : 1) + 1);
    (* hierconn *) wire [COUNT_BITS-1:0] \dut.beat_count ;
    (* hierconn *) wire \dut.first_user ;
    wire [15:0] count = \dut.beat_count ;
`ifdef OVER
    localparam REST = `BYTES - `OVER;
    (* hierconn *) wire \dut.flushing ;
    (* hierconn *) wire [8*REST-1:0] \dut.held_data ;
    (* hierconn *) wire [REST-1:0] \dut.held_keep ;
    wire flushing = \dut.flushing ;
    wire [8*REST-1:0] held_data = \dut.held_data ;
    wire [REST-1:0] held_keep = \dut.held_keep ;
`else
    localparam REST = 1;
    wire flushing = 0;
    wire [7:0] held_data = 0;
    wire held_keep = 0;
`endif
    wire is_over = `PREFIX % `BYTES != 0;
    wire is_done = m_valid && m_last;
    // The frame that is coming in must come out.
    wire is_due = `PREFIX == 0 ? open : had_payload;
    wire is_mine = tracked && ahead == 0 && m_valid;
    reg [15:0] in_out, in_held;
    integer i;
    always @* begin
        in_out = 0;
        in_held = 0;
        for (i = 0; i < `BYTES; i = i + 1) in_out = in_out + (is_mine && m_keep[i]);
        for (i = 0; i < REST; i = i + 1) in_held = in_held + held_keep[i];
    end
    // The end of the frame that is followed waits in the held bytes.
    wire is_held = flushing && !(ahead == 0 && is_done);
    wire [15:0] place = in_front - in_out;
    wire [8*`BYTES-1:0] out_shifted = m_data >> 8 * in_front;
    wire [8*REST-1:0] held_shifted = held_data >> 8 * place;

    always @* if (started) begin
        user_of_first_beat: assert (!is_mine || m_user == first_user);
        accepts_when_it_can: assert (s_ready == (!m_valid || m_ready));

        helper_count: assert (count <= (BEATS ? BEATS : 1));
        helper_to_skip: assert (to_skip == (count * `BYTES < `PREFIX ? `PREFIX - count * `BYTES : 0));
        helper_begun: assert (begun == (count != 0));
        helper_open: assert (open == (begun || waiting));
        helper_payload: assert (is_over ? had_payload == (count == BEATS) : !had_payload || count == (BEATS ? BEATS : 1));
        helper_flushing: assert (!flushing || (count == 0 && held_keep[0] && (held_keep & (held_keep + 1'b1)) == 0));
        helper_held: assert (!is_over || !begun || &held_keep);
        helper_unfinished: assert (!(m_valid && !m_last) || had_payload || flushing);
        helper_due: assert (due == is_done + flushing + is_due);
        helper_chosen: assert (!chosen || (tracked && in_front < owed));
        if (tracked && !ended) begin
            helper_coming: assert (open && ahead == is_done + flushing);
            helper_coming_owed: assert (owed == (is_over && had_payload ? REST : 0) + in_out);
            helper_coming_user: assert ((begun ? \dut.first_user : waiting_user) == first_user);
        end
        if (tracked && ended) begin
            helper_leaving: assert (is_held ? ahead == is_done : ahead == 0 && is_done);
            helper_leaving_owed: assert (owed == (is_held ? in_held : 0) + in_out);
            helper_leaving_user: assert (!is_held || \dut.first_user == first_user);
        end
        if (chosen) helper_byte: assert ((in_front < in_out ? out_shifted[7:0] : held_shifted[7:0]) == wanted);
    end
endmodule
