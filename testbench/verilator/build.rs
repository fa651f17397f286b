//! Compiles the C++ side of the bridge.

fn main() {
    cxx_build::bridge("src/bridge.rs")
        .file("cpp/running.cpp")
        .std("c++17")
        .compile("seqnic_verilator_bridge");
    println!("cargo::rerun-if-changed=cpp");
    // `dlopen`, where it is not in the C library.
    if std::env::var("CARGO_CFG_TARGET_OS").as_deref() == Ok("linux") {
        println!("cargo::rustc-link-lib=dl");
    }
}
