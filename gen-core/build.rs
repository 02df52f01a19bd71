//! Chooses the kernel for the target and names it in a `cfg`, because stable Rust does not expose which of Arm's
//! instructions a target has.

use std::env;

fn main() {
    println!("cargo::rerun-if-changed=build.rs");
    println!(
        "cargo::rustc-check-cfg=cfg(gen_core_dsp, gen_core_armv8m, gen_core_armv7m, gen_core_armv6m)"
    );
    println!("cargo::rustc-check-cfg=cfg(gen_core_mve, gen_core_lanes)");
    let target = env::var("TARGET").unwrap_or_default();
    // Targets for kernels of operating systems (x86_64-unknown-none) have no SSE2.
    let features = env::var("CARGO_CFG_TARGET_FEATURE").unwrap_or_default();
    let has = |name: &str| features.split(',').any(|feature| feature == name);
    let flags = env::var("CARGO_ENCODED_RUSTFLAGS").unwrap_or_default();
    // ARMv7E-M always has DSP instructions. Of ARMv8-M, Cortex-M33, M35P, M55 and M85 may have them: target-cpu says
    // that they do, unless target-feature removes them. M55 and M85 may also have vectors, whose registers only the
    // runtime of the hard-float ABI turns on.
    let mut cpu = flags.split('\u{1f}').filter_map(|flag| flag.rsplit_once("target-cpu="));
    let cpu = cpu.next_back().map_or("", |(_, name)| name);
    let mut features = flags.split('\u{1f}').filter_map(|flag| flag.rsplit_once("target-feature="));
    let off: Vec<&str> = features.by_ref().flat_map(|(_, list)| list.split(',')).collect();
    let without = |name: &str| off.iter().any(|feature| feature.strip_prefix('-') == Some(name));
    let armv8m = target.starts_with("thumbv8m.main")
        && ["cortex-m33", "cortex-m35p", "cortex-m55", "cortex-m85"].contains(&cpu);
    let mve = target == "thumbv8m.main-none-eabihf"
        && ["cortex-m55", "cortex-m85"].contains(&cpu)
        && !without("mve");
    let armv8m = armv8m && !without("dsp");
    if mve {
        println!("cargo::rustc-cfg=gen_core_mve");
    } else if target.starts_with("thumbv7em") || armv8m {
        println!("cargo::rustc-cfg=gen_core_dsp");
        if armv8m {
            println!("cargo::rustc-cfg=gen_core_armv8m");
        }
    } else if target.starts_with("thumbv7m") || target.starts_with("thumbv8m.main") {
        println!("cargo::rustc-cfg=gen_core_armv7m");
    } else if target.starts_with("thumbv6m") || target.starts_with("thumbv8m.base") {
        println!("cargo::rustc-cfg=gen_core_armv6m");
    } else if target.starts_with("x86_64") && has("sse2") {
        println!("cargo::rustc-cfg=gen_core_lanes");
    }
}
