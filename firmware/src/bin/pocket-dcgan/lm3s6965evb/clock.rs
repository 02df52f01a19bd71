//! Clocks (data sheet, chapter 6).

use super::register::Register;

const RAW_INTERRUPTS: Register = Register(0x400F_E050);
const RUN_CLOCK: Register = Register(0x400F_E060);
const CLOCK_GATE_1: Register = Register(0x400F_E104);
const CLOCK_GATE_2: Register = Register(0x400F_E108);
const SSI0: u32 = 1 << 4;
const GPIO_A_TO_F: u32 = 0b11_1111;
const PLL_LOCKED: u32 = 1 << 6;

/// The processor's clock once started.
pub(super) const HZ: u32 = 50_000_000;

/// From the 8 MHz crystal over the 200 MHz PLL to [`HZ`] (data sheet, section 6.3).
pub(super) fn start() {
    const BYPASS: u32 = 1 << 11;
    const DIVIDE: u32 = 1 << 22;
    const POWER_DOWN: u32 = 1 << 13;
    const CRYSTAL_8_MHZ: u32 = 0xE << 6;
    const BY_4: u32 = 3 << 23;
    RUN_CLOCK.set(BYPASS);
    RUN_CLOCK.clear(DIVIDE);
    // Crystal, oscillator and divider fields cleared; main oscillator on.
    let kept = RUN_CLOCK.read() & !(0xF << 23 | 0xF << 6 | 0b11 << 4 | POWER_DOWN | 1);
    RUN_CLOCK.write(kept | CRYSTAL_8_MHZ);
    RUN_CLOCK.set(BY_4 | DIVIDE);
    while RAW_INTERRUPTS.read() & PLL_LOCKED == 0 {}
    RUN_CLOCK.clear(BYPASS);
}

/// Gives clocks to SSI0 and the ports A to F.
pub(super) fn wake_peripherals() {
    CLOCK_GATE_1.set(SSI0);
    CLOCK_GATE_2.set(GPIO_A_TO_F);
    // They answer three clocks later.
    cortex_m::asm::delay(3);
}
