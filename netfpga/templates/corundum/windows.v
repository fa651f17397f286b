    // A window of 4 KiB for the registers of each interface, and one more for all other addresses. A write goes to its window when
    // address and data are there; a write and a read may be under way.
    wire [IF_COUNT:0]      window_awvalid, window_awready, window_wready, window_bvalid, window_bready;
    wire [IF_COUNT:0]      window_arvalid, window_arready, window_rvalid, window_rready;
    wire [IF_COUNT*2+1:0]  window_bresp, window_rresp;
    wire [IF_COUNT*32+31:0] window_rdata;

