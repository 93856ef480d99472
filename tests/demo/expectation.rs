//! What the day must come to, computed from the pack's schedule alone: not by the evaluator, and not by the server.

use std::collections::BTreeMap;

use anyhow::{Context, Result, ensure};
use sync_core::ids::UnitId;
use sync_core::money::Fen;
use sync_core::policy::{Amount, PolicyPack, builtin_packs};

use crate::inspectors::Visit;
use crate::office::Totals;

/// The pack of the demonstration district.
const PACK_FILE: &str = "macun-2024.toml";

/// Amounts by unit and item.
pub struct Expectation(BTreeMap<(UnitId, String), Fen>);

impl Expectation {
    /// Of these visits.
    pub fn of(visits: &[Visit]) -> Result<Self> {
        let pack = pack()?;
        let mut amounts = BTreeMap::new();
        for visit in visits {
            let Some((item, times)) = visit.script.charged else { continue };
            let amount = scheduled(&pack, item, times)?;
            let cell = amounts.entry((visit.unit_id, item.to_owned())).or_insert(Fen::ZERO);
            *cell = cell.checked_add(amount).context("the day's sum does not fit")?;
        }
        Ok(Self(amounts))
    }

    /// Every device showed, offline, what the schedule says.
    ///
    /// # Errors
    /// The first visit that showed another amount.
    pub fn check_devices(&self, visits: &[Visit]) -> Result<()> {
        let pack = pack()?;
        for visit in visits {
            let due =
                visit.script.charged.map_or(Ok(Fen::ZERO), |(item, times)| scheduled(&pack, item, times))?;
            let shown = visit.shown.total().context("the charges' sum does not fit")?;
            ensure!(
                shown == due,
                "{}: the device shows {shown} yuan, the pack says {due}",
                visit.target_name
            );
        }
        Ok(())
    }

    /// The month holds exactly these amounts, and nothing is pending.
    ///
    /// # Errors
    /// The first cell, or the whole, that differs.
    pub fn check_totals(&self, totals: &Totals) -> Result<()> {
        let posted: BTreeMap<_, _> = totals.cells().filter(|(_, amount)| *amount != Fen::ZERO).collect();
        for (cell, due) in &self.0 {
            let found = posted.get(cell).copied().unwrap_or_default();
            ensure!(found == *due, "unit {} {}: posted {found} yuan, the pack says {due}", cell.0, cell.1);
        }
        let extra = posted.keys().find(|cell| !self.0.contains_key(*cell));
        ensure!(extra.is_none(), "posted, though nothing was found: {extra:?}");
        let sum = Fen::checked_sum(self.0.values().copied()).context("the day's sum does not fit")?;
        ensure!(totals.posted() == sum, "posted {} yuan in all, the pack says {sum}", totals.posted());
        ensure!(totals.pending() == Fen::ZERO, "{} yuan are still pending", totals.pending());
        Ok(())
    }
}

fn pack() -> Result<PolicyPack> {
    let builtin = builtin_packs().iter().find(|pack| pack.file.ends_with(PACK_FILE));
    let builtin = builtin.with_context(|| format!("{PACK_FILE} is not built in"))?;
    Ok(PolicyPack::load(builtin.source, builtin.file)?)
}

fn scheduled(pack: &PolicyPack, item: &str, times: i64) -> Result<Fen> {
    let scheduled = pack.item(&item.parse()?).with_context(|| format!("the pack has no item {item}"))?;
    let Amount::Fixed(amount) = scheduled.amount else {
        anyhow::bail!("{item} has no fixed amount");
    };
    amount.get().checked_mul(times).map(Fen::new).context("the amount does not fit")
}
