// Follows one arbitrary word through a queue: which one is free (`mark`). Words that come out in another order,
// changed, twice or never show as a difference for some choice.
module word_tracker #(
    parameter BITS = 1,
    parameter CAPACITY = 2
) (
    input wire clock,
    input wire resetn,
    input wire started,
    input wire mark,
    input wire in_fire,
    input wire [BITS-1:0] in_word,
    input wire out_valid,
    input wire out_fire,
    input wire [BITS-1:0] out_word,
    // Words that went in and have not come out.
    output reg [7:0] stored,
    // One of them is followed, this many are ahead of it, and it is this.
    output reg tracked,
    output reg [7:0] ahead,
    output reg [BITS-1:0] wanted
);
    wire marks = in_fire && mark && !tracked;
    wire is_front = tracked && ahead == 0;
    always @(posedge clock) begin
        if (!resetn) begin
            stored <= 0;
            tracked <= 0;
        end else begin
            stored <= stored + in_fire - out_fire;
            if (marks) begin
                tracked <= 1;
                ahead <= stored - out_fire;
                wanted <= in_word;
            end else if (out_fire) begin
                if (is_front) tracked <= 0;
                ahead <= ahead - 1;
            end
        end
    end

    always @* if (started) begin
        none_invented: assert (!out_valid || stored != 0);
        none_lost: assert (!tracked || ahead < stored);
        at_most_capacity: assert (stored <= CAPACITY);
        in_order_unchanged: assert (!(is_front && out_valid) || out_word == wanted);
        cover (is_front && out_fire && stored == CAPACITY);
    end
endmodule
