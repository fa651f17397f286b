// A master on the registers of a core under test: one access at a time, each asked for from outside.
//
// `request` goes up with what is asked for, which stays until `done` goes up; `rdata` then holds what was read, and
// `request` goes down, and `done` after it. Requests come from another clock: all of them are looked at a cycle late.
`default_nettype none

module seqnic_register_master (
    input  wire        clk,
    input  wire        resetn,
    input  wire        request,
    input  wire        write,
    input  wire [11:0] address,
    input  wire [31:0] wdata,
    output reg         done,
    output reg  [31:0] rdata,

    output wire [11:0] m_axi_awaddr,
    output reg         m_axi_awvalid,
    input  wire        m_axi_awready,
    output wire [31:0] m_axi_wdata,
    output wire [3:0]  m_axi_wstrb,
    output reg         m_axi_wvalid,
    input  wire        m_axi_wready,
    input  wire        m_axi_bvalid,
    output wire        m_axi_bready,
    output wire [11:0] m_axi_araddr,
    output reg         m_axi_arvalid,
    input  wire        m_axi_arready,
    input  wire [31:0] m_axi_rdata,
    input  wire        m_axi_rvalid,
    output wire        m_axi_rready
);
    reg requested, busy;

    assign m_axi_awaddr = address;
    assign m_axi_wdata  = wdata;
    assign m_axi_wstrb  = 4'hf;
    assign m_axi_bready = 1'b1;
    assign m_axi_araddr = address;
    assign m_axi_rready = 1'b1;

    wire begins = requested && !busy && !done;

    always @(posedge clk) begin
        if (m_axi_rvalid) rdata <= m_axi_rdata;
        if (!resetn) begin
            requested     <= 1'b0;
            busy          <= 1'b0;
            done          <= 1'b0;
            m_axi_awvalid <= 1'b0;
            m_axi_wvalid  <= 1'b0;
            m_axi_arvalid <= 1'b0;
        end else begin
            requested     <= request;
            busy          <= begins || (busy && !m_axi_bvalid && !m_axi_rvalid);
            done          <= (busy && (m_axi_bvalid || m_axi_rvalid)) || (done && requested);
            m_axi_awvalid <= (begins && write) || (m_axi_awvalid && !m_axi_awready);
            m_axi_wvalid  <= (begins && write) || (m_axi_wvalid && !m_axi_wready);
            m_axi_arvalid <= (begins && !write) || (m_axi_arvalid && !m_axi_arready);
        end
    end
endmodule

`default_nettype wire
