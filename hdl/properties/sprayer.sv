// Proof of the sprayer.
module sprayer_proof (
    input wire clock,
    input wire resetn,
    input wire frame_done
);
    wire started;
    wire [`CORE_BITS-1:0] core;
    started_after_reset reset (.clock(clock), .resetn(resetn), .started(started));
    sprayer dut (.axis_aclk(clock), .axis_resetn(resetn), .frame_done(frame_done), .core(core));

    // What the core must be, from the cycle before.
    reg [`CORE_BITS-1:0] wanted;
    always @(posedge clock)
        wanted <= !resetn ? 0 : !frame_done ? core : core == `CORES - 1 ? 0 : core + 1'b1;
    always @* if (started) begin
        core_in_range: assert (core < `CORES);
        moves_on_with_frame_done: assert (core == wanted);
        cover (frame_done && core == 1);
    end
endmodule
