//! Full and failing disks: every write of the device's stores and of the server's photo store fails once, as on a disk
//! without room and as on a broken one.
//!
//! The disk is a small library below the C library (`failing_disk.c`), so what fails are the real calls of SQLite and of
//! the standard library; the program builds it, and starts itself again with it. Linux only, as the server is.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing, reason = "tests")]

mod device;
mod failing;
mod photo_store;

use std::process::ExitCode;

use failing::Disk;

fn main() -> ExitCode {
    let Some(disk) = Disk::loaded() else { return Disk::load() };
    std::fs::create_dir_all(disk.root()).unwrap();
    let on_device = device::every_write_fails_once(&disk);
    println!("device: {on_device} faults, nothing lost");
    let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build().unwrap();
    let under_photos = runtime.block_on(photo_store::every_write_fails_once(&disk));
    println!("photo store: {under_photos} faults, nothing lost");
    ExitCode::SUCCESS
}
