//! `cargo xtask same-bytes`: the exporter writes the same bytes on every kind of processor.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use anyhow::{Context, Result, ensure};
use clap::Args;
use setup::{debian, npm, rustup, step, workspace};

/// Generators that are always exported. The layouts have constants that are computed and activations in tables.
const GENERATORS: [&str; 5] = [
    "models/faces.onnx",
    "models/fashion.onnx",
    "tests/layouts/act-gelu-erf.onnx",
    "tests/layouts/cond-embedding.onnx",
    "tests/layouts/weight-norm.onnx",
];

/// The program that writes the exporter's files.
const EXAMPLE: &str = "files";
const ARM: &str = "aarch64-unknown-linux-gnu";
const WASM: &str = "wasm32-wasip1";
/// Where Debian's packages put the C library for 64-bit Arm.
const ARM_LIBRARIES: &str = "/usr/aarch64-linux-gnu";
/// Programs of Debian's packages, with the package.
const PROGRAMS: [(&str, &str); 3] = [
    ("qemu-x86_64", "qemu-user"),
    ("qemu-aarch64", "qemu-user"),
    ("aarch64-linux-gnu-gcc", "gcc-aarch64-linux-gnu"),
];

/// What is exported.
#[derive(Args)]
pub struct Options {
    /// Also export these generators
    #[arg(value_name = "FILE.onnx")]
    files: Vec<PathBuf>,
}

/// A kind of processor, and the command that runs the exporter on it.
struct Machine {
    name: &'static str,
    command: Vec<PathBuf>,
}

/// Exports generators on this computer, on x86-64 without AVX and FMA, on 64-bit Arm and in WebAssembly, and compares
/// all files that the exporter writes.
///
/// # Errors
///
/// If a tool cannot be installed, the exporter cannot be built or fails, or files differ.
pub fn same_bytes(options: &Options) -> Result<()> {
    ensure!(
        cfg!(all(target_os = "linux", target_arch = "x86_64")),
        "same-bytes needs QEMU's emulation of programs: run it on Linux on x86-64"
    );
    let machines = machines()?;
    let root = workspace::root();
    let generators = GENERATORS.iter().map(|path| root.join(path));
    let generators: Vec<PathBuf> = generators.chain(options.files.iter().cloned()).collect();
    let place = workspace::target_directory()?.join("same-bytes");
    let mut differing = Vec::new();
    for (number, onnx) in generators.iter().enumerate() {
        let onnx = onnx.canonicalize().with_context(|| format!("{}", onnx.display()))?;
        let mut expected: Option<Vec<(String, Vec<u8>)>> = None;
        for machine in &machines {
            let out = place.join(number.to_string()).join(machine.name);
            let what = format!("{}, {}", onnx.display(), machine.name);
            let files = step::job(&what, || machine.export(&onnx, &out))?;
            match &expected {
                None => expected = Some(files),
                Some(expected) if *expected == files => {}
                Some(expected) => {
                    let differs = |file: &&(String, Vec<u8>)| !expected.contains(file);
                    let names = files.iter().filter(differs).map(|(name, _)| name.as_str());
                    differing.push(format!("{what}: {}", names.collect::<Vec<_>>().join(", ")));
                }
            }
        }
    }
    ensure!(differing.is_empty(), "files differ from this computer's:\n{}", differing.join("\n"));
    println!(
        "{} generators: all files are the same on {} machines",
        generators.len(),
        machines.len()
    );
    Ok(())
}

/// Installs what is missing and builds the exporter for all machines. The first is this computer.
fn machines() -> Result<[Machine; 4]> {
    let missing =
        PROGRAMS.iter().filter(|(program, _)| !step::runs(Command::new(program).arg("--version")));
    let mut packages: Vec<&str> = missing.map(|(_, package)| *package).collect();
    packages.dedup();
    if !Path::new(ARM_LIBRARIES).exists() {
        packages.push("libc6-dev-arm64-cross");
    }
    if !packages.is_empty() {
        debian::install(&packages, "QEMU or the compiler for 64-bit Arm is not installed")?;
    }
    npm::installed_node()?;
    rustup::install("target", &[ARM, WASM])?;

    let target = workspace::target_directory()?;
    // The features of the whole workspace, as the tests build it: tract is not compiled again.
    let mut build = workspace::cargo();
    build.args(["build", "--workspace", "--example", EXAMPLE]);
    step::run("the exporter for this computer", &mut build)?;
    for triple in [ARM, WASM] {
        let mut build = workspace::cargo();
        build.args(["build", "--package", "export", "--example", EXAMPLE, "--target", triple]);
        build.env("CARGO_TARGET_AARCH64_UNKNOWN_LINUX_GNU_LINKER", "aarch64-linux-gnu-gcc");
        build.env("CARGO_PROFILE_DEV_DEBUG", "false");
        step::run(&format!("the exporter for {triple}"), &mut build)?;
    }
    let here = target.join("debug/examples").join(EXAMPLE);
    let there = |triple| target.join(triple).join("debug/examples").join(EXAMPLE);
    let (arm, wasm) = (there(ARM), there(WASM).with_extension("wasm"));
    let qemu = ["qemu-x86_64", "-cpu", "Nehalem"].map(PathBuf::from);
    let arm_qemu = ["qemu-aarch64", "-L", ARM_LIBRARIES].map(PathBuf::from);
    let node = PathBuf::from(npm::node().get_program());
    let script = workspace::root().join("tests/bytes/wasi.mjs");
    Ok([
        Machine { name: "this computer", command: vec![here.clone()] },
        Machine { name: "x86-64 without AVX and FMA", command: [&qemu[..], &[here]].concat() },
        Machine { name: "64-bit Arm", command: [&arm_qemu[..], &[arm]].concat() },
        Machine { name: "WebAssembly", command: vec![node, script, wasm] },
    ])
}

impl Machine {
    /// Exports `onnx` on this machine into `out`. Returns the names of the files that were written, and their bytes.
    ///
    /// # Errors
    ///
    /// If the exporter fails, or a file cannot be read.
    fn export(&self, onnx: &Path, out: &Path) -> Result<Vec<(String, Vec<u8>)>> {
        if out.exists() {
            fs::remove_dir_all(out).with_context(|| format!("cannot remove {}", out.display()))?;
        }
        output::file::directory(out)?;
        let mut export = Command::new(&self.command[0]);
        export.args(&self.command[1..]).arg(onnx).arg(out);
        // As npm::node: options of a debugger would make Node.js wait.
        let output = export.stdin(Stdio::null()).env_remove("NODE_OPTIONS").output();
        let output = output.with_context(|| format!("cannot run {}", self.command[0].display()))?;
        let said = String::from_utf8_lossy(&output.stderr);
        ensure!(output.status.success(), "the exporter failed: {}", said.trim_end());
        let files = fs::read_dir(out)?.map(|entry| {
            let path = entry?.path();
            let name = path.file_name().unwrap_or_default().to_string_lossy().into_owned();
            Ok((name, fs::read(&path)?))
        });
        let mut files: Vec<(String, Vec<u8>)> = files.collect::<Result<_>>()?;
        ensure!(files.len() == 5, "{} files were written instead of 5", files.len());
        files.sort();
        Ok(files)
    }
}
