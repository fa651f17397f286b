// What records a port, instead of a link or a host: it puts halves together again, and shows the tuser of a frame's first
// half on all its beats.
`default_nettype none

module stand_in_recorder (
    input  wire          axis_aclk,
    input  wire          axis_resetn,
    input  wire [511:0]  s_axis_tdata,
    input  wire [63:0]   s_axis_tkeep,
    input  wire [127:0]  s_axis_tuser,
    input  wire          s_axis_tvalid,
    output wire          s_axis_tready,
    input  wire          s_axis_tlast,
    output wire [1023:0] m_axis_tdata,
    output wire [127:0]  m_axis_tkeep,
    output wire [127:0]  m_axis_tuser,
    output wire          m_axis_tvalid,
    input  wire          m_axis_tready,
    output wire          m_axis_tlast
);
    reg          upper, in_frame;
    reg  [511:0] lower_data;
    reg  [63:0]  lower_keep;
    reg  [127:0] first_tuser;

    wire ends_beat = upper || s_axis_tlast;
    wire move      = s_axis_tvalid && s_axis_tready;

    assign s_axis_tready = !ends_beat || m_axis_tready;
    assign m_axis_tvalid = s_axis_tvalid && ends_beat;
    assign m_axis_tdata  = upper ? {s_axis_tdata, lower_data} : {512'd0, s_axis_tdata};
    assign m_axis_tkeep  = upper ? {s_axis_tkeep, lower_keep} : {64'd0, s_axis_tkeep};
    assign m_axis_tuser  = in_frame ? first_tuser : s_axis_tuser;
    assign m_axis_tlast  = s_axis_tlast;

    always @(posedge axis_aclk) begin
        if (!axis_resetn) begin
            upper    <= 1'b0;
            in_frame <= 1'b0;
        end else if (move) begin
            upper    <= !ends_beat;
            in_frame <= !s_axis_tlast;
        end
        if (move && !upper) begin
            lower_data <= s_axis_tdata;
            lower_keep <= s_axis_tkeep;
        end
        if (move && !in_frame) first_tuser <= s_axis_tuser;
    end
endmodule

`default_nettype wire
