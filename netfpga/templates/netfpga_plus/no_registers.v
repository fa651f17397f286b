    @NAME@_register_responder register_responder (
        .axis_aclk   (S_AXI_ACLK),
        .axis_resetn (S_AXI_ARESETN),
        .awvalid     (S_AXI_AWVALID),
        .wvalid      (S_AXI_WVALID),
        .bready      (S_AXI_BREADY),
        .arvalid     (S_AXI_ARVALID),
        .rready      (S_AXI_RREADY),
        .awready     (S_AXI_AWREADY),
        .wready      (S_AXI_WREADY),
        .bvalid      (S_AXI_BVALID),
        .bresp       (S_AXI_BRESP),
        .arready     (S_AXI_ARREADY),
        .rvalid      (S_AXI_RVALID),
        .rdata       (S_AXI_RDATA),
        .rresp       (S_AXI_RRESP)
    );

    wire unused = &{1'b0, S_AXI_AWADDR, S_AXI_WDATA, S_AXI_WSTRB, S_AXI_ARADDR, C_BASEADDR};
