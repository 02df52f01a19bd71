//! Measures the memory that a program takes on its board.

use std::ops::Range;
use std::path::Path;

use anyhow::{Context, Result};
use object::{Object, ObjectSection, ObjectSymbol, SectionFlags, SectionKind, elf::SHF_ALLOC};
use output::number::grouped;

/// Memory used and available, in bytes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Size {
    /// Flash used by code, constants, the model and the initial values of variables.
    pub flash: u64,
    /// Flash of the board.
    pub flash_total: u64,
    /// Flash that build.rs reserves for everything but the model.
    pub flash_reserved: u64,
    /// RAM used by variables, working memory included. The rest is for the stack.
    pub ram: u64,
    /// RAM of the board.
    pub ram_total: u64,
    /// RAM that build.rs reserves for everything but the working memory.
    pub ram_reserved: u64,
    ram_end: u64,
}

impl Size {
    /// Measures an ELF file linked with one of our memory maps.
    ///
    /// # Errors
    ///
    /// If the file cannot be read, or was linked with another memory map.
    pub fn of(elf: &Path) -> Result<Self> {
        let bytes = std::fs::read(elf).with_context(|| format!("{}", elf.display()))?;
        let file = object::File::parse(&*bytes).with_context(|| format!("{}", elf.display()))?;
        let symbol = |name: &str| {
            let symbol = file.symbol_by_name(name).with_context(|| format!("no symbol {name}"));
            symbol.map(|symbol| symbol.address())
        };
        let (flash_total, ram_total) = (symbol("_flash_size")?, symbol("_ram_size")?);
        let ram_end = symbol("_stack_start")?;
        let in_ram = ram_end - ram_total..ram_end;

        let mut size = Self {
            flash: 0,
            flash_total,
            flash_reserved: symbol("_flash_reserved")?,
            ram: 0,
            ram_total,
            ram_reserved: symbol("_ram_reserved")?,
            ram_end,
        };
        for section in file.sections() {
            let SectionFlags::Elf { sh_flags } = section.flags() else { continue };
            // riscv-rt puts the remaining RAM into a section.
            if sh_flags & u64::from(SHF_ALLOC) == 0 || section.name() == Ok(".stack") {
                continue;
            }
            if in_ram.contains(&section.address()) {
                size.ram += section.size();
            }
            // The second-stage boot loader lies before the region FLASH.
            let program = section.name() != Ok(".boot2");
            if program && section.kind() != SectionKind::UninitializedData {
                size.flash += section.size();
            }
        }
        Ok(size)
    }

    /// Addresses of the stack, which grows down from the end of RAM to the variables.
    pub fn stack(&self) -> Range<u64> {
        self.ram_end - (self.ram_total - self.ram)..self.ram_end
    }

    /// Formats a table of bytes used, available and left. `working_memory`: the engine's part of RAM. The row
    /// `stack` divides the RAM that variables leave: into the reserved part and what is left.
    pub fn table(&self, working_memory: u64) -> String {
        let mut table = format!("{:8}{:>12}{:>12}{:>12}\n", "", "used", "of", "left");
        let mut row = |name: &str, used: u64, of: u64, what: &str| {
            let [used, of, left] = [used, of, of.saturating_sub(used)].map(grouped);
            table += format!("{name:8}{used:>12}{of:>12}{left:>12}  {what}").trim_end();
            table.push('\n');
        };
        row("flash", self.flash, self.flash_total, "");
        let variables = self.ram.saturating_sub(working_memory);
        let (engine, others) = (grouped(working_memory), grouped(variables));
        let parts = format!("working memory {engine}, variables {others}");
        row("RAM", self.ram, self.ram_total, &parts);
        // The reserved RAM includes the variables.
        let kept = self.ram_reserved.saturating_sub(variables);
        let room = self.ram_total.saturating_sub(self.ram);
        let [kept, room, left] = [kept, room, room.saturating_sub(kept)].map(grouped);
        // How much the stack uses is only known when the program runs.
        table + &format!("{:20}{room:>12}{left:>12}  {kept} reserved for the stack\n", "stack")
    }
}

#[cfg(test)]
mod tests {
    use super::Size;

    #[test]
    fn the_table_adds_up() {
        let size = Size {
            flash: 150_000,
            flash_total: 262_144,
            flash_reserved: 71_680,
            ram: 40_000,
            ram_total: 65_536,
            ram_reserved: 20_000,
            ram_end: 0x2001_0000,
        };
        let expected = "                used          of        left\n\
            flash        150,000     262,144     112,144\n\
            RAM           40,000      65,536      25,536  working memory 36,000, variables 4,000\n\
            stack                     25,536       9,536  16,000 reserved for the stack\n";
        assert_eq!(size.table(36_000), expected);
        assert_eq!(size.stack(), 0x2000_9c40..0x2001_0000);
    }
}
