// Follows one arbitrary frame, and one arbitrary byte of it, through a block that puts `ADDED` bytes in front of each
// frame or removes `REMOVED` bytes from it. Which frame and byte is free (`mark`, `pick`, `lane`). Only what is inside
// the block is counted, so that frames may have any length.
module frame_tracker #(
    parameter BYTES = 1,
    parameter SIDE = 1,
    parameter ADDED = 0,
    parameter REMOVED = 0,
    // Cycles without a beat on the output that a complete frame may wait in the block.
    parameter IDLE = 0,
    // Whether a byte is followed, too.
    parameter CONTENT = 1
) (
    input wire clock,
    input wire resetn,
    input wire started,
    input wire mark,
    input wire pick,
    input wire [7:0] lane,
    input wire in_valid,
    input wire in_ready,
    input wire [8*BYTES-1:0] in_data,
    input wire [BYTES-1:0] in_keep,
    input wire in_last,
    input wire [SIDE-1:0] in_side,
    input wire out_valid,
    input wire out_ready,
    input wire [8*BYTES-1:0] out_data,
    input wire [BYTES-1:0] out_keep,
    input wire out_last,
    // A frame has been offered and has not ended; beats of it were accepted; some of its bytes stay.
    output reg open,
    output reg begun,
    output reg had_payload,
    // Bytes that are still to be removed from it.
    output reg [15:0] to_skip,
    // Frames that must still come out.
    output reg [7:0] due,
    // One frame is followed, with this many ahead of it; it was accepted to its end.
    output reg tracked,
    output reg [7:0] ahead,
    output reg ended,
    // Bytes of it that must still come out, as far as they are known, and its first side-band.
    output reg [15:0] owed,
    output reg [SIDE-1:0] first_side,
    // A byte of it is followed, with this many bytes before it, and it is this.
    output reg chosen,
    output reg [15:0] in_front,
    output reg [7:0] wanted
);
    function [15:0] bytes_of(input [BYTES-1:0] keep);
        integer i;
        begin
            bytes_of = 0;
            for (i = 0; i < BYTES; i = i + 1) bytes_of = bytes_of + keep[i];
        end
    endfunction

    wire in_fire = in_valid && in_ready;
    wire leaves = out_valid && out_ready && out_last;
    wire starts = in_valid && !open;
    wire ends = in_fire && in_last;
    wire [15:0] in_bytes = bytes_of(in_keep);
    wire [15:0] out_bytes = bytes_of(out_keep);
    wire [15:0] payload = in_bytes > to_skip ? in_bytes - to_skip : 16'd0;
    wire gains = in_fire && payload != 0;
    wire becomes_due = REMOVED == 0 ? starts : gains && !had_payload;

    wire marks = starts && mark && !tracked;
    wire is_coming = marks || (tracked && !ended);
    wire is_leaving = tracked && ahead == 0;
    wire vanishes = is_coming && ends && REMOVED != 0 && !had_payload && !gains;
    wire [15:0] delivered = is_leaving && out_valid && out_ready ? out_bytes : 16'd0;
    wire [15:0] left = (marks ? ADDED : owed) - delivered;
    wire picks = is_coming && in_fire && pick && (marks || !chosen) && lane < in_bytes && lane >= to_skip;
    wire [8*BYTES-1:0] in_shifted = in_data >> 8 * lane;
    wire [8*BYTES-1:0] out_shifted = out_data >> 8 * in_front;

    always @(posedge clock) begin
        if (!resetn) begin
            open <= 0;
            begun <= 0;
            had_payload <= 0;
            to_skip <= REMOVED;
            due <= 0;
            tracked <= 0;
            chosen <= 0;
        end else begin
            open <= (open || in_valid) && !ends;
            if (in_fire) begin
                begun <= !in_last;
                had_payload <= !in_last && (had_payload || gains);
                to_skip <= in_last ? REMOVED : to_skip > in_bytes ? to_skip - in_bytes : 16'd0;
            end
            due <= due + becomes_due - leaves;

            tracked <= (marks || tracked) && !(is_leaving && leaves) && !vanishes;
            ended <= (ended && !marks) || (is_coming && ends);
            ahead <= marks ? due - leaves : ahead - (leaves && ahead != 0);
            owed <= left + (is_coming && in_fire ? payload : 16'd0);
            if (marks) first_side <= in_side;

            chosen <= (picks || (chosen && !marks && in_front >= delivered)) && !(is_leaving && leaves);
            in_front <= picks ? left + (lane - to_skip) : in_front - delivered;
            if (picks) wanted <= in_shifted[7:0];
        end
    end

    // Frames that were accepted to their end.
    wire [7:0] complete = due - (REMOVED == 0 ? open : had_payload);
    wire is_idle = complete != 0 && !out_valid;
    reg [7:0] idle;
    always @(posedge clock) idle <= resetn && is_idle ? idle + 1 : 8'd0;

    wire is_mine = is_leaving && out_valid;
    always @* if (started) begin
        no_frame_invented: assert (!out_valid || due != 0);
        no_frame_lost: assert (!(is_idle && idle >= IDLE));
        frame_length: assert (!is_mine || out_bytes <= owed);
        one_tlast: assert (!is_mine || out_last == (ended && owed == out_bytes));
        helper_to_skip: assert (to_skip <= REMOVED);
        cover (is_mine && ended && out_last && out_ready);
    end
    generate
        if (CONTENT) begin : content
            always @* if (started) begin
                byte_unchanged: assert (!(is_mine && chosen && in_front < out_bytes) || out_shifted[7:0] == wanted);
                cover (is_mine && chosen && in_front < out_bytes);
            end
        end
    endgenerate
endmodule
