//! The command line: `cargo run -p recipes -- faces`.

use std::path::PathBuf;
use std::process::ExitCode;

use clap::Parser;
use recipes::Set;

/// Download or draw open training pictures, into target/data
#[derive(Parser)]
#[command(version, arg_required_else_help = true)]
struct Arguments {
    /// The set of pictures
    set: Set,
    /// Write into this directory instead of target/data/SET
    #[arg(long, value_name = "DIR")]
    out: Option<PathBuf>,
}

fn main() -> ExitCode {
    let Arguments { set, out } = Arguments::parse();
    match recipes::data(set, out.as_deref()) {
        Ok(_) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("error: {error:#}");
            ExitCode::FAILURE
        }
    }
}
