//! `fasgard completions`.

use clap::CommandFactory;

use crate::args::{Cli, Completions};

pub(super) fn run(args: &Completions) -> anyhow::Result<()> {
    let mut text = Vec::new();
    clap_complete::generate(args.shell, &mut Cli::command(), "fasgard", &mut text);
    super::print(&String::from_utf8_lossy(&text))
}
