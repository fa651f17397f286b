// Stand-in of a FIFO without protection: a word that is written when it is full takes the place of the oldest one.
// The oldest word is at the output.
`default_nettype none

module stand_in_ring #(
    parameter WIDTH = 1,
    parameter DEPTH_BITS = 5
) (
    input  wire                axis_aclk,
    input  wire                axis_resetn,
    input  wire                write,
    input  wire [WIDTH-1:0]    written,
    input  wire                read,
    output wire [WIDTH-1:0]    oldest,
    output reg  [DEPTH_BITS:0] depth
);
    reg [WIDTH-1:0]      words [0:(1<<DEPTH_BITS)-1];
    reg [DEPTH_BITS-1:0] write_at, read_at;

    assign oldest = words[read_at];

    always @(posedge axis_aclk) begin
        if (write) words[write_at] <= written;
        if (!axis_resetn) begin
            write_at <= 0;
            read_at  <= 0;
            depth    <= 0;
        end else begin
            if (write) write_at <= write_at + 1'b1;
            if (read) read_at <= read_at + 1'b1;
            if (write && !read) depth <= depth + 1'b1;
            if (read && !write) depth <= depth - 1'b1;
        end
    end
endmodule

`default_nettype wire
