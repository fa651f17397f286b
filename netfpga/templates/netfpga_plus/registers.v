    // The low bits of an address count, wherever the crossbar puts the core.
    wire [C_S_AXI_ADDR_WIDTH+11:0] write_address = {12'd0, S_AXI_AWADDR};
    wire [C_S_AXI_ADDR_WIDTH+11:0] read_address  = {12'd0, S_AXI_ARADDR};
    wire [11:0] awaddr = write_address[11:0];
    wire [11:0] araddr = read_address[11:0];

    wire unused = &{1'b0, write_address, read_address, C_BASEADDR};
