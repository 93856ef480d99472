//! The floor under photos: a file written, made durable, and given its name.

use std::fs::{self, File};
use std::io::Write;
use std::path::Path;
use std::time::{Duration, Instant};

use anyhow::Result;

/// Files that are written at least, all threads together: fewer take too little time to tell.
const FILES_MIN: usize = 200;

/// Writes `count` files on each of `threads` threads, or some more: write, fsync, rename, fsync of the folder. Says how
/// long a file took, all threads together.
pub fn write_files(dir: &Path, bytes: &[u8], threads: usize, count: usize) -> Result<Duration> {
    let count = count.max(FILES_MIN.div_ceil(threads));
    let began = Instant::now();
    std::thread::scope(|scope| {
        let writers: Vec<_> = (0..threads)
            .map(|thread| scope.spawn(move || (0..count).try_for_each(|n| write_one(dir, bytes, thread, n))))
            .collect();
        writers.into_iter().try_for_each(|writer| match writer.join() {
            Ok(written) => written,
            Err(_) => anyhow::bail!("a writer panicked"),
        })
    })?;
    Ok(began.elapsed() / u32::try_from(threads * count)?)
}

fn write_one(dir: &Path, bytes: &[u8], thread: usize, number: usize) -> Result<()> {
    let (part, name) = (dir.join(format!("{thread}-{number}.part")), dir.join(format!("{thread}-{number}")));
    let mut file = File::create(&part)?;
    file.write_all(bytes)?;
    file.sync_all()?;
    fs::rename(part, name)?;
    File::open(dir)?.sync_all()?;
    Ok(())
}
