//! `mamagang template`: the sheet that people fill in. It asks no service.

use std::path::PathBuf;

use anyhow::Context as _;
use mamagang_files::import::{KINDS, Kind, STEPS};
use mamagang_files::xlsx::Book;

use super::import::kind;

/// `mamagang template`.
#[derive(clap::Args, Clone, Debug)]
pub struct TemplateArgs {
    /// The kind of fact or of step, such as contract or 补贴申领
    #[arg(value_name = "KIND", value_parser = kind, required_unless_present = "list")]
    pub kind: Option<&'static Kind>,
    /// Where the template is written [default: 导入模板-TITLE.xlsx]
    #[arg(long, short, value_name = "FILE")]
    pub output: Option<PathBuf>,
    /// List the kinds
    #[arg(long)]
    pub list: bool,
}

/// Writes a template, or lists what there is; gives what is told.
pub fn run(args: &TemplateArgs) -> anyhow::Result<String> {
    let Some(kind) = args.kind.filter(|_| !args.list) else {
        let lines = KINDS
            .iter()
            .chain(STEPS)
            .map(|kind| format!("{:<24}{}", kind.name, kind.title));
        return Ok(lines.collect::<Vec<_>>().join("\n"));
    };
    let bytes = Book::new(kind.title).template(&kind.template())?.finish()?;
    let path = args
        .output
        .clone()
        .unwrap_or_else(|| PathBuf::from(format!("导入模板-{}.xlsx", kind.title)));
    std::fs::write(&path, bytes).with_context(|| format!("cannot write {}", path.display()))?;
    Ok(path.display().to_string())
}
