// A stand-in of the datapath: one stream in, one out, and the instances and names that the installer looks for.
module nf_datapath #(
    parameter C_M_AXIS_DATA_WIDTH = 512,
    parameter C_S_AXIS_DATA_WIDTH = 512,
    parameter C_M_AXIS_TUSER_WIDTH = 128,
    parameter C_S_AXIS_TUSER_WIDTH = 128
) (
    input axis_aclk,
    input axis_resetn,
    input axi_aclk,
    input axi_resetn,
    input  [C_S_AXIS_DATA_WIDTH-1:0]   s_axis_0_tdata,
    input  [C_S_AXIS_DATA_WIDTH/8-1:0] s_axis_0_tkeep,
    input  [C_S_AXIS_TUSER_WIDTH-1:0]  s_axis_0_tuser,
    input                              s_axis_0_tvalid,
    output                             s_axis_0_tready,
    input                              s_axis_0_tlast,
    output [C_M_AXIS_DATA_WIDTH-1:0]   m_axis_0_tdata,
    output [C_M_AXIS_DATA_WIDTH/8-1:0] m_axis_0_tkeep,
    output [C_M_AXIS_TUSER_WIDTH-1:0]  m_axis_0_tuser,
    output                             m_axis_0_tvalid,
    input                              m_axis_0_tready,
    output                             m_axis_0_tlast
);
    wire [C_M_AXIS_DATA_WIDTH-1:0]   m_axis_opl_tdata;
    wire [C_M_AXIS_DATA_WIDTH/8-1:0] m_axis_opl_tkeep;
    wire [C_M_AXIS_TUSER_WIDTH-1:0]  m_axis_opl_tuser;
    wire                             m_axis_opl_tvalid;
    wire                             m_axis_opl_tready;
    wire                             m_axis_opl_tlast;

    //Output Port Lookup
    switch_output_port_lookup_ip  output_port_lookup_1  (
        .axis_aclk(axis_aclk),
        .axis_resetn(axis_resetn),
        .m_axis_tdata (m_axis_opl_tdata),
        .m_axis_tkeep (m_axis_opl_tkeep),
        .m_axis_tuser (m_axis_opl_tuser),
        .m_axis_tvalid(m_axis_opl_tvalid),
        .m_axis_tready(m_axis_opl_tready),
        .m_axis_tlast (m_axis_opl_tlast),
        .s_axis_tdata (s_axis_0_tdata),
        .s_axis_tkeep (s_axis_0_tkeep),
        .s_axis_tuser (s_axis_0_tuser),
        .s_axis_tvalid(s_axis_0_tvalid),
        .s_axis_tready(s_axis_0_tready),
        .s_axis_tlast (s_axis_0_tlast)
    );

    //Output queues
    output_queues_ip  bram_output_queues_1 (
        .axis_aclk(axis_aclk),
        .axis_resetn(axis_resetn),
        .s_axis_tdata   (m_axis_opl_tdata),
        .s_axis_tkeep   (m_axis_opl_tkeep),
        .s_axis_tuser   (m_axis_opl_tuser),
        .s_axis_tvalid  (m_axis_opl_tvalid),
        .s_axis_tready  (m_axis_opl_tready),
        .s_axis_tlast   (m_axis_opl_tlast),
        .m_axis_0_tdata (m_axis_0_tdata),
        .m_axis_0_tkeep (m_axis_0_tkeep),
        .m_axis_0_tuser (m_axis_0_tuser),
        .m_axis_0_tvalid(m_axis_0_tvalid),
        .m_axis_0_tready(m_axis_0_tready),
        .m_axis_0_tlast (m_axis_0_tlast)
    );
endmodule
