//! scratch
use seqnic_hdl::blocks::axis::Shape;
use seqnic_hdl::blocks::fifo::{FifoSpec, fifo};
use seqnic_hdl::blocks::prefix_inserter::prefix_inserter;
use seqnic_hdl::blocks::stripper::stripper;
use seqnic_hdl::rtl::emit;
use seqnic_spec::Config;
fn main() {
    let c = Config::from_toml_str("name='p'\nbus.data_bits=64\nbus.tuser_bits=2\nhistory.rows=1\nhistory.field=[{source='tcp.syn'}]\nspray.cores=2\nspray.steering='tdest'\nprefix.section=[{kind='rows'},{kind='padding',bytes=10}]", "x").unwrap();
    let sh = Shape{data_bits:32,user_bits:1,dest_bits:0};
    for d in [prefix_inserter("inserter",&c).unwrap(), stripper("stripper", sh, 6).unwrap(), fifo("fifo", FifoSpec{depth_words:4,width_bits:2,latency_cycles:2,refuses:true}).unwrap()] {
        for f in emit(&d,"") { println!("{}", f.text); }
    }
}
