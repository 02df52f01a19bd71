//! RISC-V: the entry point and the exception handler.

use riscv::register::{mcause, mepc};
pub(crate) use riscv_rt::entry;

// SAFETY: riscv-rt calls the function of this name, with these arguments, for every exception.
#[unsafe(export_name = "ExceptionHandler")]
fn exception(_: &riscv_rt::TrapFrame) -> ! {
    let (cause, at) = (mcause::read().code(), mepc::read());
    super::fail(|| defmt::error!("exception {} at {:#010x}", cause, at))
}
