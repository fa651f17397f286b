@HEADER@
`default_nettype none

module @NAME@_bench;
    localparam DATA_BITS = @DATA_BITS@;
    localparam KEEP_BITS = DATA_BITS / 8;
?tuser     localparam USER_BITS = @USER_BITS@;
?tdest     localparam DEST_BITS = @DEST_BITS@;

    // A line of stimulus.hex is an input beat, and one of expected.hex an output beat: the fields of
    // a beat, each of whole hex digits, the lowest bits last. Byte 0 of a beat is DATA[7:0].
    localparam KEEP = DATA_BITS;
?tuser     localparam USER = @USER_AT@;
?timestamp     localparam TIMESTAMP = @TIME_AT@;
    localparam INPUT_LAST = @INPUT_LAST_AT@;
    localparam INPUT_BITS = INPUT_LAST + 4;
?tdest     localparam DEST = @DEST_AT@;
    localparam OUTPUT_LAST = @OUTPUT_LAST_AT@;
    localparam OUTPUT_BITS = OUTPUT_LAST + 4;

    localparam INPUT_BEATS = @INPUT_BEATS@;
    localparam OUTPUT_BEATS = @OUTPUT_BEATS@;
?reports 
?reports     // A line of reports.hex is a beat of the stream of reports, in the same form.
?reports     localparam REPORT_DATA_BITS = @REPORT_BITS@;
?reports     localparam REPORT_KEEP_BITS = REPORT_DATA_BITS / 8;
?reports     localparam REPORT_LAST = REPORT_DATA_BITS + REPORT_KEEP_BITS;
?reports     localparam REPORT_BITS = REPORT_LAST + 4;
?reports     localparam REPORT_BEATS = @REPORT_BEATS@;
?reports     localparam REPORT_LINES = @REPORT_LINES@;
    // Lines of idle.hex and stall.hex, of 64 cycles each, the first one in bit 0. After them nothing
    // pauses.
    localparam PAUSE_LINES = @PAUSE_LINES@;

    localparam RESET_CYCLES = 8;
    // Cycles with a ready sink: so many in which nothing must come out at the end, and so many in
    // which something must move before that.
    localparam QUIET_CYCLES = @QUIET_CYCLES@;
    localparam WATCHDOG_CYCLES = @WATCHDOG_CYCLES@;

    reg [INPUT_BITS-1:0] stimulus [0:INPUT_BEATS-1];
    reg [OUTPUT_BITS-1:0] expected [0:OUTPUT_BEATS-1];
    reg [63:0] idle [0:PAUSE_LINES-1];
    reg [63:0] stall [0:PAUSE_LINES-1];
?reports     reg [REPORT_BITS-1:0] reports [0:REPORT_LINES-1];
?reports     reg [63:0] report_stall [0:PAUSE_LINES-1];

    reg axis_aclk = 1'b0;
    reg axis_resetn = 1'b0;
    reg [DATA_BITS-1:0] s_axis_tdata;
    reg [KEEP_BITS-1:0] s_axis_tkeep;
?tuser     reg [USER_BITS-1:0] s_axis_tuser;
    reg s_axis_tvalid = 1'b0;
    reg s_axis_tlast;
    wire s_axis_tready;
    wire [DATA_BITS-1:0] m_axis_tdata;
    wire [KEEP_BITS-1:0] m_axis_tkeep;
?tuser     wire [USER_BITS-1:0] m_axis_tuser;
?tdest     wire [DEST_BITS-1:0] m_axis_tdest;
    wire m_axis_tvalid;
    wire m_axis_tlast;
    reg m_axis_tready = 1'b0;
?timestamp     reg [63:0] timestamp;
?reports     wire [REPORT_DATA_BITS-1:0] m_axis_report_tdata;
?reports     wire [REPORT_KEEP_BITS-1:0] m_axis_report_tkeep;
?reports     wire m_axis_report_tvalid;
?reports     wire m_axis_report_tlast;
?reports     reg m_axis_report_tready = 1'b0;
?flowradar     // From this cycle on the export of the last epoch is asked for.
?flowradar     localparam SWAP_CYCLE = @SWAP_CYCLE@;
?flowradar     reg flowradar_swap = 1'b0;

    @DESIGN@ dut (
        .axis_aclk(axis_aclk),
        .axis_resetn(axis_resetn),
        .s_axis_tdata(s_axis_tdata),
        .s_axis_tkeep(s_axis_tkeep),
?tuser         .s_axis_tuser(s_axis_tuser),
        .s_axis_tvalid(s_axis_tvalid),
        .s_axis_tlast(s_axis_tlast),
        .s_axis_tready(s_axis_tready),
        .m_axis_tdata(m_axis_tdata),
        .m_axis_tkeep(m_axis_tkeep),
?tuser         .m_axis_tuser(m_axis_tuser),
?tdest         .m_axis_tdest(m_axis_tdest),
        .m_axis_tvalid(m_axis_tvalid),
        .m_axis_tlast(m_axis_tlast),
?timestamp         .timestamp(timestamp),
?control         .s_axi_awaddr(12'd0),
?control         .s_axi_awvalid(1'b0),
?control         .s_axi_awready(),
?control         .s_axi_wdata(32'd0),
?control         .s_axi_wstrb(4'd0),
?control         .s_axi_wvalid(1'b0),
?control         .s_axi_wready(),
?control         .s_axi_bresp(),
?control         .s_axi_bvalid(),
?control         .s_axi_bready(1'b0),
?control         .s_axi_araddr(12'd0),
?control         .s_axi_arvalid(1'b0),
?control         .s_axi_arready(),
?control         .s_axi_rdata(),
?control         .s_axi_rresp(),
?control         .s_axi_rvalid(),
?control         .s_axi_rready(1'b0),
?flowradar         .flowradar_swap(flowradar_swap),
?flowradar         .flowradar_recording(),
?flowradar         .flowradar_overrun(),
?flowradar         .flowradar_epoch(),
?flowradar         .flowradar_missed(),
?int         .reports_dropped(),
?reports         .m_axis_report_tdata(m_axis_report_tdata),
?reports         .m_axis_report_tkeep(m_axis_report_tkeep),
?reports         .m_axis_report_tvalid(m_axis_report_tvalid),
?reports         .m_axis_report_tlast(m_axis_report_tlast),
?reports         .m_axis_report_tready(m_axis_report_tready),
        .m_axis_tready(m_axis_tready)
    );

    // What comes out, as a line of expected.hex.
    reg [OUTPUT_BITS-1:0] actual;

    always @(*) begin
        actual = {OUTPUT_BITS{1'b0}};
        actual[DATA_BITS-1:0] = m_axis_tdata;
        actual[KEEP +: KEEP_BITS] = m_axis_tkeep;
?tuser         actual[USER +: USER_BITS] = m_axis_tuser;
?tdest         actual[DEST +: DEST_BITS] = m_axis_tdest;
        actual[OUTPUT_LAST] = m_axis_tlast;
    end

?reports     // A beat of the reports, as a line of reports.hex.
?reports     reg [REPORT_BITS-1:0] actual_report;
?reports 
?reports     always @(*) begin
?reports         actual_report = {REPORT_BITS{1'b0}};
?reports         actual_report[REPORT_DATA_BITS-1:0] = m_axis_report_tdata;
?reports         actual_report[REPORT_DATA_BITS +: REPORT_KEEP_BITS] = m_axis_report_tkeep;
?reports         actual_report[REPORT_LAST] = m_axis_report_tlast;
?reports     end
?reports 
    integer cycle = 0;        // counted from the release of reset
    integer reset_left = RESET_CYCLES;
    integer sent = 0;         // accepted input beats
    integer received = 0;     // accepted output beats
    integer frame = 0;        // the output frame, and the beat of it, that comes next
    integer frame_beat = 0;
?reports     integer reported = 0;     // accepted beats of the reports
?reports     reg report_stalled = 1'b0;
?reports     reg [REPORT_BITS-1:0] report_beat;
?reports     reg [REPORT_BITS-1:0] stalled_report;
    integer waited = 0;       // cycles with a ready sink since the last transfer
    reg offered = 1'b0;
    reg stalled = 1'b0;       // an output beat was offered in the cycle before, and not accepted
    reg done = 1'b0;
    reg [63:0] pauses;
    reg [INPUT_BITS-1:0] input_beat;
    reg [OUTPUT_BITS-1:0] expected_beat;
    reg [OUTPUT_BITS-1:0] stalled_beat;
    integer i;
    integer first;

    initial begin
`ifdef WAVE
        $dumpfile("bench/@NAME@_bench.vcd");
        $dumpvars(0, @NAME@_bench);
`endif
        $readmemh("bench/stimulus.hex", stimulus);
        $readmemh("bench/expected.hex", expected);
        $readmemh("bench/idle.hex", idle);
        $readmemh("bench/stall.hex", stall);
?reports         $readmemh("bench/reports.hex", reports);
?reports         $readmemh("bench/report_stall.hex", report_stall);
    end

    always #2 axis_aclk = ~axis_aclk;

    // At an edge the cycle before it is over: its signals are looked at, and those of the next cycle
    // are driven. In cycle 0 reset is high for the first time.
    always @(posedge axis_aclk) begin
        if (reset_left > 0) begin
            reset_left = reset_left - 1;
            if (reset_left == 0) begin
                axis_resetn <= 1'b1;
                drive;
            end
        end else if (!done) begin
            if (m_axis_tready) waited = waited + 1;
            look_at_output;
            if (!done) look_at_input;
?reports             if (!done) look_at_reports;
            if (!done) look_at_time;
            cycle = cycle + 1;
            drive;
        end
    end

    // The input and the readiness of the sink. An offered beat stays until it is accepted.
    task drive;
        begin
            if (!offered) begin
                pauses = 64'd0;
                if (cycle / 64 < PAUSE_LINES) pauses = idle[cycle / 64];
                offered = sent < INPUT_BEATS && !pauses[cycle % 64];
                if (offered) input_beat = stimulus[sent];
                // Nothing must depend on a beat that is not offered.
                else input_beat = {INPUT_BITS{1'bx}};
                s_axis_tvalid <= offered;
                s_axis_tdata <= input_beat[DATA_BITS-1:0];
                s_axis_tkeep <= input_beat[KEEP +: KEEP_BITS];
?tuser                 s_axis_tuser <= input_beat[USER +: USER_BITS];
?timestamp                 timestamp <= input_beat[TIMESTAMP +: 64];
                s_axis_tlast <= input_beat[INPUT_LAST];
            end
            pauses = 64'd0;
            if (cycle / 64 < PAUSE_LINES) pauses = stall[cycle / 64];
            m_axis_tready <= !pauses[cycle % 64];
?reports             pauses = 64'd0;
?reports             if (cycle / 64 < PAUSE_LINES) pauses = report_stall[cycle / 64];
?reports             m_axis_report_tready <= !pauses[cycle % 64];
?flowradar             flowradar_swap <= cycle >= SWAP_CYCLE;
        end
    endtask

    task look_at_input;
        begin
            if (s_axis_tready !== 1'b0 && s_axis_tready !== 1'b1) begin
                $display("cycle %0d: s_axis_tready is %b", cycle, s_axis_tready);
                fail;
            end else if (offered && s_axis_tready) begin
                offered = 1'b0;
                sent = sent + 1;
                waited = 0;
            end
        end
    endtask

    task look_at_output;
        begin
            if (m_axis_tvalid !== 1'b0 && m_axis_tvalid !== 1'b1) begin
                where;
                $display("m_axis_tvalid is %b", m_axis_tvalid);
                fail;
            end else if (stalled && !m_axis_tvalid) begin
                where;
                $display("m_axis_tvalid was dropped before m_axis_tready");
                fail;
            end else if (stalled && actual !== stalled_beat) begin
                where;
                $display("the beat changed before m_axis_tready");
                $display("  before  %h", stalled_beat);
                $display("  now     %h", actual);
                fail;
            end else if (m_axis_tvalid && m_axis_tready) begin
                waited = 0;
                compare;
            end
            stalled = m_axis_tvalid && !m_axis_tready;
            stalled_beat = actual;
        end
    endtask

?reports     task look_at_reports;
?reports         begin
?reports             if (m_axis_report_tvalid !== 1'b0 && m_axis_report_tvalid !== 1'b1) begin
?reports                 where_reported;
?reports                 $display("m_axis_report_tvalid is %b", m_axis_report_tvalid);
?reports                 fail;
?reports             end else if (report_stalled && (!m_axis_report_tvalid || actual_report !== stalled_report)) begin
?reports                 where_reported;
?reports                 $display("the beat changed before m_axis_report_tready");
?reports                 fail;
?reports             end else if (m_axis_report_tvalid && m_axis_report_tready) begin
?reports                 waited = 0;
?reports                 compare_report;
?reports             end
?reports             report_stalled = m_axis_report_tvalid && !m_axis_report_tready;
?reports             stalled_report = actual_report;
?reports         end
?reports     endtask
?reports 
?reports     task compare_report;
?reports         if (reported == REPORT_BEATS) begin
?reports             where_reported;
?reports             $display("a report comes out, and no more are expected");
?reports             fail;
?reports         end else begin
?reports             report_beat = reports[reported];
?reports             if (((actual_report ^ report_beat) & compared_report(report_beat)) !== {REPORT_BITS{1'b0}}) begin
?reports                 where_reported;
?reports                 $display("a beat of a report differs");
?reports                 $display("  expected  %h", report_beat);
?reports                 $display("  actual    %h", actual_report);
?reports                 fail;
?reports             end
?reports             reported = reported + 1;
?reports         end
?reports     endtask
?reports 
?reports     function [REPORT_BITS-1:0] compared_report;
?reports         input [REPORT_BITS-1:0] beat;
?reports         integer byte_of_beat;
?reports         begin
?reports             compared_report = {REPORT_BITS{1'b1}};
?reports             for (byte_of_beat = 0; byte_of_beat < REPORT_KEEP_BITS; byte_of_beat = byte_of_beat + 1)
?reports                 if (!beat[REPORT_DATA_BITS + byte_of_beat]) compared_report[8 * byte_of_beat +: 8] = 8'h00;
?reports         end
?reports     endfunction
?reports 
?reports     task where_reported;
?reports         $write("report beat %0d, cycle %0d: ", reported, cycle);
?reports     endtask
?reports 
    task compare;
        begin
            if (received == OUTPUT_BEATS) begin
                where;
                $display("a beat comes out, and no more are expected");
                fail;
            end else begin
                expected_beat = expected[received];
                if (((actual ^ expected_beat) & compared(expected_beat)) !== {OUTPUT_BITS{1'b0}}) begin
                    show_difference;
                    fail;
                end
                received = received + 1;
                frame_beat = frame_beat + 1;
                if (expected_beat[OUTPUT_LAST]) begin
                    frame = frame + 1;
                    frame_beat = 0;
                end
            end
        end
    endtask

    // The bits of a beat that count: all but those of the bytes that its tkeep leaves out.
    function [OUTPUT_BITS-1:0] compared;
        input [OUTPUT_BITS-1:0] beat;
        integer byte_of_beat;
        begin
            compared = {OUTPUT_BITS{1'b1}};
            if (beat[KEEP +: KEEP_BITS] != {KEEP_BITS{1'b1}})
                for (byte_of_beat = 0; byte_of_beat < KEEP_BITS; byte_of_beat = byte_of_beat + 1)
                    if (!beat[KEEP + byte_of_beat]) compared[8 * byte_of_beat +: 8] = 8'h00;
        end
    endfunction

    task look_at_time;
        begin
            if (all_is_through(0)) begin
                if (waited >= QUIET_CYCLES) begin
                    $display("PASS: %0d beats", received);
?reports                     $display("and %0d beats of reports", reported);
                    done = 1'b1;
                    $finish;
                end
?flowradar             end else if (cycle <= SWAP_CYCLE && sent == INPUT_BEATS && received == OUTPUT_BEATS) begin
?flowradar                 // The last reports have not been asked for.
?flowradar                 waited = 0;
            end else if (waited > WATCHDOG_CYCLES) begin
                where;
                $display("nothing moved in %0d cycles; %0d of %0d beats went in, %0d of %0d came out",
                    waited, sent, INPUT_BEATS, received, OUTPUT_BEATS);
?reports                 $display("%0d of %0d beats of reports came out", reported, REPORT_BEATS);
                fail;
            end
        end
    endtask

    function all_is_through;
        input unused;
        all_is_through = sent == INPUT_BEATS && received == OUTPUT_BEATS
?reports             && reported == REPORT_BEATS
            ;
    endfunction

    task where;
        $write("output beat %0d (beat %0d of frame %0d), cycle %0d: ", received, frame_beat, frame, cycle);
    endtask

    task show_difference;
        begin
            where;
            first = KEEP_BITS;
            for (i = KEEP_BITS - 1; i >= 0; i = i - 1)
                if (expected_beat[KEEP + i] && actual[8 * i +: 8] !== expected_beat[8 * i +: 8]) first = i;
            if (first < KEEP_BITS)
                $display("byte %0d, byte %0d of the frame, is %h, expected %h", first,
                    frame_beat * KEEP_BITS + first, actual[8 * first +: 8], expected_beat[8 * first +: 8]);
            else
                $display("the signals beside tdata differ");
            $display("  expected  tlast %b", expected_beat[OUTPUT_LAST]);
            $display("  actual    tlast %b", actual[OUTPUT_LAST]);
            $display("  expected  tkeep %h", expected_beat[KEEP +: KEEP_BITS]);
            $display("  actual    tkeep %h", actual[KEEP +: KEEP_BITS]);
?tuser             $display("  expected  tuser %h", expected_beat[USER +: USER_BITS]);
?tuser             $display("  actual    tuser %h", actual[USER +: USER_BITS]);
?tdest             $display("  expected  tdest %h", expected_beat[DEST +: DEST_BITS]);
?tdest             $display("  actual    tdest %h", actual[DEST +: DEST_BITS]);
            $display("  expected  tdata %h", expected_beat[DATA_BITS-1:0]);
            $display("  actual    tdata %h", actual[DATA_BITS-1:0]);
        end
    endtask

    // Verilog-2001 has no exit code. With STOP_ON_FAIL, $stop makes one where the simulator takes it
    // for an error.
    task fail;
        begin
            $display("FAIL");
            done = 1'b1;
`ifdef STOP_ON_FAIL
            $stop;
`endif
            $finish;
        end
    endtask
endmodule

`default_nettype wire
