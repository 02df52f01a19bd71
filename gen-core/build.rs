//! Chooses the kernel for the target and names it in a `cfg`, because stable Rust does not expose which of Arm's
//! instructions a target has.

use std::env;

fn main() {
    println!("cargo::rerun-if-changed=build.rs");
    println!(
        "cargo::rustc-check-cfg=cfg(gen_core_dsp, gen_core_armv8m_dsp, gen_core_armv7m, gen_core_armv6m)"
    );
    println!("cargo::rustc-check-cfg=cfg(gen_core_mve, gen_core_lanes)");
    let target = env::var("TARGET").unwrap_or_default();
    let features = env::var("CARGO_CFG_TARGET_FEATURE").unwrap_or_default();
    let flags = env::var("CARGO_ENCODED_RUSTFLAGS").unwrap_or_default();
    let values =
        |name| flags.split('\u{1f}').filter_map(move |flag| Some(flag.rsplit_once(name)?.1));
    // ARMv7E-M always has DSP instructions. Of ARMv8-M, Cortex-M33, M35P, M55 and M85 may have them: target-cpu says
    // that they do, unless target-feature removes them. M55 and M85 may also have vectors, whose registers only the
    // runtime of the hard-float ABI turns on.
    let cpu = values("target-cpu=").next_back().unwrap_or_default();
    let without =
        |feature| values("target-feature=").any(|list| list.split(',').any(|it| it == feature));
    let armv8m_dsp = target.starts_with("thumbv8m.main")
        && ["cortex-m33", "cortex-m35p", "cortex-m55", "cortex-m85"].contains(&cpu)
        && !without("-dsp");
    let mve = target == "thumbv8m.main-none-eabihf"
        && ["cortex-m55", "cortex-m85"].contains(&cpu)
        && !without("-mve");
    if mve {
        println!("cargo::rustc-cfg=gen_core_mve");
    } else if target.starts_with("thumbv7em") || armv8m_dsp {
        println!("cargo::rustc-cfg=gen_core_dsp");
        if armv8m_dsp {
            println!("cargo::rustc-cfg=gen_core_armv8m_dsp");
        }
    } else if target.starts_with("thumbv7m") || target.starts_with("thumbv8m.main") {
        println!("cargo::rustc-cfg=gen_core_armv7m");
    } else if target.starts_with("thumbv6m") || target.starts_with("thumbv8m.base") {
        println!("cargo::rustc-cfg=gen_core_armv6m");
    } else if target.starts_with("x86_64") && features.split(',').any(|it| it == "sse2") {
        // Targets for kernels of operating systems (x86_64-unknown-none) have no SSE2.
        println!("cargo::rustc-cfg=gen_core_lanes");
    }
}
