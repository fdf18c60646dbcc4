//! `fasgard`: from recordings to a trained, measured and explained presentation attack detector.

mod args;
mod commands;
mod device;
mod experiment;
mod failure;
mod progress;
mod stop;

use std::process::ExitCode;

use clap::Parser;
use fasgard_kernels::Pooling;

use crate::{args::Cli, failure::exit_code};

/// The system's allocator gives every large tensor back to the kernel and page-faults it again;
/// this one keeps them.
#[global_allocator]
static ALLOCATOR: Pooling<mimalloc::MiMalloc> = Pooling::new(mimalloc::MiMalloc);

fn main() -> ExitCode {
    match commands::run(Cli::parse().command) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            progress::say(&format!("error: {}", failure::message(&error)));
            exit_code(&error)
        }
    }
}
