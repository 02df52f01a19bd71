//! `dcgan rules`: checks an ONNX network against the DCGAN paper's architecture guidelines.

use std::path::PathBuf;

use anyhow::{Result, bail, ensure};
use clap::Args;
use dcgan::rules::{self, Role};
use export::draw::File;

#[derive(Args)]
pub(crate) struct Rules {
    /// A generator or discriminator in ONNX
    #[arg(value_name = "FILE.onnx")]
    file: PathBuf,
}

impl Rules {
    pub(crate) fn run(&self) -> Result<()> {
        let source = match File::load(&self.file)? {
            File::Onnx(source) => source,
            File::Gen { .. } => {
                bail!("{}: a .gen cannot be checked: give its .onnx", self.file.display())
            }
        };
        let (role, findings) = rules::check(&source)?;
        let role = match role {
            Role::Generator => "a generator",
            Role::Discriminator => "a discriminator",
        };
        println!("{}: {role}", self.file.display());
        for finding in &findings {
            let mark = if finding.broken.is_empty() { "keeps " } else { "breaks" };
            let colon = if finding.broken.is_empty() { "" } else { ": " };
            println!("{mark}  {}{colon}{}", finding.rule, finding.broken.join(", "));
        }
        let broken = findings.iter().filter(|finding| !finding.broken.is_empty()).count();
        let of = findings.len();
        ensure!(broken == 0, "{}: breaks {broken} of {of} rules", self.file.display());
        Ok(())
    }
}
