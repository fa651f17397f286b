// What AXI4-Stream asks of the side that offers beats. `ASSUMED` says which side that is: 1, the environment of a
// block, and the rules are assumed; 0, the block, and they are asserted.
module offer #(
    parameter BYTES = 1,
    parameter SIDE = 1,
    parameter ASSUMED = 0
) (
    input wire clock,
    input wire resetn,
    input wire started,
    input wire valid,
    input wire ready,
    input wire [8*BYTES-1:0] data,
    input wire [BYTES-1:0] keep,
    input wire last,
    input wire [SIDE-1:0] side,
    // A beat was offered in the cycle before and not accepted, and its side-band.
    output reg waiting,
    output wire [SIDE-1:0] waiting_side
);
    wire [SIDE+9*BYTES:0] beat = {side, last, keep, data};
    reg [SIDE+9*BYTES:0] offered;
    assign waiting_side = offered[SIDE+9*BYTES:9*BYTES+1];
    always @(posedge clock) begin
        waiting <= resetn && valid && !ready;
        offered <= beat;
    end

    wire is_held = !waiting || valid;
    wire is_stable = !(waiting && valid) || beat == offered;
    wire is_contiguous = (keep & (keep + 1'b1)) == 0;
    wire is_legal = !valid || (keep[0] && is_contiguous && (last || &keep));

    generate
        if (ASSUMED) begin : environment
            always @* if (started) assume (is_held && is_stable && is_legal);
        end else begin : block
            always @* if (started) begin
                valid_held: assert (is_held);
                beat_stable: assert (is_stable);
                keep_legal: assert (is_legal);
            end
        end
    endgenerate
endmodule
