//! The machine and the versions of the software with which the figures were measured.

use anyhow::{Context, Result};
use std::process::Command;

/// Instruction set extensions that decide how wide a processor multiplies.
const FLAGS: [&str; 6] = ["avx2", "fma", "avx512f", "avx512_vnni", "avx_vnni", "amx_int8"];

/// Processor, compiler, tract's version and commit, in two lines.
pub fn describe() -> Result<String> {
    let (model, flags) = processor();
    let rustc = first_line("rustc", &["--version"])?;
    let commit = first_line("git", &["describe", "--always", "--dirty", "--exclude=*"])?;
    Ok(format!("{model}: {flags}\n{rustc}, tract {}, commit {commit}", tract()))
}

/// Model and [`FLAGS`] of the processor, from Linux's `/proc/cpuinfo`.
fn processor() -> (String, String) {
    let text = std::fs::read_to_string("/proc/cpuinfo").unwrap_or_default();
    let value = |name: &str| {
        let line = text.lines().find(|line| line.split(':').next().unwrap_or("").trim() == name);
        line.and_then(|line| line.split(':').nth(1)).unwrap_or("?").trim().to_owned()
    };
    let all = value("flags");
    let has = |flag: &&str| all.split(' ').any(|it| it == *flag);
    let flags: Vec<&str> = FLAGS.into_iter().filter(has).collect();
    let (model, family, number) = (value("model name"), value("cpu family"), value("model"));
    (format!("{model}, family {family}, model {number}"), flags.join(" "))
}

/// The version of tract in the lock file.
fn tract() -> &'static str {
    let lock = include_str!("../../../Cargo.lock");
    let package = lock.split("[[package]]").find(|it| it.contains("name = \"tract-onnx\"\n"));
    package.and_then(|it| it.split("version = \"").nth(1)?.split('"').next()).unwrap_or("?")
}

/// The first line that a program prints.
fn first_line(program: &str, arguments: &[&str]) -> Result<String> {
    let output = Command::new(program).args(arguments).output();
    let output = output.with_context(|| format!("cannot run {program}"))?.stdout;
    Ok(String::from_utf8_lossy(&output).lines().next().unwrap_or("?").to_owned())
}
