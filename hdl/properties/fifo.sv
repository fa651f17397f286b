// Proof of the FIFO, with 4 words. `LATENCY` is 1 or 2; with `REFUSES` it has `s_ready`; with `BLOCK` its first word
// stands in the output register of a block RAM.
module fifo_proof (
    input wire clock,
    input wire resetn,
    input wire mark,
    input wire [`BITS-1:0] s_data,
    input wire s_valid,
    input wire m_ready
);
    localparam DEPTH = 4;
`ifdef BLOCK
    localparam IN_REGISTER = 1;
`else
    localparam IN_REGISTER = 0;
`endif
    wire started, m_valid, tracked;
    wire [`BITS-1:0] m_data, wanted;
    wire [7:0] stored, ahead;
    wire in_register = IN_REGISTER && m_valid;
    wire [7:0] in_memory = stored - in_register;
    started_after_reset reset (.clock(clock), .resetn(resetn), .started(started));
`ifdef REFUSES
    wire s_ready;
`else
    // Who fills it knows that there is room.
    wire s_ready = 1;
    always @* assume (!s_valid || in_memory != DEPTH || m_ready);
`endif
    fifo dut (
        .axis_aclk(clock), .axis_resetn(resetn), .s_data(s_data), .s_valid(s_valid),
`ifdef REFUSES
        .s_ready(s_ready),
`endif
        .m_data(m_data), .m_valid(m_valid), .m_ready(m_ready));
    // Who empties it takes only what is there.
    always @* assume (m_valid || !m_ready);

    word_tracker #(.BITS(`BITS), .CAPACITY(DEPTH + IN_REGISTER)) words (
        .clock(clock), .resetn(resetn), .started(started), .mark(mark),
        .in_fire(s_valid && s_ready), .in_word(s_data),
        .out_valid(m_valid), .out_fire(m_ready), .out_word(m_data),
        .stored(stored), .tracked(tracked), .ahead(ahead), .wanted(wanted));

    reg waiting, pushed;
    reg [`BITS-1:0] offered;
    always @(posedge clock) begin
        waiting <= resetn && m_valid && !m_ready;
        offered <= m_data;
        pushed <= resetn && s_valid && s_ready;
    end
    // Words that may be seen.
    wire [7:0] visible = `LATENCY == 1 ? stored : stored - pushed;

    (* hierconn *) wire [2:0] \dut.tail , \dut.head ;
    (* hierconn *) wire [`BITS-1:0] \dut.words[0] , \dut.words[1] , \dut.words[2] , \dut.words[3] ;
    wire [4*`BITS-1:0] memory = { \dut.words[3] , \dut.words[2] , \dut.words[1] , \dut.words[0] };
    wire [2:0] level = \dut.tail - \dut.head ;
    wire [1:0] place = \dut.head + ahead - in_register;
    wire [`BITS-1:0] placed = in_register && ahead == 0 ? m_data : memory >> place * `BITS;
    always @* if (started) begin
        valid_held: assert (!waiting || m_valid);
        word_stable: assert (!(waiting && m_valid) || m_data == offered);
        offers_what_it_holds: assert (m_valid == (visible != 0));
`ifdef REFUSES
        accepts_until_full: assert (s_ready == (in_memory != DEPTH));
`endif

        helper_level: assert (in_memory == level);
        helper_place: assert (!tracked || placed == wanted);
        helper_pushed: assert (!pushed || in_memory != 0);
    end
`ifdef LATE
    (* hierconn *) wire [2:0] \dut.tail_before ;
    wire [2:0] behind = \dut.tail - \dut.tail_before ;
    always @* if (started) helper_tail_before: assert (behind == pushed);
`endif
endmodule
