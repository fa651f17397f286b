// Stand-in of the output port lookup, as long as it has learned no address: frames go to both Ethernet ports but the one
// that they came in at. It takes no cycle, so that the core sees a frame when it comes in.
// The destination counts on the first beat of a frame; on the others all of tuser is ones, which must not matter.
`default_nettype none

module stand_in_output_port_lookup (
    input  wire         axis_aclk,
    input  wire         axis_resetn,
    input  wire [127:0] s_axis_tuser,
    input  wire         s_axis_tvalid,
    input  wire         s_axis_tready,
    input  wire         s_axis_tlast,
    output wire [127:0] m_axis_tuser
);
    reg in_frame;

    wire [7:0] destination = 8'h05 & ~s_axis_tuser[23:16];

    assign m_axis_tuser = in_frame ? {128{1'b1}} : {s_axis_tuser[127:32], destination, s_axis_tuser[23:0]};

    always @(posedge axis_aclk) begin
        if (!axis_resetn) in_frame <= 1'b0;
        else if (s_axis_tvalid && s_axis_tready) in_frame <= !s_axis_tlast;
    end

    wire unused = &{1'b0, s_axis_tuser[31:24]};
endmodule

`default_nettype wire
