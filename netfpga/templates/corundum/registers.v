    wire [AXIL_APP_CTRL_ADDR_WIDTH+31:0] write_address = {32'd0, s_axil_app_ctrl_awaddr};
    wire [AXIL_APP_CTRL_ADDR_WIDTH+31:0] read_address = {32'd0, s_axil_app_ctrl_araddr};
    wire [IF_COUNT:0] write_to, read_from;
    generate
        for (i = 0; i <= IF_COUNT; i = i + 1) begin : window
            if (i < IF_COUNT) begin : of_interface
                assign write_to[i] = write_address[12 +: 32] == i;
                assign read_from[i] = read_address[12 +: 32] == i;
            end else begin : of_none
                assign write_to[i] = write_address[12 +: 32] >= IF_COUNT;
                assign read_from[i] = read_address[12 +: 32] >= IF_COUNT;
            end
            if (i == IF_COUNT || ((SEQUENCER_INTERFACES >> i) & 1) == 0) begin : vacant
                @NAME@_register_responder register_responder (
                    .axis_aclk   (clk),
                    .axis_resetn (!rst),
                    .awvalid     (window_awvalid[i]),
                    .wvalid      (window_awvalid[i]),
                    .bready      (window_bready[i]),
                    .arvalid     (window_arvalid[i]),
                    .rready      (window_rready[i]),
                    .awready     (window_awready[i]),
                    .wready      (window_wready[i]),
                    .bvalid      (window_bvalid[i]),
                    .bresp       (window_bresp[2*i +: 2]),
                    .arready     (window_arready[i]),
                    .rvalid      (window_rvalid[i]),
                    .rdata       (window_rdata[32*i +: 32]),
                    .rresp       (window_rresp[2*i +: 2])
                );
            end
        end
    endgenerate

    // The windows that owe a response.
    reg [IF_COUNT:0] writing, reading;
    wire takes_write = |(window_awvalid & window_awready & window_wready);
    wire takes_read = |(window_arvalid & window_arready);
    wire write_waits = s_axil_app_ctrl_awvalid && s_axil_app_ctrl_wvalid && writing == 0;
    wire read_waits = s_axil_app_ctrl_arvalid && reading == 0;
    always @(posedge clk) begin
        if (rst || (s_axil_app_ctrl_bvalid && s_axil_app_ctrl_bready)) writing <= 0;
        else if (takes_write) writing <= write_to;
        if (rst || (s_axil_app_ctrl_rvalid && s_axil_app_ctrl_rready)) reading <= 0;
        else if (takes_read) reading <= read_from;
    end
    assign window_awvalid = write_to & {IF_COUNT+1{write_waits}};
    assign window_arvalid = read_from & {IF_COUNT+1{read_waits}};
    assign window_bready = writing & {IF_COUNT+1{s_axil_app_ctrl_bready}};
    assign window_rready = reading & {IF_COUNT+1{s_axil_app_ctrl_rready}};
    assign s_axil_app_ctrl_awready = takes_write;
    assign s_axil_app_ctrl_wready = takes_write;
    assign s_axil_app_ctrl_bvalid = |(writing & window_bvalid);
    assign s_axil_app_ctrl_arready = takes_read;
    assign s_axil_app_ctrl_rvalid = |(reading & window_rvalid);

    reg [31:0] read_data;
    reg [1:0]  write_response, read_response;
    integer    at;
    always @* begin
        read_data = 32'd0;
        write_response = 2'd0;
        read_response = 2'd0;
        for (at = 0; at <= IF_COUNT; at = at + 1) begin
            read_data = read_data | (window_rdata[32*at +: 32] & {32{reading[at]}});
            write_response = write_response | (window_bresp[2*at +: 2] & {2{writing[at]}});
            read_response = read_response | (window_rresp[2*at +: 2] & {2{reading[at]}});
        end
    end
    assign s_axil_app_ctrl_rdata = read_data;
    assign s_axil_app_ctrl_rresp = read_response;
    assign s_axil_app_ctrl_bresp = write_response;
    wire unused_address = &{1'b0, write_address, read_address};
