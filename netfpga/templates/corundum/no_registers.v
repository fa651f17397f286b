    @NAME@_register_responder register_responder (
        .axis_aclk   (clk),
        .axis_resetn (!rst),
        .awvalid     (s_axil_app_ctrl_awvalid),
        .wvalid      (s_axil_app_ctrl_wvalid),
        .bready      (s_axil_app_ctrl_bready),
        .arvalid     (s_axil_app_ctrl_arvalid),
        .rready      (s_axil_app_ctrl_rready),
        .awready     (s_axil_app_ctrl_awready),
        .wready      (s_axil_app_ctrl_wready),
        .bvalid      (s_axil_app_ctrl_bvalid),
        .bresp       (s_axil_app_ctrl_bresp),
        .arready     (s_axil_app_ctrl_arready),
        .rvalid      (s_axil_app_ctrl_rvalid),
        .rdata       (s_axil_app_ctrl_rdata),
        .rresp       (s_axil_app_ctrl_rresp)
    );
