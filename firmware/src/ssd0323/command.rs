//! The controller's commands, named as in its datasheet (Solomon Systech, SSD0323).
//!
//! Arguments follow their command with D/C still low; only pixels are sent as data.

/// First and last column of the window, in bytes of two pixels. Also moves the pointer to its start.
pub(super) const COLUMN_ADDRESS: u8 = 0x15;
/// First and last row of the window. Also moves the pointer to its start.
pub(super) const ROW_ADDRESS: u8 = 0x75;

const CONTRAST: u8 = 0x81;
const HALF_CURRENT_RANGE: u8 = 0x85;
const REMAP: u8 = 0xA0;
const START_LINE: u8 = 0xA1;
const DISPLAY_OFFSET: u8 = 0xA2;
const NORMAL_DISPLAY: u8 = 0xA4;
const MULTIPLEX_RATIO: u8 = 0xA8;
const DC_DC_CONVERTER: u8 = 0xAD;
const DISPLAY_OFF: u8 = 0xAE;
const DISPLAY_ON: u8 = 0xAF;
const PHASE_LENGTH: u8 = 0xB1;
const ROW_PERIOD: u8 = 0xB2;
const CLOCK_DIVIDER: u8 = 0xB3;
const GREY_TABLE: u8 = 0xB8;
const PRECHARGE_VOLTAGE: u8 = 0xBC;
const VCOMH_VOLTAGE: u8 = 0xBE;
const SEGMENT_LOW_VOLTAGE: u8 = 0xBF;

/// Neighbouring rows are wired to opposite sides of the glass.
const SPLIT_COMMONS: u8 = 1 << 6;
/// Row 0 is at the top.
const REVERSE_COMMONS: u8 = 1 << 4;
/// The high nibble is the left pixel of a pair.
const HIGH_NIBBLE_LEFT: u8 = 1 << 1;

/// Initialisation from reset until the panel is ready but dark, for OSRAM's 128×64 panel. Voltages, times and
/// offset are the panel's (OSRAM application note AN018, as in the board maker's own driver): another panel
/// with the same controller needs others.
pub(super) const SETUP: [&[u8]; 16] = [
    &[DISPLAY_OFF],
    // Oscillator at its fastest, divided by 2: no visible flicker.
    &[CLOCK_DIVIDER, 0xF1],
    // 64 of the 80 commons are connected …
    &[MULTIPLEX_RATIO, 63],
    // … and the first of them is number 76.
    &[DISPLAY_OFFSET, 76],
    &[START_LINE, 0],
    &[REMAP, SPLIT_COMMONS | REVERSE_COMMONS | HIGH_NIBBLE_LEFT],
    &[HALF_CURRENT_RANGE],
    // Of 127. The higher the current, the faster an OLED ages.
    &[CONTRAST, 50],
    // Clocks of a row: 2 to discharge, 2 to precharge, 70 in all.
    &[PHASE_LENGTH, 0x22],
    &[ROW_PERIOD, 70],
    &[SEGMENT_LOW_VOLTAGE, 0x0D],
    &[VCOMH_VOLTAGE, 0x02],
    &[PRECHARGE_VOLTAGE, 0x10],
    // Pulse widths of the 15 greys, two a byte: linear.
    &[GREY_TABLE, 0x01, 0x11, 0x22, 0x32, 0x43, 0x54, 0x65, 0x76],
    // The panel's high voltage comes from the controller's own converter.
    &[DC_DC_CONVERTER, 0x03],
    &[NORMAL_DISPLAY],
];

/// Turns the panel on. Send it after the memory has been cleared, which holds noise at power-on.
pub(super) const ON: [&[u8]; 1] = [&[DISPLAY_ON]];
