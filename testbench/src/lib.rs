//! Engines, AXI4-Stream drivers and monitors, and the scoreboard of seqnic
