//! Tools that are installed when they are missing.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use anyhow::{Context, Result, bail, ensure};
use boards::{Board, Emulator};
use emulator::launch::{self, NODE, WINDOW};

use crate::step;

/// The oldest Node.js that everything here runs on.
const NODE_VERSION: u32 = 18;

/// Adds the parts of Rust that are missing: `kind` is `target` or `component`.
///
/// # Errors
///
/// If rustup cannot be run or does not succeed.
pub fn rustup(kind: &str, wanted: &[&str]) -> Result<()> {
    let output =
        Command::new("rustup").args([kind, "list", "--installed"]).output().with_context(|| {
            format!("cannot run rustup; install {kind}s {} yourself", wanted.join(" "))
        })?;
    let host = Command::new("rustc").args(["--print", "host-tuple"]).output();
    let host = host.context("cannot run rustc")?.stdout;
    let (installed, host) =
        (String::from_utf8_lossy(&output.stdout), String::from_utf8_lossy(&host));
    let missing = missing(wanted, &installed, host.trim());
    if missing.is_empty() {
        return Ok(());
    }
    println!("installing Rust {kind}s: {}", missing.join(" "));
    step::run(
        &format!("rustup {kind} add"),
        Command::new("rustup").args([kind, "add"]).args(missing),
    )
}

/// Those of `wanted` that rustup does not list as installed. It lists components with the host's
/// name behind theirs.
fn missing<'w>(wanted: &[&'w str], installed: &str, host: &str) -> Vec<&'w str> {
    let name = |line: &str| {
        let component = line.strip_suffix(host).and_then(|line| line.strip_suffix('-'));
        component.unwrap_or(line).to_owned()
    };
    let installed: Vec<String> = installed.lines().map(name).collect();
    wanted.iter().filter(|part| !installed.iter().any(|has| has == *part)).copied().collect()
}

/// Makes sure that a board's emulator is there, if it has one, and with `window` also what it needs to
/// open one.
///
/// # Errors
///
/// If it cannot be installed.
pub fn emulator(board: &Board, window: bool) -> Result<()> {
    match board.emulator {
        Some(Emulator::Qemu { .. }) => qemu(launch::qemu(board.core), window),
        Some(Emulator::Rp2040js) => rp2040js().map(drop),
        None => Ok(()),
    }
}

/// Makes sure that this program of QEMU's is there, and with `window` also what it needs to open one.
fn qemu(program: &str, window: bool) -> Result<()> {
    if !runs(Command::new(program).arg("--version")) {
        // Debian's and Ubuntu's packages, of whatever name, provide what is called as the program.
        debian_packages(&[program], &format!("{program} is not installed"))?;
    }
    if !window {
        return Ok(());
    }
    let displays = Command::new(program).args(["-display", "help"]).output()?.stdout;
    if String::from_utf8_lossy(&displays).lines().any(|display| display == WINDOW) {
        return Ok(());
    }
    debian_packages(&["qemu-system-gui"], &format!("{program} can open no window"))
}

/// Makes sure that rp2040js is there, in the version of `emulator/pico`'s lock file. Gives the
/// directory it is installed in.
///
/// # Errors
///
/// If there is no Node.js with npm, or npm cannot install; says what to do.
pub fn rp2040js() -> Result<PathBuf> {
    let directory = launch::rp2040js()?;
    npm_of("rp2040js", &directory, &launch::pico())?;
    Ok(directory)
}

/// [`npm`] for the `package.json` and the lock file of a folder of ours.
///
/// # Errors
///
/// As those of [`npm`].
pub fn npm_of(name: &str, directory: &Path, folder: &Path) -> Result<()> {
    let [package, lock] = ["package.json", "package-lock.json"].map(|name| {
        let path = folder.join(name);
        fs::read_to_string(&path).with_context(|| format!("cannot read {}", path.display()))
    });
    npm(name, directory, &package?, &lock?)
}

/// Makes sure that packages of npm are installed in a directory, exactly those of a `package.json` and
/// its lock file. `name` is what they are called when they are not.
///
/// # Errors
///
/// If there is no Node.js with npm, or npm cannot install; says what to do.
pub fn npm(name: &str, directory: &Path, package: &str, lock: &str) -> Result<()> {
    node()?;
    let place = directory.join("package-lock.json");
    // npm writes the second one last.
    let installed = directory.join("node_modules/.package-lock.json").exists();
    if installed && fs::read(&place).ok().as_deref() == Some(lock.as_bytes()) {
        return Ok(());
    }
    println!("{name} is not installed; installing it by npm into {}", directory.display());
    fs::create_dir_all(directory)
        .and_then(|()| fs::write(directory.join("package.json"), package))
        .and_then(|()| fs::write(&place, lock))
        .with_context(|| format!("cannot write {}", place.display()))?;
    let mut npm = Command::new("npm");
    npm.args(["ci", "--ignore-scripts", "--no-audit", "--no-fund"]).current_dir(directory);
    step::run("npm ci", &mut npm).with_context(|| {
        format!("npm, whose words are above, cannot install {name}: connect to its registry and try again")
    })
}

/// Makes sure that Node.js and npm are there.
///
/// # Errors
///
/// If they are not and cannot be installed from here, or are too old; says what to do.
fn node() -> Result<()> {
    let mut missing = Vec::new();
    for (program, package) in [(NODE, "nodejs"), ("npm", "npm")] {
        if !runs(Command::new(program).arg("--version")) {
            missing.push(package);
        }
    }
    if !missing.is_empty() {
        debian_packages(&missing, "Node.js with npm is not installed")?;
    }
    let output = Command::new(NODE).arg("--version").output();
    let version = output.context("cannot run node")?.stdout;
    let version = String::from_utf8_lossy(&version);
    let version = version.trim();
    ensure!(
        major(version) >= Some(NODE_VERSION),
        "Node.js {version} is too old: install {NODE_VERSION} or newer, then try again"
    );
    Ok(())
}

/// The 20 of v20.20.2.
fn major(version: &str) -> Option<u32> {
    version.strip_prefix('v')?.split('.').next()?.parse().ok()
}

/// A Python with exactly the packages of a `requirements.txt`, in a directory of its own. Gives the interpreter.
///
/// # Errors
///
/// If there is no Python 3 with `venv`, or the packages cannot be had.
pub fn python(directory: &Path, requirements: &Path) -> Result<PathBuf> {
    let python = directory.join("bin/python");
    if !runs(Command::new(&python).args(["-m", "pip", "--version"])) {
        if !runs(Command::new("python3").args(["-c", "import venv, ensurepip"])) {
            debian_packages(&["python3-venv"], "there is no Python 3 with venv")?;
        }
        let mut venv = Command::new("python3");
        venv.args(["-m", "venv"]).arg(directory);
        step::run("create a Python environment", &mut venv)?;
    }
    let mut pip = Command::new(&python);
    pip.args(["-m", "pip", "install", "--quiet", "--disable-pip-version-check", "-r"]);
    step::run("Python packages", pip.arg(requirements))?;
    Ok(python)
}

/// Installs Debian packages as root; otherwise fails with the command to type.
fn debian_packages(packages: &[&str], problem: &str) -> Result<()> {
    let names = packages.join(" ");
    let apt = runs(Command::new("apt-get").arg("--version"));
    ensure!(apt, "{problem}: install it, then try again");
    if !is_root()? {
        bail!("{problem}; type: sudo apt-get install --yes {names}");
    }
    println!("{problem}; installing with apt-get: {names}");
    step::run("apt-get update", Command::new("apt-get").arg("update"))?;
    let mut install = Command::new("apt-get");
    install.env("DEBIAN_FRONTEND", "noninteractive");
    install.args(["install", "--yes", "--no-install-recommends"]).args(packages);
    step::run(&format!("apt-get install {names}"), &mut install)
}

/// Fetches a Debian package and puts what is in it into a directory, without installing it.
///
/// # Errors
///
/// If there is no apt-get, or it cannot fetch the package; says what to do.
pub fn debian_content(package: &str, directory: &Path) -> Result<()> {
    let apt = runs(Command::new("apt-get").arg("--version"));
    ensure!(apt, "{package} is a Debian package and there is no apt-get: try on Debian or Ubuntu");
    if !runs(Command::new("apt-cache").args(["show", package])) {
        let problem = format!("apt does not know {package}");
        if !is_root()? {
            bail!("{problem}; type: sudo apt-get update, then try again");
        }
        println!("{problem}; reading what there is with apt-get update");
        step::run("apt-get update", Command::new("apt-get").arg("update"))?;
    }
    println!("fetching Debian's package {package} with apt-get; it is not installed");
    let mut download = Command::new("apt-get");
    // As whoever runs this: apt's own user may not write here, and says so.
    download.args(["-o", "APT::Sandbox::User=", "download", package]).current_dir(directory);
    step::run("apt-get download", &mut download).with_context(|| {
        format!("apt-get, whose words are above, cannot fetch {package}: type sudo apt-get update and try again")
    })?;
    let files = fs::read_dir(directory).with_context(|| format!("{}", directory.display()))?;
    let mut files = files.filter_map(|file| Some(file.ok()?.path()));
    let file = files.find(|file| file.extension().is_some_and(|extension| extension == "deb"));
    let file = file.with_context(|| format!("apt-get has fetched no {package}"))?;
    let mut open = Command::new("dpkg-deb");
    step::run("dpkg-deb", open.arg("--extract").arg(file).arg(directory))
}

fn is_root() -> Result<bool> {
    let id = Command::new("id").arg("-u").output().context("cannot run id")?;
    Ok(id.stdout.trim_ascii() == b"0")
}

/// Whether a command runs and succeeds.
fn runs(command: &mut Command) -> bool {
    let quiet = command.stdout(Stdio::null()).stderr(Stdio::null());
    quiet.status().is_ok_and(|status| status.success())
}

#[cfg(test)]
mod tests {
    use super::{NODE_VERSION, major, missing};

    const HOST: &str = "x86_64-unknown-linux-gnu";

    #[test]
    fn a_target_is_not_another_that_begins_alike() {
        let installed = "thumbv7m-none-eabi\nthumbv8m.main-none-eabihf\nx86_64-unknown-linux-gnu\n";
        let wanted = ["thumbv7m-none-eabi", "thumbv8m.main-none-eabi", HOST];
        assert_eq!(missing(&wanted, installed, HOST), ["thumbv8m.main-none-eabi"]);
    }

    #[test]
    fn components_are_listed_with_their_host() {
        let installed = "clippy-x86_64-unknown-linux-gnu\nrust-src\n";
        let wanted = ["rustfmt", "clippy", "rust-src"];
        assert_eq!(missing(&wanted, installed, HOST), ["rustfmt"]);
    }

    #[test]
    fn versions_are_compared_as_numbers() {
        assert!(major("v20.20.2") >= Some(NODE_VERSION) && major("v100.0.0") >= Some(NODE_VERSION));
        assert!(major("v9.11.2") < Some(NODE_VERSION) && major("") < Some(NODE_VERSION));
    }
}
