// The first cycle is one of reset; what registers hold before it is free. Reset may come again at any time.
module started_after_reset (
    input wire clock,
    input wire resetn,
    output reg started
);
    initial started = 0;
    always @(posedge clock) started <= 1;
    always @* if (!started) assume (!resetn);
endmodule
