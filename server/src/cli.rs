//! The command line: `server serve | migrate | backup | restore | admin | ledger verify | ledger replay | config |
//! openapi`.

use std::path::{Path, PathBuf};

use clap::{Args, Parser, Subcommand};
use diesel_async::{AsyncConnection, AsyncPgConnection};
use indicatif::ProgressBar;
use sync_core::ids::RegionCode;
use sync_core::time::{Clock as _, Month};

use crate::admin::commands::{self, AdminCommand, AdminError};
use crate::backup::{BackedUp, BackupError, Place, Restored, back_up, restore};
use crate::clock::SystemClock;
use crate::config::{self, Config, ConfigError};
use crate::database::{Database, DatabaseError};
use crate::db::migrate::{self, MigrateError};
use crate::openapi;
use crate::photos::places::PhotoPlaces;
use crate::serve::{self, Demonstration, ServeError};
use crate::services::replay_ledger::{Difference, Extent, Progress, ReplayError, Replayed, replay_ledger};
use crate::services::verify_ledger::{Verification, districts, verify_every_ledger};
use crate::telemetry;

/// The server of Lantian (蓝天).
#[derive(Debug, Parser)]
#[command(name = "server", version)]
pub struct Cli {
    /// Configuration file (TOML); see `server config --explain`.
    #[arg(long, global = true, env = "LANTIAN_CONFIG")]
    config: Option<PathBuf>,
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, Subcommand)]
enum Command {
    /// Serve until told to stop.
    Serve(Serve),
    /// Bring the database up to date and end.
    Migrate,
    /// Back up the database and the original photos it names, also while the server serves.
    Backup(Backup),
    /// Restore a backup into an empty database, and its photos.
    Restore(Restore),
    /// Districts, users, devices and packs, from the command line.
    #[command(subcommand)]
    Admin(AdminCommand),
    /// Look after the ledger (台账).
    #[command(subcommand)]
    Ledger(LedgerCommand),
    /// Show the configuration.
    Config(ShowConfig),
    /// Print the OpenAPI document of the API, from which clients make their types.
    Openapi,
}

#[derive(Debug, Subcommand)]
enum LedgerCommand {
    /// Walk every district's hash chain; fails at the first entry that breaks one.
    Verify,
    /// Rebuild the ledger from inspections and decisions and compare every entry and every closed month's digest;
    /// fails at the first difference.
    Replay(ReplayLedger),
}

#[derive(Debug, Args)]
struct ReplayLedger {
    /// To the closing of this month, `YYYY-MM`.
    #[arg(long, required_unless_present = "all")]
    month: Option<Month>,
    /// To the last decision, with every closed month.
    #[arg(long, conflicts_with = "month")]
    all: bool,
    /// Of this district alone.
    #[arg(long)]
    district: Option<RegionCode>,
}

#[derive(Debug, Args)]
struct Serve {
    /// Serve the demonstration district: fills an empty database with it, and prints who can sign in.
    #[arg(long)]
    demo: bool,
    /// A demonstration that is new begins so many months ago, and its clock stands there until it is moved on over the
    /// API.
    #[arg(long, requires = "demo", value_name = "MONTHS")]
    since_months: Option<u8>,
}

#[derive(Debug, Args)]
struct Backup {
    /// Directory of the backup; photos that it has whole from an earlier one are not copied again.
    #[arg(long)]
    to: PathBuf,
}

#[derive(Debug, Args)]
struct Restore {
    /// Directory of the backup.
    #[arg(long)]
    from: PathBuf,
}

#[derive(Debug, Args)]
struct ShowConfig {
    /// Explain every key.
    #[arg(long, required = true)]
    explain: bool,
}

/// Why a command failed.
#[derive(Debug, thiserror::Error)]
pub enum CommandError {
    /// The configuration.
    #[error(transparent)]
    Config(#[from] ConfigError),
    /// The log filter.
    #[error("configuration key log: {0}")]
    Log(#[from] tracing_subscriber::filter::ParseError),
    /// The database.
    #[error(transparent)]
    Database(#[from] DatabaseError),
    /// Migrations.
    #[error(transparent)]
    Migrate(#[from] MigrateError),
    /// Administration.
    #[error(transparent)]
    Admin(#[from] AdminError),
    /// Serving.
    #[error(transparent)]
    Serve(#[from] ServeError),
    /// Backup or restore.
    #[error(transparent)]
    Backup(#[from] BackupError),
    /// The photo directory cannot be made or used.
    #[error("photo directory: {0}")]
    PhotoDirectory(#[from] std::io::Error),
    /// No connection.
    #[error(transparent)]
    Connect(#[from] diesel::ConnectionError),
    /// Reading the ledger.
    #[error(transparent)]
    Ledger(#[from] diesel::result::Error),
    /// Replaying the ledger.
    #[error(transparent)]
    Replay(#[from] ReplayError),
    /// The OpenAPI document.
    #[error("the document cannot be written: {0}")]
    Document(#[from] serde_json::Error),
    /// There is nothing to replay.
    #[error("there is no district {0}")]
    DistrictUnknown(String),
    /// A ledger replays to something else.
    #[error("the ledger of {district}: {difference}")]
    ReplayDiffers {
        /// Whose.
        district: String,
        /// Where.
        difference: Difference,
    },
    /// A ledger does not verify.
    #[error("the ledger of {district} is broken at entry {entry_no}: {fault}")]
    LedgerBroken {
        /// Whose.
        district: String,
        /// Where.
        entry_no: i64,
        /// How.
        fault: crate::ledger::chain::Fault,
    },
}

/// Runs the command.
///
/// # Errors
/// [`CommandError`].
pub async fn run(cli: Cli) -> Result<(), CommandError> {
    if let Command::Config(ShowConfig { explain: true }) = cli.command {
        print!("{}", config::explain());
        return Ok(());
    }
    if let Command::Openapi = cli.command {
        println!("{}", openapi::document().to_pretty_json()?);
        return Ok(());
    }
    let config = Config::load(cli.config.as_deref())?;
    telemetry::start(&config)?;
    match cli.command {
        Command::Serve(Serve { demo, since_months }) => {
            let demonstration = demo.then_some(Demonstration { since_months });
            serve::run(config, demonstration).await?;
        }
        Command::Migrate => migrate(&config).await?,
        Command::Backup(Backup { to }) => back_up_into(&config, &to).await?,
        Command::Restore(Restore { from }) => restore_from(&config, &from).await?,
        Command::Admin(command) => admin(&config, command).await?,
        Command::Ledger(LedgerCommand::Verify) => verify_ledgers(&config).await?,
        Command::Ledger(LedgerCommand::Replay(asked)) => replay_ledgers(&config, &asked).await?,
        Command::Config(_) | Command::Openapi => {}
    }
    Ok(())
}

async fn migrate(config: &Config) -> Result<(), CommandError> {
    let database = Database::open(config).await?;
    let versions = migrate::run(database.url()).await?;
    for version in &versions {
        println!("{version}");
    }
    println!("{} migrations run, the database is up to date", versions.len());
    database.close().await?;
    Ok(())
}

async fn back_up_into(config: &Config, directory: &Path) -> Result<(), CommandError> {
    let database = Database::join(config).await?;
    let place = place(config, &database)?;
    let outcome = back_up(&place, directory, SystemClock.now()).await;
    database.close().await?;
    let BackedUp { manifest, photos_copied } = outcome?;
    let (rows, photos): (i64, usize) = (manifest.rows.values().sum(), manifest.photos.len());
    println!(
        "{rows} rows and {photos} photos ({photos_copied} new), acknowledged work up to {}",
        manifest.through
    );
    Ok(())
}

async fn restore_from(config: &Config, directory: &Path) -> Result<(), CommandError> {
    let database = Database::open(config).await?;
    let place = place(config, &database)?;
    let outcome = restore(&place, directory).await;
    database.close().await?;
    let Restored { manifest, migrations, entries } = outcome?;
    let (taken_at, photos) = (manifest.taken_at, manifest.photos.len());
    println!("restored as of {taken_at}: {photos} photos, {entries} ledger entries verified");
    println!("{} migrations run, every district has a new epoch", migrations.len());
    Ok(())
}

fn place(config: &Config, database: &Database) -> Result<Place, CommandError> {
    Ok(Place {
        database_url: database.url().to_owned(),
        programs: database.programs().map(Path::to_owned),
        photos: PhotoPlaces::open(config)?.store,
    })
}

async fn admin(config: &Config, command: AdminCommand) -> Result<(), CommandError> {
    let database = Database::open(config).await?;
    migrate::run(database.url()).await?;
    let outcome = commands::run(database.url(), command).await;
    database.close().await?;
    println!("{}", outcome?);
    Ok(())
}

async fn verify_ledgers(config: &Config) -> Result<(), CommandError> {
    let database = Database::open(config).await?;
    let mut connection = AsyncPgConnection::establish(database.url()).await?;
    let verified = verify_every_ledger(&mut connection).await;
    drop(connection);
    database.close().await?;
    for (district, verification) in verified? {
        match verification {
            Verification::Sound { entries } => println!("{district}: {entries} entries, sound"),
            Verification::Broken { entry_no, fault } => {
                return Err(CommandError::LedgerBroken { district, entry_no, fault });
            }
        }
    }
    Ok(())
}

async fn replay_ledgers(config: &Config, asked: &ReplayLedger) -> Result<(), CommandError> {
    let database = Database::open(config).await?;
    let mut connection = AsyncPgConnection::establish(database.url()).await?;
    let replayed = replay_each(&mut connection, asked).await;
    drop(connection);
    database.close().await?;
    replayed
}

async fn replay_each(connection: &mut AsyncPgConnection, asked: &ReplayLedger) -> Result<(), CommandError> {
    let mut codes = districts(connection).await?;
    if let Some(district) = &asked.district {
        codes.retain(|code| code == district.as_str());
        if codes.is_empty() {
            return Err(CommandError::DistrictUnknown(district.to_string()));
        }
    }
    let extent = asked.month.map_or(Extent::All, Extent::Month);
    let (mut compared, mut not_closed) = (false, None);
    for code in codes {
        let Ok(district) = code.parse() else { return Err(CommandError::DistrictUnknown(code)) };
        let bar = ProgressBar::new(0).with_message(code.clone());
        let report = |progress: Progress| {
            bar.set_length(progress.of.unsigned_abs());
            bar.set_position(progress.done.unsigned_abs());
        };
        let replayed = replay_ledger(connection, &district, extent, report).await;
        bar.finish_and_clear();
        if let Err(error @ ReplayError::NotClosed(_)) = replayed {
            println!("{code}: {error}");
            not_closed = Some(error);
            continue;
        }
        compared = true;
        match replayed? {
            Replayed::Same { decisions, entries, months } => {
                println!("{code}: {decisions} decisions replay to the same {entries} entries");
                for (month, digest) in months {
                    println!("{code}: {month} {digest}");
                }
            }
            Replayed::Differs(difference) => {
                return Err(CommandError::ReplayDiffers { district: code, difference });
            }
        }
    }
    match not_closed {
        Some(error) if !compared => Err(error.into()),
        _ => Ok(()),
    }
}
