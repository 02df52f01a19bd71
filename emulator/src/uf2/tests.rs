use boards::BootDrive;
use object::Endianness;
use object::elf::{FileHeader32, PT_LOAD};
use object::read::elf::{FileHeader, ProgramHeader};

use super::{BLOCK, Uf2};

const RP2040: BootDrive = BootDrive::RP2040;
const RP2350: BootDrive = BootDrive::RP2350;

/// An ELF file that loads segments, each given by its address in flash and its data.
pub(crate) fn elf(segments: &[(u32, &[u8])]) -> Vec<u8> {
    let halves = |values: &[u16]| -> Vec<u8> {
        values.iter().flat_map(|value| value.to_le_bytes()).collect()
    };
    let words = |values: &[u32]| -> Vec<u8> {
        values.iter().flat_map(|value| value.to_le_bytes()).collect()
    };
    let count = segments.len() as u16;
    let mut file = [&b"\x7fELF\x01\x01\x01"[..], &[0; 9]].concat();
    file.extend(halves(&[2, 40]));
    file.extend(words(&[1, 0x1000_0101, 52, 0, 0]));
    file.extend(halves(&[52, 32, count, 40, 0, 0]));
    let mut offset = 52 + 32 * u32::from(count);
    for (address, data) in segments {
        let size = data.len() as u32;
        // The virtual address is in RAM: only the physical address counts.
        file.extend(words(&[PT_LOAD, offset, 0x2000_0000, *address, size, size + 8, 4, 4]));
        offset += size;
    }
    for (_, data) in segments {
        file.extend(*data);
    }
    file
}

/// A boot loader, a vector table, and initial values of variables in a sector of their own.
fn program() -> Vec<u8> {
    let code: Vec<u8> = (0..5000_u32).map(|i| (i * 7 % 251) as u8 + 1).collect();
    elf(&[(0x1000_0000, &[1; 252]), (0x1000_0104, &code), (0x1000_3210, b"variables")])
}

#[test]
fn flash_holds_what_the_program_loads() {
    let elf = program();
    let file = Uf2::from_elf(&elf, &RP2040).unwrap().to_bytes();
    let read = Uf2::parse(&file, &RP2040).unwrap();
    let header = FileHeader32::<Endianness>::parse(&*elf).unwrap();
    let endian = header.endian().unwrap();
    let mut loaded = 0;
    for segment in header.program_headers(endian, &*elf).unwrap() {
        let (start, data) = (segment.p_paddr(endian), segment.data(endian, &*elf).unwrap());
        assert_eq!(read.flash(start..start + data.len() as u32).as_deref(), Some(data));
        loaded += data.len();
    }
    assert_eq!(loaded, 252 + 5000 + 9);
    // Bytes between segments and the rest of the last page.
    assert_eq!(read.flash(0x1000_00fc..0x1000_0104), Some(vec![0; 8]));
    assert_eq!(read.flash(0x1000_3219..0x1000_3300), Some(vec![0; 231]));
}

/// Two complete sectors, then one up to its last used page; the empty sector between them is absent.
#[test]
fn sectors_begin_with_their_first_page() {
    let file = Uf2::from_elf(&program(), &RP2040).unwrap().to_bytes();
    let word = |block: usize, at: usize| {
        let at = block * BLOCK + at;
        u32::from_le_bytes(file[at..at + 4].try_into().unwrap())
    };
    let addresses: Vec<u32> = (0..file.len() / BLOCK).map(|block| word(block, 12)).collect();
    let expected = (0x1000_0000..0x1000_2000).chain(0x1000_3000..0x1000_3300);
    assert_eq!(addresses, expected.step_by(256).collect::<Vec<u32>>());
    assert_eq!((word(34, 20), word(34, 24), word(34, 28)), (34, 35, 0xe48b_ff56));
}

/// The first block, field by field as in the specification.
#[test]
fn a_block_has_the_specified_layout() {
    let file = Uf2::from_elf(&elf(&[(0x1000_0000, b"\xaa\xbb")]), &RP2350).unwrap().to_bytes();
    let mut block = b"UF2\n\x57\x51\x5d\x9e\x00\x20\x00\x00".to_vec();
    block.extend(b"\x00\x00\x00\x10\x00\x01\x00\x00\x00\x00\x00\x00\x01\x00\x00\x00");
    block.extend(b"\x59\xff\x8b\xe4\xaa\xbb");
    block.resize(508, 0);
    block.extend(b"\x30\x6f\xb1\x0a");
    assert_eq!(file, block);
}

#[test]
fn what_is_not_for_flash_is_refused() {
    for (address, complaint) in [
        (0x2000_0000, "0x20000000..0x20000003 is not in flash"),
        (0x0fff_fffe, "0x0ffffffe..0x10000001 is not in flash"),
        (0x10ff_fffe, "0x10fffffe..0x11000001 is not in flash"),
    ] {
        let error = Uf2::from_elf(&elf(&[(address, b"abc")]), &RP2040).unwrap_err();
        assert_eq!(error.to_string(), complaint);
    }
    assert!(Uf2::from_elf(&elf(&[]), &RP2040).is_err());
    assert!(Uf2::from_elf(b"not an ELF file", &RP2040).is_err());
}

/// Each rule of the boot ROM is broken once.
#[test]
fn a_damaged_file_is_refused() {
    let good = Uf2::from_elf(&program(), &RP2040).unwrap().to_bytes();
    assert!(Uf2::parse(&good, &RP2040).is_ok());
    let complaint = |bytes: &[u8]| format!("{:#}", Uf2::parse(bytes, &RP2040).unwrap_err());

    let other = format!("{:#}", Uf2::parse(&good, &RP2350).unwrap_err());
    assert_eq!(other, "block 0: family 0xe48bff56 is not RP2350's 0xe48bff59");

    let block = 17;
    for (at, value, expected) in [
        (0, 0, "not UF2's"),
        (4, 0, "not UF2's"),
        (508, 0, "not UF2's"),
        (8, 0, "flags 0x0"),
        (8, 0x2001, "flags 0x2001"),
        (12, 0x1000_1180, "0x10001180 is not the expected page"),
        (12, 0x1000_1200, "0x10001200 is not the expected page"),
        (12, 0x1000_4100, "0x10004100 does not follow"),
        (12, 0x1000_0100, "0x10000100 does not follow"),
        (12, 0x2000_1100, "0x20001100 is not in flash"),
        (16, 476, "a payload of 476 bytes"),
        (20, 18, "is numbered 18 of 35"),
        (24, 36, "is numbered 17 of 36"),
        (28, RP2350.family, "is not RPI-RP2's"),
    ] {
        let mut bad = good.clone();
        bad[block * BLOCK + at..][..4].copy_from_slice(&u32::to_le_bytes(value));
        let told = complaint(&bad);
        assert!(told.starts_with("block 17: ") && told.contains(expected), "{told}");
    }

    assert!(complaint(&good[..good.len() - 1]).contains("block 34: cut short"));
    assert!(complaint(&good[..good.len() - BLOCK]).contains("34 blocks in the file"));
    assert_eq!(complaint(&[]), "the file is empty");
    let without = [&good[..3 * BLOCK], &good[4 * BLOCK..]].concat();
    assert!(complaint(&without).contains("in the file"));
}
