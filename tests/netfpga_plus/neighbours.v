// Stand-ins of the core's neighbours in the datapath: they pass the stream on. Above them, the datapath has the ports of
// the core, so that the core's own bench can play to it.
`define STREAM \
    input axis_aclk, input axis_resetn, \
    input [1023:0] s_axis_tdata, input [127:0] s_axis_tkeep, input [127:0] s_axis_tuser, \
    input s_axis_tvalid, output s_axis_tready, input s_axis_tlast

module switch_output_port_lookup_ip (
    `STREAM,
    output [1023:0] m_axis_tdata, output [127:0] m_axis_tkeep, output [127:0] m_axis_tuser,
    output m_axis_tvalid, input m_axis_tready, output m_axis_tlast
);
    assign {m_axis_tdata, m_axis_tkeep, m_axis_tuser} = {s_axis_tdata, s_axis_tkeep, s_axis_tuser};
    assign {m_axis_tvalid, s_axis_tready, m_axis_tlast} = {s_axis_tvalid, m_axis_tready, s_axis_tlast};
endmodule

module output_queues_ip (
    `STREAM,
    output [1023:0] m_axis_0_tdata, output [127:0] m_axis_0_tkeep, output [127:0] m_axis_0_tuser,
    output m_axis_0_tvalid, input m_axis_0_tready, output m_axis_0_tlast
);
    assign {m_axis_0_tdata, m_axis_0_tkeep, m_axis_0_tuser} = {s_axis_tdata, s_axis_tkeep, s_axis_tuser};
    assign {m_axis_0_tvalid, s_axis_tready, m_axis_0_tlast} = {s_axis_tvalid, m_axis_0_tready, s_axis_tlast};
endmodule

// What the project's script makes of the packaged core.
module history_sequencer_ip (
    `STREAM,
    output [1023:0] m_axis_tdata, output [127:0] m_axis_tkeep, output [127:0] m_axis_tuser,
    output m_axis_tvalid, input m_axis_tready, output m_axis_tlast,
    input S_AXI_ACLK, input S_AXI_ARESETN,
    input [11:0] S_AXI_AWADDR, input S_AXI_AWVALID, output S_AXI_AWREADY,
    input [31:0] S_AXI_WDATA, input [3:0] S_AXI_WSTRB, input S_AXI_WVALID, output S_AXI_WREADY,
    output [1:0] S_AXI_BRESP, output S_AXI_BVALID, input S_AXI_BREADY,
    input [11:0] S_AXI_ARADDR, input S_AXI_ARVALID, output S_AXI_ARREADY,
    output [31:0] S_AXI_RDATA, output [1:0] S_AXI_RRESP, output S_AXI_RVALID, input S_AXI_RREADY
);
    history_sequencer core (
        .axis_aclk(axis_aclk), .axis_resetn(axis_resetn),
        .s_axis_tdata(s_axis_tdata), .s_axis_tkeep(s_axis_tkeep), .s_axis_tuser(s_axis_tuser),
        .s_axis_tvalid(s_axis_tvalid), .s_axis_tready(s_axis_tready), .s_axis_tlast(s_axis_tlast),
        .m_axis_tdata(m_axis_tdata), .m_axis_tkeep(m_axis_tkeep), .m_axis_tuser(m_axis_tuser),
        .m_axis_tvalid(m_axis_tvalid), .m_axis_tready(m_axis_tready), .m_axis_tlast(m_axis_tlast),
        .S_AXI_ACLK(S_AXI_ACLK), .S_AXI_ARESETN(S_AXI_ARESETN),
        .S_AXI_AWADDR(S_AXI_AWADDR), .S_AXI_AWVALID(S_AXI_AWVALID), .S_AXI_AWREADY(S_AXI_AWREADY),
        .S_AXI_WDATA(S_AXI_WDATA), .S_AXI_WSTRB(S_AXI_WSTRB), .S_AXI_WVALID(S_AXI_WVALID), .S_AXI_WREADY(S_AXI_WREADY),
        .S_AXI_BRESP(S_AXI_BRESP), .S_AXI_BVALID(S_AXI_BVALID), .S_AXI_BREADY(S_AXI_BREADY),
        .S_AXI_ARADDR(S_AXI_ARADDR), .S_AXI_ARVALID(S_AXI_ARVALID), .S_AXI_ARREADY(S_AXI_ARREADY),
        .S_AXI_RDATA(S_AXI_RDATA), .S_AXI_RRESP(S_AXI_RRESP), .S_AXI_RVALID(S_AXI_RVALID), .S_AXI_RREADY(S_AXI_RREADY)
    );
endmodule

// The bench's device: the datapath, and the registers of a core of its own, for the project ties off those of its core.
module datapath_under_bench (
    `STREAM,
    output [1023:0] m_axis_tdata, output [127:0] m_axis_tkeep, output [127:0] m_axis_tuser,
    output m_axis_tvalid, input m_axis_tready, output m_axis_tlast,
    input S_AXI_ACLK, input S_AXI_ARESETN,
    input [11:0] S_AXI_AWADDR, input S_AXI_AWVALID, output S_AXI_AWREADY,
    input [31:0] S_AXI_WDATA, input [3:0] S_AXI_WSTRB, input S_AXI_WVALID, output S_AXI_WREADY,
    output [1:0] S_AXI_BRESP, output S_AXI_BVALID, input S_AXI_BREADY,
    input [11:0] S_AXI_ARADDR, input S_AXI_ARVALID, output S_AXI_ARREADY,
    output [31:0] S_AXI_RDATA, output [1:0] S_AXI_RRESP, output S_AXI_RVALID, input S_AXI_RREADY
);
    nf_datapath #(.C_M_AXIS_DATA_WIDTH(1024), .C_S_AXIS_DATA_WIDTH(1024)) datapath (
        .axis_aclk(axis_aclk), .axis_resetn(axis_resetn), .axi_aclk(S_AXI_ACLK), .axi_resetn(S_AXI_ARESETN),
        .s_axis_0_tdata(s_axis_tdata), .s_axis_0_tkeep(s_axis_tkeep), .s_axis_0_tuser(s_axis_tuser),
        .s_axis_0_tvalid(s_axis_tvalid), .s_axis_0_tready(s_axis_tready), .s_axis_0_tlast(s_axis_tlast),
        .m_axis_0_tdata(m_axis_tdata), .m_axis_0_tkeep(m_axis_tkeep), .m_axis_0_tuser(m_axis_tuser),
        .m_axis_0_tvalid(m_axis_tvalid), .m_axis_0_tready(m_axis_tready), .m_axis_0_tlast(m_axis_tlast)
    );
    history_sequencer registers (
        .axis_aclk(axis_aclk), .axis_resetn(1'b0), .s_axis_tdata(1024'd0), .s_axis_tkeep(128'd0), .s_axis_tuser(128'd0),
        .s_axis_tvalid(1'b0), .s_axis_tready(), .s_axis_tlast(1'b0), .m_axis_tdata(), .m_axis_tkeep(), .m_axis_tuser(),
        .m_axis_tvalid(), .m_axis_tready(1'b0), .m_axis_tlast(),
        .S_AXI_ACLK(S_AXI_ACLK), .S_AXI_ARESETN(S_AXI_ARESETN),
        .S_AXI_AWADDR(S_AXI_AWADDR), .S_AXI_AWVALID(S_AXI_AWVALID), .S_AXI_AWREADY(S_AXI_AWREADY),
        .S_AXI_WDATA(S_AXI_WDATA), .S_AXI_WSTRB(S_AXI_WSTRB), .S_AXI_WVALID(S_AXI_WVALID), .S_AXI_WREADY(S_AXI_WREADY),
        .S_AXI_BRESP(S_AXI_BRESP), .S_AXI_BVALID(S_AXI_BVALID), .S_AXI_BREADY(S_AXI_BREADY),
        .S_AXI_ARADDR(S_AXI_ARADDR), .S_AXI_ARVALID(S_AXI_ARVALID), .S_AXI_ARREADY(S_AXI_ARREADY),
        .S_AXI_RDATA(S_AXI_RDATA), .S_AXI_RRESP(S_AXI_RRESP), .S_AXI_RVALID(S_AXI_RVALID), .S_AXI_RREADY(S_AXI_RREADY)
    );
endmodule
