//! The tablet's module: `tablet-core` compiled for browsers, bound, and checked to load in one.
//!
//! It needs Rust's library for `wasm32-unknown-unknown`, which rustup adds where it can. Elsewhere, as root on Debian, the
//! library is built from its sources: Debian's package of the same compiler version, pinned by its hash, from the mirror
//! that the system names. SQLite in it is C, so clang is needed.

use std::path::{Path, PathBuf};
use std::process::Command;

use wasm_bindgen_cli_support::Bindgen;

use crate::error::Error;
use crate::install;
use crate::run::{cargo, output, run, succeeds};

/// What is built.
const PACKAGE: &str = "tablet-core";
const TARGET: &str = "wasm32-unknown-unknown";
/// Its profile in the workspace's Cargo.toml.
const PROFILE: &str = "module";
/// A folder of its own: another target's features would compile shared dependencies anew.
const TARGET_DIR: &str = "target/wasm";
/// Where the screens import it from; not committed.
const OUT: &str = "web/tablet/src/core/generated";
/// What cargo leaves and what is made of it.
const COMPILED: &str = "target/wasm/wasm32-unknown-unknown/module/tablet_core.wasm";
const BOUND: &str = "web/tablet/src/core/generated/tablet_core_bg.wasm";
const GLUE: &str = "web/tablet/src/core/generated/tablet_core.js";

/// What SQLite is compiled without: ciphers that nothing is encrypted with, and tables that nothing reads. (`sqlite-wasm-rs`
/// reads this variable.)
const SQLITE_FLAGS: (&str, &str) = (
    "SQLITE_WASM_RS_FLAGS",
    "-DHAVE_CIPHER_AES_128_CBC=0 -DHAVE_CIPHER_AES_256_CBC=0 -DHAVE_CIPHER_SQLCIPHER=0 -DHAVE_CIPHER_RC4=0 \
     -DHAVE_CIPHER_ASCON128=0 -DHAVE_CIPHER_AEGIS=0 -USQLITE_ENABLE_SESSION -USQLITE_ENABLE_PREUPDATE_HOOK \
     -USQLITE_ENABLE_RTREE -USQLITE_ENABLE_STMTVTAB -USQLITE_ENABLE_BYTECODE_VTAB -USQLITE_ENABLE_DBSTAT_VTAB",
);

/// The sources of Rust's library in Debian, for the compiler of this version and no other.
const SOURCES_OF: &str = "1.95.0";
const SOURCES: &str = "pool/main/r/rustc/rust-src_1.95.0+dfsg1-2~bpo13+1_all.deb";
const SOURCES_SHA256: &str = "7b76db5b880a77f9e52975d2baa6209d2f76d2c9c2789515c3088cb960e2c83b";
/// Where they are unpacked, with their version behind it; what is there is whole.
const UNPACKED: &str = "var/rust-src";

/// How the library for browsers is had.
enum Library {
    /// It is there.
    Installed,
    /// It is built from these sources: the folder `library`, whose own workspace cargo reads.
    Sources(PathBuf),
}

/// Builds the module where anything of it changed.
///
/// # Errors
/// What is missing and cannot be installed; what fails to build; [`Error::Module`].
pub fn build() -> Result<(), Error> {
    install::clang()?;
    run(task(&library()?).arg("--quiet"))?;
    if is_older(Path::new(GLUE), Path::new(COMPILED))? {
        bind()?;
        let [compiled, bound] = [COMPILED, BOUND].map(|file| size(Path::new(file)));
        println!("{BOUND}: {} bytes ({} before binding)", bound?, compiled?);
    }
    check_imports()
}

fn task(library: &Library) -> Command {
    let mut command = cargo("build");
    let (flags, without) = SQLITE_FLAGS;
    command.env(flags, without).args([
        "--package",
        PACKAGE,
        "--target",
        TARGET,
        "--profile",
        PROFILE,
        "--target-dir",
        TARGET_DIR,
    ]);
    if let Library::Sources(sources) = library {
        command
            .arg("-Zbuild-std=std,panic_abort")
            .env("RUSTC_BOOTSTRAP", "1")
            .env("__CARGO_TESTS_ONLY_SRC_ROOT", sources);
    }
    command
}

/// Rust's library for browsers: by rustup, or by its sources.
fn library() -> Result<Library, Error> {
    let installed = || {
        let mut ask = Command::new("rustc");
        let folder = output(ask.args(["--print", "target-libdir", "--target", TARGET]), "")?;
        Ok::<_, Error>(Path::new(folder.trim()).exists())
    };
    if installed()? || (succeeds(Command::new("rustup").args(["target", "add", TARGET])) && installed()?) {
        return Ok(Library::Installed);
    }
    let missing = Error::Missing {
        what: "Rust's library for wasm32-unknown-unknown",
        how: "`rustup target add wasm32-unknown-unknown`, or your distribution's package of it",
    };
    let compiler = output(Command::new("rustc").arg("--version"), "")?;
    if !install::is_root_on_debian() || compiler.split_whitespace().nth(1) != Some(SOURCES_OF) {
        return Err(missing);
    }
    let here = std::env::current_dir().map_err(Error::io("find", Path::new(".")))?;
    let sources = here.join(format!("{UNPACKED}-{SOURCES_OF}"));
    if !sources.exists() {
        unpack(&sources, &here.join(format!("{UNPACKED}-partial")))?;
    }
    Ok(Library::Sources(sources.join(format!("usr/src/rustc-{SOURCES_OF}/library"))))
}

/// Debian's sources of Rust, from the mirror that the system names; all of them, or no such folder.
fn unpack(sources: &Path, partial: &Path) -> Result<(), Error> {
    println!("no library for {TARGET}: unpacking Debian's sources as {}", sources.display());
    if partial.exists() {
        std::fs::remove_dir_all(partial).map_err(Error::io("remove", partial))?;
    }
    std::fs::create_dir_all(partial).map_err(Error::io("make", partial))?;
    let package = partial.join("rust-src.deb");
    let address = format!("{}/{SOURCES}", install::debian_mirror()?);
    run(Command::new("/usr/lib/apt/apt-helper")
        .args(["download-file", &address])
        .arg(&package)
        .arg(format!("SHA256:{SOURCES_SHA256}")))?;
    run(Command::new("dpkg-deb").arg("--extract").arg(&package).arg(partial))?;
    std::fs::remove_file(&package).map_err(Error::io("remove", &package))?;
    std::fs::rename(partial, sources).map_err(Error::io("rename", partial))
}

fn bind() -> Result<(), Error> {
    let bound = Bindgen::new()
        .input_path(COMPILED)
        .remove_name_section(true)
        .remove_producers_section(true)
        .web(true)
        .and_then(|bindgen| bindgen.omit_default_module_path(false).typescript(true).generate(OUT));
    bound.map_err(|reason| Error::Module { reason: reason.to_string() })
}

/// A module that asks for functions of `env` cannot load: something in it was built for no platform.
fn check_imports() -> Result<(), Error> {
    let glue = std::fs::read_to_string(GLUE).map_err(Error::io("read", Path::new(GLUE)))?;
    match foreign_import(&glue) {
        Some(line) => Err(Error::Module { reason: format!("it imports what no browser has: {line}") }),
        None => Ok(()),
    }
}

/// The first import of the glue that is not of a file beside it.
fn foreign_import(glue: &str) -> Option<&str> {
    let imports = glue.lines().filter(|line| line.starts_with("import "));
    imports.into_iter().find(|line| !line.contains("from './") && !line.contains("from \"./"))
}

fn is_older(made: &Path, source: &Path) -> Result<bool, Error> {
    let changed = |file: &Path| std::fs::metadata(file).and_then(|facts| facts.modified());
    let source = changed(source).map_err(Error::io("read", source))?;
    Ok(changed(made).map_or(true, |made| made < source))
}

fn size(file: &Path) -> Result<u64, Error> {
    std::fs::metadata(file).map(|facts| facts.len()).map_err(Error::io("read", file))
}

#[cfg(test)]
mod tests {
    use super::foreign_import;

    #[test]
    fn a_module_that_wants_functions_of_no_platform_is_found() {
        let sound = "import { now } from './snippets/clock.js';\nlet wasm;\n";
        assert_eq!(foreign_import(sound), None);
        let foreign = format!("{sound}import * as import1 from \"env\"\n");
        assert_eq!(foreign_import(&foreign), Some("import * as import1 from \"env\""));
    }
}
