//! The chip's clocks (chapter 6).

use super::Register;

const RAW_INTERRUPTS: Register = Register(0x400F_E050);
const RUN_CLOCK: Register = Register(0x400F_E060);
const CLOCK_GATE_1: Register = Register(0x400F_E104);
const CLOCK_GATE_2: Register = Register(0x400F_E108);
const SSI0: u32 = 1 << 4;
const GPIO_A_TO_F: u32 = 0b11_1111;
const PLL_LOCKED: u32 = 1 << 6;

/// Frequency of the processor after [`start`].
pub(crate) const HZ: u32 = 50_000_000;

/// Switches from the internal oscillator to [`HZ`]: an 8 MHz crystal and the 200 MHz PLL, in the steps of
/// section 6.3 and of TI's own DriverLib.
pub(crate) fn start() {
    const MAIN_OSCILLATOR_OFF: u32 = 1;
    const SOURCE: u32 = 0b11 << 4;
    const CRYSTAL: u32 = 0xF << 6;
    const CRYSTAL_8_MHZ: u32 = 0xE << 6;
    const BYPASS: u32 = 1 << 11;
    const POWER_DOWN: u32 = 1 << 13;
    const DIVIDE: u32 = 1 << 22;
    const DIVIDER: u32 = 0xF << 23;
    const BY_4: u32 = 3 << 23;
    // Run on the internal oscillator while the main one starts.
    RUN_CLOCK.set(BYPASS);
    RUN_CLOCK.clear(DIVIDE | MAIN_OSCILLATOR_OFF);
    // The delay of DriverLib: 0.13 s at 12 MHz.
    cortex_m::asm::delay(3 << 19);
    // Source 0 is the main oscillator, which feeds the PLL.
    let kept = RUN_CLOCK.read() & !(SOURCE | CRYSTAL | POWER_DOWN);
    RUN_CLOCK.write(kept | CRYSTAL_8_MHZ);
    RUN_CLOCK.write(RUN_CLOCK.read() & !DIVIDER | BY_4 | DIVIDE);
    while RAW_INTERRUPTS.read() & PLL_LOCKED == 0 {}
    RUN_CLOCK.clear(BYPASS);
}

/// Enables the clocks of SSI0 and of ports A to F.
pub(crate) fn wake_peripherals() {
    CLOCK_GATE_1.set(SSI0);
    CLOCK_GATE_2.set(GPIO_A_TO_F);
    // The peripherals respond three clocks later.
    cortex_m::asm::delay(3);
}
