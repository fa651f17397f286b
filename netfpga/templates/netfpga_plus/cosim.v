// The datapath under `seqnic cosim`: its registers have a clock of their own, of a third of the frequency, and a master.
`default_nettype none

module netfpga_plus_cosim (
    input  wire          axis_aclk,
    input  wire          axis_resetn,
    input  wire [1023:0] s_axis_tdata,
    input  wire [127:0]  s_axis_tkeep,
    input  wire [127:0]  s_axis_tuser,
    input  wire          s_axis_tvalid,
    output wire          s_axis_tready,
    input  wire          s_axis_tlast,
    output wire [1023:0] m_axis_tdata,
    output wire [127:0]  m_axis_tkeep,
    output wire [127:0]  m_axis_tuser,
    output wire          m_axis_tvalid,
    input  wire          m_axis_tready,
    output wire          m_axis_tlast,
    input  wire          register_request,
    input  wire          register_write,
    input  wire [11:0]   register_address,
    input  wire [31:0]   register_wdata,
    output wire          register_done,
    output wire [31:0]   register_rdata
);
    // Reset lasts until the slow clock has seen it.
    reg       axi_clk;
    reg [1:0] phase;
    reg [3:0] cycles_after_reset;
    always @(posedge axis_aclk) begin
        axi_clk <= phase == 2'd0;
        phase   <= phase >= 2'd2 ? 2'd0 : phase + 2'd1;
        if (!axis_resetn) cycles_after_reset <= 4'd0;
        else if (cycles_after_reset != 4'd15) cycles_after_reset <= cycles_after_reset + 4'd1;
    end
    wire axi_resetn = cycles_after_reset == 4'd15;

    wire [11:0] awaddr, araddr;
    wire [31:0] wdata, rdata;
    wire [3:0]  wstrb;
    wire [1:0]  bresp, rresp;
    wire        awvalid, awready, wvalid, wready, bvalid, bready, arvalid, arready, rvalid, rready;

    seqnic_register_master master (
        .clk(axi_clk), .resetn(axi_resetn),
        .request(register_request), .write(register_write), .address(register_address), .wdata(register_wdata),
        .done(register_done), .rdata(register_rdata),
        .m_axi_awaddr(awaddr), .m_axi_awvalid(awvalid), .m_axi_awready(awready),
        .m_axi_wdata(wdata), .m_axi_wstrb(wstrb), .m_axi_wvalid(wvalid), .m_axi_wready(wready),
        .m_axi_bvalid(bvalid), .m_axi_bready(bready),
        .m_axi_araddr(araddr), .m_axi_arvalid(arvalid), .m_axi_arready(arready),
        .m_axi_rdata(rdata), .m_axi_rvalid(rvalid), .m_axi_rready(rready)
    );

    stand_in_datapath datapath (
        .axis_aclk(axis_aclk), .axis_resetn(axis_resetn),
        .s_axis_tdata(s_axis_tdata), .s_axis_tkeep(s_axis_tkeep), .s_axis_tuser(s_axis_tuser),
        .s_axis_tvalid(s_axis_tvalid), .s_axis_tready(s_axis_tready), .s_axis_tlast(s_axis_tlast),
        .m_axis_tdata(m_axis_tdata), .m_axis_tkeep(m_axis_tkeep), .m_axis_tuser(m_axis_tuser),
        .m_axis_tvalid(m_axis_tvalid), .m_axis_tready(m_axis_tready), .m_axis_tlast(m_axis_tlast),
        .S_AXI_ACLK(axi_clk), .S_AXI_ARESETN(axi_resetn),
        .S_AXI_AWADDR(awaddr), .S_AXI_AWVALID(awvalid), .S_AXI_AWREADY(awready),
        .S_AXI_WDATA(wdata), .S_AXI_WSTRB(wstrb), .S_AXI_WVALID(wvalid), .S_AXI_WREADY(wready),
        .S_AXI_BRESP(bresp), .S_AXI_BVALID(bvalid), .S_AXI_BREADY(bready),
        .S_AXI_ARADDR(araddr), .S_AXI_ARVALID(arvalid), .S_AXI_ARREADY(arready),
        .S_AXI_RDATA(rdata), .S_AXI_RRESP(rresp), .S_AXI_RVALID(rvalid), .S_AXI_RREADY(rready)
    );

    wire unused = &{1'b0, bresp, rresp};
endmodule

`default_nettype wire
