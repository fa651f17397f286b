// The application block under `seqnic cosim`: one interface, as far as it changes what passes. The registers have the clock of the
// streams, and a master.
`default_nettype none

module corundum_cosim (
    input  wire         axis_aclk,
    input  wire         axis_resetn,
@TIMESTAMP_PORT@
    input  wire [511:0] s_axis_tdata,
    input  wire [63:0]  s_axis_tkeep,
    input  wire [95:0]  s_axis_tuser,
    input  wire         s_axis_tvalid,
    output wire         s_axis_tready,
    input  wire         s_axis_tlast,
    output wire [511:0] m_axis_tdata,
    output wire [63:0]  m_axis_tkeep,
    output wire [95:0]  m_axis_tuser,
    output wire [@TDEST_BITS@-1:0] m_axis_tdest,
    output wire         m_axis_tvalid,
    input  wire         m_axis_tready,
    output wire         m_axis_tlast,
    input  wire         register_request,
    input  wire         register_write,
    input  wire [11:0]  register_address,
    input  wire [31:0]  register_wdata,
    output wire         register_done,
    output wire [31:0]  register_rdata
);
    localparam COUNT = @LEAST_IF_COUNT@;
    localparam AT = @LEAST_IF_COUNT@ - 1;

    wire [11:0] awaddr, araddr;
    wire [31:0] wdata, rdata;
    wire [3:0]  wstrb;
    wire        awvalid, awready, wvalid, wready, bvalid, bready, arvalid, arready, rvalid, rready;

    seqnic_register_master master (
        .clk(axis_aclk), .resetn(axis_resetn),
        .request(register_request), .write(register_write), .address(register_address), .wdata(register_wdata),
        .done(register_done), .rdata(register_rdata),
        .m_axi_awaddr(awaddr), .m_axi_awvalid(awvalid), .m_axi_awready(awready),
        .m_axi_wdata(wdata), .m_axi_wstrb(wstrb), .m_axi_wvalid(wvalid), .m_axi_wready(wready),
        .m_axi_bvalid(bvalid), .m_axi_bready(bready),
        .m_axi_araddr(araddr), .m_axi_arvalid(arvalid), .m_axi_arready(arready),
        .m_axi_rdata(rdata), .m_axi_rvalid(rvalid), .m_axi_rready(rready)
    );

    wire [COUNT-1:0]     ready, valid, last, bad;
    wire [COUNT*512-1:0] data;
    wire [COUNT*64-1:0]  keep;
    wire [COUNT*97-1:0]  user;
    wire [COUNT*9-1:0]   dest;
    /* verilator lint_off PINMISSING */
    mqnic_app_block #(.IF_COUNT(COUNT), .AXIS_IF_RX_DEST_WIDTH(9)) block (
        .clk(axis_aclk), .rst(!axis_resetn),
        .s_axil_app_ctrl_awaddr({4'd0, awaddr}), .s_axil_app_ctrl_awvalid(awvalid), .s_axil_app_ctrl_awready(awready),
        .s_axil_app_ctrl_wdata(wdata), .s_axil_app_ctrl_wstrb(wstrb), .s_axil_app_ctrl_wvalid(wvalid),
        .s_axil_app_ctrl_wready(wready), .s_axil_app_ctrl_bvalid(bvalid), .s_axil_app_ctrl_bready(bready),
        .s_axil_app_ctrl_araddr({4'd0, araddr}), .s_axil_app_ctrl_arvalid(arvalid), .s_axil_app_ctrl_arready(arready),
        .s_axil_app_ctrl_rdata(rdata), .s_axil_app_ctrl_rvalid(rvalid), .s_axil_app_ctrl_rready(rready),
        .s_axis_if_rx_tdata({COUNT{s_axis_tdata}}), .s_axis_if_rx_tkeep({COUNT{s_axis_tkeep}}),
        .s_axis_if_rx_tvalid({{COUNT-1{1'b0}}, s_axis_tvalid} << AT), .s_axis_if_rx_tready(ready),
        .s_axis_if_rx_tlast({COUNT{s_axis_tlast}}), .s_axis_if_rx_tid({COUNT{1'b0}}), .s_axis_if_rx_tdest({COUNT{9'd0}}),
        .s_axis_if_rx_tuser({COUNT{s_axis_tuser, 1'b0}}),
        .m_axis_if_rx_tdata(data), .m_axis_if_rx_tkeep(keep), .m_axis_if_rx_tvalid(valid),
        .m_axis_if_rx_tready({COUNT{m_axis_tready}}), .m_axis_if_rx_tlast(last), .m_axis_if_rx_tdest(dest),
        .m_axis_if_rx_tuser(user)
    );
    /* verilator lint_on PINMISSING */

    assign s_axis_tready = ready[AT];
    assign m_axis_tvalid = valid[AT];
    assign m_axis_tlast = last[AT];
    assign m_axis_tdata = data[512*AT +: 512];
    assign m_axis_tkeep = keep[64*AT +: 64];
    // A frame that were bad, or not for a queue of its core's own, would be another's.
    assign bad = {COUNT{user[97*AT] || !dest[9*AT+8]}};
    assign m_axis_tuser = user[97*AT+1 +: 96];
    assign m_axis_tdest = dest[9*AT +: @TDEST_BITS@] ^ {@TDEST_BITS@{bad[AT]}};

    wire unused = &{1'b0, wstrb, ready, valid, last, data, keep, user, dest, bad@TIMESTAMP_UNUSED@};
endmodule

`default_nettype wire
