//! Runs the private cluster of a directory until standard input ends: for `psql` beside a stopped server, and
//! for the tests that kill the program that holds a cluster.
//!
//! `hold-cluster DIRECTORY` prints the cluster's address, and on a second line the folder of its programs.

use std::io::Read;
use std::process::ExitCode;

use private_postgres::{Cluster, Options};

fn main() -> ExitCode {
    let Some(root) = std::env::args_os().nth(1) else {
        eprintln!("usage: hold-cluster DIRECTORY");
        return ExitCode::from(2);
    };
    match Cluster::start(&Options::new(root)).and_then(hold) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("{error}");
            ExitCode::FAILURE
        }
    }
}

fn hold(cluster: Cluster) -> Result<(), private_postgres::Error> {
    println!("{}\n{}", cluster.url("postgres"), cluster.bin_dir().display());
    // What is written there does not matter, only its end does.
    let _ = std::io::stdin().read_to_end(&mut Vec::new());
    cluster.stop()
}
