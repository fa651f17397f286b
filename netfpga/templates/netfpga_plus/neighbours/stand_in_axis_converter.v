// Stand-in of the width converter in front of a port: a frame leaves in halves of 512 bits when it is whole. It takes
// beats as long as there are less than 27, so a frame of 28 beats never gets whole, and everything stops. tuser is
// kept once a frame and taken away with the first half that leaves: behind it, that of the next frame is seen.
`default_nettype none

module stand_in_axis_converter (
    input  wire          axis_aclk,
    input  wire          axis_resetn,
    input  wire [1023:0] s_axis_tdata,
    input  wire [127:0]  s_axis_tkeep,
    input  wire [127:0]  s_axis_tuser,
    input  wire          s_axis_tvalid,
    output wire          s_axis_tready,
    input  wire          s_axis_tlast,
    output wire [511:0]  m_axis_tdata,
    output wire [63:0]   m_axis_tkeep,
    output wire [127:0]  m_axis_tuser,
    output wire          m_axis_tvalid,
    input  wire          m_axis_tready,
    output wire          m_axis_tlast
);
    localparam [5:0] MOST = 6'd27;

    reg          in_frame, behind_first, upper;
    reg  [127:0] first_tuser;
    wire [5:0]   beats, frames;
    wire [1023:0] data;
    wire [127:0]  keep;
    wire          last;

    assign s_axis_tready = beats < MOST && frames < MOST;
    wire write = s_axis_tvalid && s_axis_tready;

    assign m_axis_tvalid = beats != 6'd0 && (behind_first || frames != 6'd0);
    assign m_axis_tdata  = upper ? data[1023:512] : data[511:0];
    assign m_axis_tkeep  = upper ? keep[127:64] : keep[63:0];
    // A last beat of one half has no other.
    wire   ends_beat     = upper || (last && keep[127:64] == 64'd0);
    assign m_axis_tlast  = last && ends_beat;
    wire   move          = m_axis_tvalid && m_axis_tready;

    stand_in_ring #(.WIDTH(1153), .DEPTH_BITS(5)) stored (
        .axis_aclk(axis_aclk), .axis_resetn(axis_resetn),
        .write(write), .written({s_axis_tlast, s_axis_tkeep, s_axis_tdata}),
        .read(move && ends_beat), .oldest({last, keep, data}), .depth(beats)
    );
    stand_in_ring #(.WIDTH(128), .DEPTH_BITS(5)) tusers (
        .axis_aclk(axis_aclk), .axis_resetn(axis_resetn),
        .write(write && s_axis_tlast), .written(in_frame ? first_tuser : s_axis_tuser),
        .read(move && !behind_first), .oldest(m_axis_tuser), .depth(frames)
    );

    always @(posedge axis_aclk) begin
        if (!axis_resetn) begin
            in_frame     <= 1'b0;
            behind_first <= 1'b0;
            upper        <= 1'b0;
        end else begin
            if (write) in_frame <= !s_axis_tlast;
            if (move) behind_first <= !m_axis_tlast;
            if (move) upper <= !ends_beat;
        end
        if (write && !in_frame) first_tuser <= s_axis_tuser;
    end
endmodule

`default_nettype wire
