//! The INT nodes' models, against bytes by hand, rule by rule, and against a second parser of checksums.

mod collector;
mod frames;
mod golden;
mod reports;
mod round_trip;
mod sink;
mod source;
mod transit;
mod watchlist;
