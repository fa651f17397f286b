// Proof of the prefix inserter: `BYTES` of the bus, a prefix of `PREFIX` bytes, `OVER` of them in its last word if that
// has room for bytes of the frame. History, side-band and core number come from the environment. Beats are cut in two
// here, and one rest waits until the inserter takes it, as in the queues of a sequencer.
module prefix_inserter_proof (
    input wire clock,
    input wire resetn,
    input wire mark,
    input wire pick,
    input wire [7:0] lane,
    input wire [8*`BYTES-1:0] s_data,
    input wire [`BYTES-1:0] s_keep,
    input wire s_valid,
    input wire s_last,
    input wire side,
    input wire core,
    input wire [8*`BYTES-1:0] word,
    input wire start_ready,
    input wire m_ready
);
    localparam BEATS = (`PREFIX + `BYTES - 1) / `BYTES;
    localparam INDEX_BITS = BEATS > 1 ? $clog2(BEATS) : 1;
    wire started, s_ready, m_valid, m_last, m_user, m_dest, waiting, frame_done, fire;
    wire [8*`BYTES-1:0] m_data;
    wire [`BYTES-1:0] m_keep;
    wire [INDEX_BITS-1:0] word_index, word_next;
    started_after_reset reset (.clock(clock), .resetn(resetn), .started(started));
`ifdef OVER
    localparam FRONT = `BYTES - `OVER;
    wire rest_ready;
    wire spills = s_keep[FRONT];
    wire cuts = s_valid && s_ready && spills;
    reg has_rest;
    reg [8*`OVER-1:0] rest_data;
    reg [`OVER-1:0] rest_keep;
    always @(posedge clock) begin
        has_rest <= resetn && (cuts || (has_rest && !rest_ready));
        if (cuts) {rest_data, rest_keep} <= {s_data[8*`BYTES-1:8*FRONT], s_keep[`BYTES-1:FRONT]};
    end
`else
    localparam FRONT = `BYTES;
`endif
    prefix_inserter dut (
        .axis_aclk(clock), .axis_resetn(resetn),
        .front_data(s_data[8*FRONT-1:0]), .front_keep(s_keep[FRONT-1:0]), .front_valid(s_valid), .front_last(s_last),
        .front_ready(s_ready),
`ifdef OVER
        .front_spills(spills), .rest_data(rest_data), .rest_keep(rest_keep), .rest_ready(rest_ready),
`endif
        .side(side), .core(core), .word(word), .start_ready(start_ready),
        .m_axis_tdata(m_data), .m_axis_tkeep(m_keep), .m_axis_tuser(m_user), .m_axis_tdest(m_dest),
        .m_axis_tvalid(m_valid), .m_axis_tlast(m_last), .m_axis_tready(m_ready),
`ifdef MANY
        .word_index(word_index), .word_next(word_next),
`endif
        .frame_done(frame_done), .fire(fire));
    offer #(.BYTES(`BYTES), .ASSUMED(1)) source (
        .clock(clock), .resetn(resetn), .started(started), .valid(s_valid), .ready(s_ready),
        .data(s_data), .keep(s_keep), .last(s_last), .side(1'b0), .waiting(waiting));
    offer #(.BYTES(`BYTES), .SIDE(2)) out (
        .clock(clock), .resetn(resetn), .started(started), .valid(m_valid), .ready(m_ready),
        .data(m_data), .keep(m_keep), .last(m_last), .side({m_dest, m_user}));

    wire open, begun, had_payload, tracked, ended, chosen;
    wire [7:0] due, ahead, wanted;
    wire [15:0] owed, in_front;
    frame_tracker #(.BYTES(`BYTES), .ADDED(`PREFIX)) frames (
        .clock(clock), .resetn(resetn), .started(started), .mark(mark), .pick(pick), .lane(lane),
        .in_valid(s_valid), .in_ready(s_ready), .in_data(s_data), .in_keep(s_keep), .in_last(s_last),
        .in_side(1'b0),
        .out_valid(m_valid), .out_ready(m_ready), .out_data(m_data), .out_keep(m_keep), .out_last(m_last),
        .open(open), .begun(begun), .due(due),
        .tracked(tracked), .ahead(ahead), .ended(ended), .owed(owed),
        .chosen(chosen), .in_front(in_front), .wanted(wanted));

    // The environment holds side-band and core number from the first word of a prefix until `frame_done`.
    reg busy;
    reg [1:0] side_before;
    wire [1:0] side_now = {core, side};
    wire [1:0] m_side = {m_dest, m_user};
    always @(posedge clock) begin
        busy <= resetn && (busy || fire) && !frame_done;
        side_before <= side_now;
    end
    always @* if (started && busy) assume (side_now == side_before);

    // The side-band of the beats of the output frame that have left.
    reg midway;
    reg [1:0] side_shown;
    // The prefix word that comes next; frames that are done and have not left.
    reg [INDEX_BITS-1:0] next_index;
    reg [7:0] done;
    // The inserter could move on in the cycle before, and said that this would be the next index.
    reg could_move, was_reset;
    reg [INDEX_BITS-1:0] index_said;
    // What went into the beat on the output: side-band, and a word of the prefix, if so.
    reg [1:0] side_taken;
    reg prefix_taken;
    reg [INDEX_BITS-1:0] index_taken;
    reg [8*`BYTES-1:0] word_taken;
    always @(posedge clock) begin
        was_reset <= !resetn;
        index_said <= word_next;
        if (!m_valid || m_ready) begin
            side_taken <= side_now;
            prefix_taken <= fire;
            index_taken <= word_index;
            word_taken <= word;
        end
        if (m_valid && m_ready) side_shown <= m_side;
        midway <= resetn && (m_valid && m_ready ? !m_last : midway);
        next_index <= !resetn ? 0 : fire ? (word_index == BEATS - 1 ? 0 : word_index + 1'b1) : next_index;
        done <= resetn ? done + frame_done - (m_valid && m_ready && m_last) : 8'd0;
        could_move <= resetn && s_valid && start_ready;
    end

`ifdef MANY
    (* hierconn *) wire [INDEX_BITS-1:0] \dut.word_count ;
    wire [15:0] count = \dut.word_count ;
`else
    assign word_index = 0;
    assign word_next = 0;
    wire [15:0] count = 0;
`endif
    (* hierconn *) wire \dut.in_payload ;
    wire in_payload = \dut.in_payload ;
`ifdef OVER
    (* hierconn *) wire \dut.flushing ;
    wire flushing = \dut.flushing ;
    localparam CARRIED = `OVER;
`else
    wire flushing = 0;
    wire has_rest = in_payload, rest_ready = in_payload, cuts = 0;
    wire [7:0] rest_data = 0;
    wire rest_keep = 0;
    localparam CARRIED = 1;
`endif
    integer i;
    // The prefix is zeros and then the byte of the row.
    reg is_prefix;
    always @* begin
        is_prefix = 1;
        for (i = 0; i < `BYTES; i = i + 1)
            if (index_taken * `BYTES + i < `PREFIX)
                is_prefix = is_prefix && m_data[8*i +: 8]
                    == (index_taken * `BYTES + i == `PREFIX - 1 ? word_taken[8*i +: 8] : 8'h00);
    end
    wire is_over = `PREFIX % `BYTES != 0;
    wire is_done = (m_valid && m_last) || flushing;
    wire is_mine = tracked && ahead == 0 && m_valid;
    reg [15:0] in_out, in_rest;
    always @* begin
        in_out = 0;
        in_rest = 0;
        for (i = 0; i < `BYTES; i = i + 1) in_out = in_out + (is_mine && m_keep[i]);
        if (is_over && (in_payload || flushing))
            for (i = 0; i < CARRIED; i = i + 1) in_rest = in_rest + rest_keep[i];
    end
    wire [15:0] place = in_front - in_out;
    wire [8*`BYTES-1:0] out_shifted = m_data >> 8 * in_front;
    wire [8*CARRIED-1:0] rest_shifted = rest_data >> 8 * place;

    always @* if (started) begin
        prefix_word: assert (!(m_valid && prefix_taken) || is_prefix);
        index_as_said: assert (was_reset || word_index == index_said);
        side_band_of_frame: assert (!m_valid || m_side == side_taken);
        side_band_constant: assert (!(midway && m_valid) || m_side == side_shown);
        frame_done_once: assert (done == (m_valid && m_last));
        words_in_order: assert (!fire || word_index == next_index);
        starts_when_it_may: assert (!(fire && word_index == 0) || (s_valid && start_ready));
        no_bubble: assert (!could_move || m_valid);
        rest_taken_once: assert (!rest_ready || has_rest);
        rest_taken_in_time: assert (!(cuts && has_rest) || rest_ready);

        helper_count: assert (count < BEATS && next_index == count);
        helper_phases: assert (!(flushing && in_payload) && !(count != 0 && (flushing || in_payload)));
        helper_open: assert (open == (begun || waiting));
        helper_begun: assert (is_over ? begun == in_payload : !begun || in_payload);
        helper_in_frame: assert (!(count != 0 || in_payload) || (open && !is_done));
        helper_rest: assert (has_rest == (in_payload || flushing));
        helper_flushing: assert (!flushing || (m_valid && !m_last && rest_keep[0] && (rest_keep & (rest_keep + 1'b1)) == 0));
        helper_whole_rest: assert (!is_over || !in_payload || &rest_keep);
        helper_unfinished: assert (!(m_valid && !m_last) || flushing || in_payload || count != 0);
        helper_busy: assert (busy == (flushing || in_payload || count != 0));
        helper_side: assert (!(m_valid && !m_last) || m_side == side_before);
        helper_side_inside: assert (!midway || (busy ? side_shown == side_before : m_valid && m_last));
        helper_due: assert (due == is_done + open);
        helper_chosen: assert (!chosen || (tracked && in_front < owed));
        if (tracked && !ended) begin
            helper_coming: assert (open && ahead == is_done && (begun || !chosen));
            helper_coming_owed: assert (owed == in_out + (in_payload ? in_rest : `PREFIX - count * `BYTES));
        end
        if (tracked && ended) begin
            helper_leaving: assert (ahead == 0 && is_done && m_valid);
            helper_leaving_owed: assert (owed == in_out + in_rest);
        end
        if (chosen) helper_byte: assert ((in_front < in_out ? out_shifted[7:0] : rest_shifted[7:0]) == wanted);
    end
endmodule
