// The ways of the frames under `seqnic cosim`: interface @COSIM_INTERFACE@ between an adapter and the DMA engine, as far as they change
// what passes. The registers have a clock of their own, of half the frequency, and a master.
`default_nettype none

module opennic_cosim (
    input  wire         axis_aclk,
    input  wire         axis_resetn,
    input  wire [511:0] s_axis_tdata,
    input  wire [63:0]  s_axis_tkeep,
    input  wire [31:0]  s_axis_tuser,
    input  wire         s_axis_tvalid,
    output wire         s_axis_tready,
    input  wire         s_axis_tlast,
    output wire [511:0] m_axis_tdata,
    output wire [63:0]  m_axis_tkeep,
    output wire [31:0]  m_axis_tuser,
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
    localparam AT = @COSIM_INTERFACE@;

    // Reset lasts until the slow clock has seen it.
    reg       axil_aclk;
    reg [3:0] cycles_after_reset;
    always @(posedge axis_aclk) begin
        axil_aclk <= !axil_aclk;
        if (!axis_resetn) cycles_after_reset <= 4'd0;
        else if (cycles_after_reset != 4'd15) cycles_after_reset <= cycles_after_reset + 4'd1;
    end
    wire axil_aresetn = cycles_after_reset == 4'd15;

    // tuser means something on the first beat; the adapter has it on all of them.
    reg        first;
    reg [31:0] first_user;
    wire [31:0] user = first ? s_axis_tuser : first_user;
    always @(posedge axis_aclk) begin
        if (!axis_resetn) first <= 1'b1;
        else if (s_axis_tvalid && s_axis_tready) first <= s_axis_tlast;
        first_user <= user;
    end

    wire [11:0]     awaddr, araddr;
    wire [31:0]     wdata;
    wire [3:0]      wstrb;
    wire            awvalid, wvalid, bready, arvalid, rready;
    wire [1:0]      awready, wready, bvalid, arready, rvalid;
    wire [3:0]      bresp, rresp;
    wire [63:0]     rdata;
    wire [1:0]      rx_ready, c2h_valid, c2h_last;
    wire [2*512-1:0] c2h_data;
    wire [2*64-1:0] c2h_keep;
    wire [2*16-1:0] c2h_size, c2h_src, c2h_dst;
    wire [1:0]      h2c_ready, tx_valid, tx_last;
    wire [2*512-1:0] tx_data;
    wire [2*64-1:0] tx_keep;
    wire [2*16-1:0] tx_size, tx_src, tx_dst;

    seqnic_register_master master (
        .clk(axil_aclk), .resetn(axil_aresetn),
        .request(register_request), .write(register_write), .address(register_address), .wdata(register_wdata),
        .done(register_done), .rdata(register_rdata),
        .m_axi_awaddr(awaddr), .m_axi_awvalid(awvalid), .m_axi_awready(awready[AT]),
        .m_axi_wdata(wdata), .m_axi_wstrb(wstrb), .m_axi_wvalid(wvalid), .m_axi_wready(wready[AT]),
        .m_axi_bvalid(bvalid[AT]), .m_axi_bready(bready),
        .m_axi_araddr(araddr), .m_axi_arvalid(arvalid), .m_axi_arready(arready[AT]),
        .m_axi_rdata(rdata[32*AT +: 32]), .m_axi_rvalid(rvalid[AT]), .m_axi_rready(rready)
    );

    history_sequencer_lanes #(.NUM_INTF(2)) lanes (
        .axil_aclk(axil_aclk), .axis_aclk(axis_aclk), .axil_aresetn(axil_aresetn), .axis_aresetn(axis_resetn),
        .s_axil_awvalid({1'b0, awvalid} << AT), .s_axil_awaddr({2{20'd0, awaddr}}), .s_axil_awready(awready),
        .s_axil_wvalid({1'b0, wvalid} << AT), .s_axil_wdata({2{wdata}}), .s_axil_wready(wready),
        .s_axil_bvalid(bvalid), .s_axil_bresp(bresp), .s_axil_bready({1'b0, bready} << AT),
        .s_axil_arvalid({1'b0, arvalid} << AT), .s_axil_araddr({2{20'd0, araddr}}), .s_axil_arready(arready),
        .s_axil_rvalid(rvalid), .s_axil_rdata(rdata), .s_axil_rresp(rresp), .s_axil_rready({1'b0, rready} << AT),
        .s_axis_adap_rx_250mhz_tvalid({1'b0, s_axis_tvalid} << AT), .s_axis_adap_rx_250mhz_tdata({2{s_axis_tdata}}),
        .s_axis_adap_rx_250mhz_tkeep({2{s_axis_tkeep}}), .s_axis_adap_rx_250mhz_tlast({2{s_axis_tlast}}),
        .s_axis_adap_rx_250mhz_tuser_size({2{user[15:0]}}), .s_axis_adap_rx_250mhz_tuser_src({2{user[31:16]}}),
        .s_axis_adap_rx_250mhz_tuser_dst(32'd0), .s_axis_adap_rx_250mhz_tready(rx_ready),
        .m_axis_qdma_c2h_tvalid(c2h_valid), .m_axis_qdma_c2h_tdata(c2h_data), .m_axis_qdma_c2h_tkeep(c2h_keep),
        .m_axis_qdma_c2h_tlast(c2h_last), .m_axis_qdma_c2h_tuser_size(c2h_size), .m_axis_qdma_c2h_tuser_src(c2h_src),
        .m_axis_qdma_c2h_tuser_dst(c2h_dst), .m_axis_qdma_c2h_tready({1'b0, m_axis_tready} << AT),
        .s_axis_qdma_h2c_tvalid(2'b00), .s_axis_qdma_h2c_tdata(1024'd0), .s_axis_qdma_h2c_tkeep(128'd0),
        .s_axis_qdma_h2c_tlast(2'b00), .s_axis_qdma_h2c_tuser_size(32'd0), .s_axis_qdma_h2c_tuser_src(32'd0),
        .s_axis_qdma_h2c_tuser_dst(32'd0), .s_axis_qdma_h2c_tready(h2c_ready),
        .m_axis_adap_tx_250mhz_tvalid(tx_valid), .m_axis_adap_tx_250mhz_tdata(tx_data),
        .m_axis_adap_tx_250mhz_tkeep(tx_keep), .m_axis_adap_tx_250mhz_tlast(tx_last),
        .m_axis_adap_tx_250mhz_tuser_size(tx_size), .m_axis_adap_tx_250mhz_tuser_src(tx_src),
        .m_axis_adap_tx_250mhz_tuser_dst(tx_dst), .m_axis_adap_tx_250mhz_tready(2'b11)
    );

    assign s_axis_tready = rx_ready[AT];
    assign m_axis_tvalid = c2h_valid[AT];
    assign m_axis_tlast = c2h_last[AT];
    assign m_axis_tdata = c2h_data[512*AT +: 512];
    assign m_axis_tuser = {c2h_src[16*AT +: 16], c2h_size[16*AT +: 16]};
    // The engine knows of the last beat what tuser_size says.
    wire [5:0]  left = c2h_size[16*AT +: 6];
    assign m_axis_tkeep = m_axis_tlast && left != 6'd0 ? ~(~64'd0 << left) : ~64'd0;

    wire unused = &{1'b0, wstrb, awready, wready, bvalid, arready, rvalid, bresp, rresp, rdata, rx_ready, c2h_valid, c2h_last,
                    c2h_data, c2h_keep, c2h_size, c2h_src, c2h_dst, h2c_ready, tx_valid, tx_last, tx_data, tx_keep, tx_size,
                    tx_src, tx_dst};
endmodule

`default_nettype wire
