// Stand-in of the output queues: one for each Ethernet port and one for the host, of 32 beats (4096 bytes). They never hold
// back the datapath. A frame that finds 19 beats in a queue of its, so less room than for 1600 bytes and some, is
// dropped whole; any other is written as long as it is. So 14 beats always fit, and with more a queue can be overrun.
// tuser is kept once a frame and taken away with its first beat.
`default_nettype none

module stand_in_output_queues (
    input  wire            axis_aclk,
    input  wire            axis_resetn,
    input  wire [1023:0]   s_axis_tdata,
    input  wire [127:0]    s_axis_tkeep,
    input  wire [127:0]    s_axis_tuser,
    input  wire            s_axis_tvalid,
    input  wire            s_axis_tlast,
    // Of the first Ethernet port, the second, and the host.
    output wire [3*1024-1:0] m_axis_tdata,
    output wire [3*128-1:0]  m_axis_tkeep,
    output wire [3*128-1:0]  m_axis_tuser,
    output wire [2:0]        m_axis_tvalid,
    input  wire [2:0]        m_axis_tready,
    output wire [2:0]        m_axis_tlast,
    // Beats in the fullest queue.
    output reg  [5:0]        most_beats
);
    localparam [5:0] DROP_BEATS = 6'd19;
    localparam [6:0] MOST_FRAMES = 7'd63;

    reg        in_frame;
    reg  [2:0] current;
    wire [2:0] wanted = {s_axis_tuser[25] | s_axis_tuser[27], s_axis_tuser[26], s_axis_tuser[24]};
    wire [2:0] full;
    wire [2:0] chosen = in_frame ? current : (wanted & full) == 3'd0 ? wanted : 3'd0;
    wire [2:0] read = m_axis_tvalid & m_axis_tready;

    always @(posedge axis_aclk) begin
        if (!axis_resetn) in_frame <= 1'b0;
        else if (s_axis_tvalid) begin
            in_frame <= !s_axis_tlast;
            current  <= chosen;
        end
    end

    wire [17:0] beats;
    generate
        genvar i;
        for (i = 0; i < 3; i = i + 1) begin : queue
            reg        behind_first;
            wire [6:0] frames;

            stand_in_ring #(.WIDTH(1153), .DEPTH_BITS(5)) stored (
                .axis_aclk(axis_aclk), .axis_resetn(axis_resetn),
                .write(s_axis_tvalid && chosen[i]), .written({s_axis_tlast, s_axis_tkeep, s_axis_tdata}),
                .read(read[i]),
                .oldest({m_axis_tlast[i], m_axis_tkeep[128*i +: 128], m_axis_tdata[1024*i +: 1024]}),
                .depth(beats[6*i +: 6])
            );
            stand_in_ring #(.WIDTH(128), .DEPTH_BITS(6)) tusers (
                .axis_aclk(axis_aclk), .axis_resetn(axis_resetn),
                .write(s_axis_tvalid && chosen[i] && !in_frame), .written(s_axis_tuser),
                .read(read[i] && !behind_first),
                .oldest(m_axis_tuser[128*i +: 128]),
                .depth(frames)
            );
            assign m_axis_tvalid[i] = beats[6*i +: 6] != 6'd0;
            assign full[i] = beats[6*i +: 6] >= DROP_BEATS || frames >= MOST_FRAMES;

            always @(posedge axis_aclk) begin
                if (!axis_resetn) behind_first <= 1'b0;
                else if (read[i]) behind_first <= !m_axis_tlast[i];
            end
        end
    endgenerate

    integer at;
    always @* begin
        most_beats = 6'd0;
        for (at = 0; at < 3; at = at + 1) if (beats[6*at +: 6] > most_beats) most_beats = beats[6*at +: 6];
    end
endmodule

`default_nettype wire
