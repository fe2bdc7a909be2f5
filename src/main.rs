//! The program: hands its command line to the library.

use std::process::ExitCode;

fn main() -> ExitCode {
    torus_sim::cli::main()
}
