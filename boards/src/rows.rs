//! The table of boards. `docs/boards.md` says what else a new board needs.

use crate::{Board, BootDrive, Core, Emulator, OLED, TFT240};

/// The boards. Those that measure a core are in the order of [`CORES`](crate::CORES).
pub const BOARDS: [Board; 9] = [
    Board {
        name: "lm3s6965evb",
        chip: "LM3S6965",
        core: Core::M3,
        clock_mhz: Some(50),
        map: include_str!("../memory/lm3s6965evb.x"),
        screen: Some(OLED),
        buttons: Some("five"),
        ..BARE
    },
    Board {
        name: "mps2-an385",
        chip: "MPS2 with AN385",
        core: Core::M3,
        map: include_str!("../memory/mps2-an385.x"),
        // QEMU has no board with a Cortex-M0+ and PSRAM. A Cortex-M3 runs ARMv6-M code unchanged, and only
        // instructions are counted, not cycles.
        measures: &[Core::M0_PLUS, Core::M3],
        ..BARE
    },
    Board {
        name: "mps2-an386",
        chip: "MPS2 with AN386",
        core: Core::M4,
        map: include_str!("../memory/mps2-an386.x"),
        measures: &[Core::M4],
        ..BARE
    },
    Board {
        name: "mps2-an500",
        chip: "MPS2 with AN500",
        core: Core::M7,
        map: include_str!("../memory/mps2-an500.x"),
        measures: &[Core::M7],
        ..BARE
    },
    Board {
        name: "mps2-an505",
        chip: "MPS2+ with AN505",
        core: Core::M33,
        map: include_str!("../memory/mps2-an505.x"),
        measures: &[Core::M33],
        ..BARE
    },
    Board {
        name: "mps3-an547",
        chip: "MPS3 with AN547",
        core: Core::M55,
        map: include_str!("../memory/mps3-an547.x"),
        measures: &[Core::M55],
        ..BARE
    },
    Board {
        name: "virt",
        chip: "QEMU's own",
        core: Core::RV32IMC,
        map: include_str!("../memory/virt.x"),
        measures: &[Core::RV32IMC],
        ..BARE
    },
    Board {
        name: "pico",
        chip: "RP2040",
        core: Core::M0_PLUS,
        clock_mhz: Some(125),
        map: include_str!("../memory/pico.x"),
        emulator: Some(Emulator::Rp2040js),
        probe: Some("RP2040"),
        drive: Some(BootDrive::RP2040),
        ..PICO_LCD
    },
    Board {
        name: "pico2",
        chip: "RP2350",
        core: Core::M33,
        clock_mhz: Some(150),
        map: include_str!("../memory/pico2.x"),
        probe: Some("RP235x"),
        drive: Some(BootDrive::RP2350),
        ..PICO_LCD
    },
];

/// Fields that emulated boards without a screen share.
const BARE: Board = Board {
    name: "",
    chip: "",
    core: Core::M3,
    clock_mhz: None,
    map: "",
    screen: None,
    buttons: None,
    emulator: Some(Emulator::Qemu),
    probe: None,
    drive: None,
    measures: &[],
};

/// Fields that boards with the pins of a Raspberry Pi Pico share.
const PICO_LCD: Board = Board {
    screen: Some(TFT240),
    buttons: Some("keys and joystick, or three push buttons"),
    emulator: None,
    ..BARE
};
