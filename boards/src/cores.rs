//! The processor cores, and the targets that their code is built for.

/// A processor core.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Core {
    /// Its name; Arm's without `Cortex-`.
    pub name: &'static str,
    /// Rust's target triple.
    pub target: &'static str,
    /// LLVM's name of the core, if it differs from the one in `.cargo/config.toml` for the target.
    pub cpu: Option<&'static str>,
    /// A typical clock in MHz, if the exporter's report estimates times for this core.
    pub usual_mhz: Option<u32>,
}

impl Core {
    /// Cortex-M0+.
    pub const M0_PLUS: Self = Self::new("M0+", "thumbv6m-none-eabi").usually(48);
    /// Cortex-M3.
    pub const M3: Self = Self::new("M3", "thumbv7m-none-eabi").usually(72);
    /// Cortex-M4.
    pub const M4: Self = Self::new("M4", "thumbv7em-none-eabihf").usually(168);
    /// Cortex-M7.
    pub const M7: Self = Self::new("M7", "thumbv7em-none-eabihf");
    /// Cortex-M33.
    pub const M33: Self = Self::new("M33", "thumbv8m.main-none-eabihf").usually(150);
    /// Cortex-M55, with vector instructions.
    pub const M55: Self =
        Self { cpu: Some("cortex-m55"), ..Self::new("M55", "thumbv8m.main-none-eabihf") }
            .usually(400);
    /// 32-bit RISC-V with multiplication and compressed instructions.
    pub const RV32IMC: Self = Self::new("RV32IMC", "riscv32imc-unknown-none-elf");

    const fn new(name: &'static str, target: &'static str) -> Self {
        Self { name, target, cpu: None, usual_mhz: None }
    }

    const fn usually(mut self, mhz: u32) -> Self {
        self.usual_mhz = Some(mhz);
        self
    }
}

/// All cores, from the smallest: the order of the bench's columns and of the report's times.
pub const CORES: [Core; 7] =
    [Core::M0_PLUS, Core::M3, Core::M4, Core::M7, Core::M33, Core::M55, Core::RV32IMC];
