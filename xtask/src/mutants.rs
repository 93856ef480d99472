//! `cargo xtask mutants`: puts classic mistakes back in, one at a time, and expects the suite to catch each.
//!
//! A mistake is a patch under `tests/mutants/` whose first lines say what it is and which cargo command must fail. It is
//! applied to a scratch copy of the last commit; nothing in the product knows of it. A patch that no longer applies or
//! no longer compiles, and a command that does not pass without it, are failures as well: they prove nothing.

use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use crate::database::Database;
use crate::error::Error;
use crate::install;
use crate::run::{cargo, run as run_program, succeeds};

/// Where the patches are.
const PATCHES: &str = "tests/mutants";
/// Where the copy with the mistake is.
const SCRATCH: &str = "target/mutants";
/// Where it is compiled to. Not where this workspace is: cargo tells crates apart by their place in a workspace, and would
/// take a crate with a mistake for this workspace's own.
const COMPILED: &str = "target/mutants-compiled";
/// The line that says what the mistake is.
const MISTAKE: &str = "Mistake: ";
/// The line that says which `cargo test` must fail.
const CAUGHT_BY: &str = "Caught-by: ";

/// Which mistakes.
#[derive(Debug, clap::Args)]
pub struct Arguments {
    /// Only those whose name contains this.
    #[arg(default_value = "")]
    pub name: String,
}

/// A mistake.
#[derive(Debug)]
struct Mutant {
    name: String,
    patch: PathBuf,
    mistake: String,
    caught_by: Vec<String>,
}

/// What became of a mistake.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Fate {
    /// The command failed, as it must.
    Caught,
    /// The command passed.
    Survived,
    /// The patch does not fit the code any more.
    DoesNotApply,
    /// With the patch the code does not compile.
    DoesNotCompile,
}

/// Applies each and runs its command.
///
/// # Errors
/// [`Error::Mutants`] with those that were not caught; why a command failed without any mistake.
pub fn run(arguments: &Arguments) -> Result<(), Error> {
    let programs = install::for_serving()?;
    let database = Database::open(programs.clone())?;
    let mutants: Vec<Mutant> =
        read_all()?.into_iter().filter(|mutant| mutant.name.contains(&arguments.name)).collect();
    let scratch = Scratch::make(&database, &programs)?;
    // Without any mistake every command passes.
    for command in mutants.iter().map(|mutant| &mutant.caught_by).collect::<BTreeSet<_>>() {
        run_program(&mut scratch.cargo(command))?;
    }
    let mut wrong = Vec::new();
    for mutant in &mutants {
        let fate = scratch.try_out(mutant)?;
        println!("==> {}: {fate:?} ({})", mutant.name, mutant.mistake);
        if fate != Fate::Caught {
            wrong.push(format!("{}: {fate:?}", mutant.name));
        }
    }
    if wrong.is_empty() { Ok(()) } else { Err(Error::Mutants { wrong }) }
}

fn read_all() -> Result<Vec<Mutant>, Error> {
    let folder = Path::new(PATCHES);
    let mut mutants = Vec::new();
    for entry in fs::read_dir(folder).map_err(Error::io("read", folder))? {
        let patch = entry.map_err(Error::io("read", folder))?.path();
        let text = fs::read_to_string(&patch).map_err(Error::io("read", &patch))?;
        let line = |start: &str| text.lines().find_map(|line| line.strip_prefix(start)).unwrap_or_default();
        mutants.push(Mutant {
            name: patch.file_stem().unwrap_or_default().to_string_lossy().into_owned(),
            mistake: line(MISTAKE).to_owned(),
            caught_by: line(CAUGHT_BY).split_whitespace().map(str::to_owned).collect(),
            patch,
        });
    }
    mutants.sort_by(|one, other| one.name.cmp(&other.name));
    Ok(mutants)
}

/// A copy of the last commit in a folder of its own, always the same one, so that a second campaign compiles what changed.
#[derive(Debug)]
struct Scratch {
    folder: PathBuf,
    target: PathBuf,
    url: String,
    programs: PathBuf,
}

impl Scratch {
    fn make(database: &Database, programs: &Path) -> Result<Self, Error> {
        let here = std::env::current_dir().map_err(Error::io("find", Path::new(".")))?;
        let folder = here.join(SCRATCH);
        if folder.exists() {
            fs::remove_dir_all(&folder).map_err(Error::io("remove", &folder))?;
        }
        let mut clone = Command::new("git");
        run_program(clone.args(["clone", "--quiet", "--shared"]).arg(&here).arg(&folder))?;
        Ok(Self {
            target: here.join(COMPILED),
            url: database.url.clone(),
            programs: programs.to_owned(),
            folder,
        })
    }

    fn git(&self, arguments: &[&str]) -> Command {
        let mut git = Command::new("git");
        git.arg("-C").arg(&self.folder).args(arguments);
        git
    }

    /// A cargo command in the copy.
    fn cargo(&self, arguments: &[String]) -> Command {
        let (subcommand, rest) = arguments.split_first().map_or(("", &[][..]), |(first, rest)| (first, rest));
        let mut command = cargo(subcommand);
        command.args(rest).current_dir(&self.folder);
        command.env("CARGO_TARGET_DIR", &self.target).env("DATABASE_URL", &self.url);
        command.env("PG_BINDIR", &self.programs);
        command
    }

    fn try_out(&self, mutant: &Mutant) -> Result<Fate, Error> {
        let here = std::env::current_dir().map_err(Error::io("find", Path::new(".")))?;
        let mut apply = self.git(&["apply"]);
        if !succeeds(apply.arg(here.join(&mutant.patch))) {
            return Ok(Fate::DoesNotApply);
        }
        let fate = self.command_fails(mutant);
        run_program(&mut self.git(&["checkout", "--quiet", "--", "."]))?;
        Ok(fate)
    }

    fn command_fails(&self, mutant: &Mutant) -> Fate {
        if !succeeds(&mut self.cargo(&only_building(&mutant.caught_by))) {
            return Fate::DoesNotCompile;
        }
        if succeeds(&mut self.cargo(&mutant.caught_by)) { Fate::Survived } else { Fate::Caught }
    }
}

/// The command that compiles the tests that another one runs.
fn only_building(command: &[String]) -> Vec<String> {
    let before_arguments = command.iter().take_while(|argument| *argument != "--").cloned();
    before_arguments.chain(["--no-run".to_owned()]).collect()
}
