//! Keeps the list of subsidies (资金补助) to enterprises: entered by one person of finance, approved by another, paid with a
//! voucher, or cancelled (mengzhou-2023 31: after the provincial publication).
//!
//! Invariants: money that goes out is never netted against deductions, so nothing here touches ledger or totals; the
//! amount is the pack's, nobody enters it; one enterprise has one subsidy of one document; who entered it does not approve
//! it; a step is taken from the state before it and once, under the row's lock; the same step asked for again by the same
//! person is answered with what it did.

mod enter;
mod list;
mod step;

use jiff::civil::Date;
use serde::{Deserialize, Serialize};
use sync_core::ids::{PackHash, PackId, RequestId, RuleCode, SubsidyId, TargetId};
use sync_core::money::Fen;
use sync_core::time::Instant;
use utoipa::ToSchema;

pub use enter::enter_subsidy;
pub use list::{SubsidyList, list_subsidies, read_payees, subsidies_file};
pub use step::{approve_subsidy, cancel_subsidy, pay_subsidy};

use crate::db::subsidies::SubsidyRow;
use crate::db::types::{StoredValueError, stored, stored_code};
use crate::tables::Language;

/// State of a subsidy (补助状态).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum SubsidyState {
    /// Entered (已录入), waits for the second person.
    Entered,
    /// Approved (已复核), waits for its payment.
    Approved,
    /// Paid (已支付).
    Paid,
    /// Cancelled (已取消).
    Cancelled,
}

impl SubsidyState {
    /// Its code on the wire and in the database.
    #[must_use]
    pub const fn code(self) -> &'static str {
        match self {
            Self::Entered => "entered",
            Self::Approved => "approved",
            Self::Paid => "paid",
            Self::Cancelled => "cancelled",
        }
    }

    /// In words.
    const fn name(self, language: Language) -> &'static str {
        match (self, language) {
            (Self::Entered, Language::Zh) => "已录入",
            (Self::Approved, Language::Zh) => "已复核",
            (Self::Paid, Language::Zh) => "已支付",
            (Self::Cancelled, Language::Zh) => "已取消",
            (Self::Entered, Language::En) => "Entered",
            (Self::Approved, Language::En) => "Approved",
            (Self::Paid, Language::En) => "Paid",
            (Self::Cancelled, Language::En) => "Cancelled",
        }
    }
}

/// A subsidy to be entered.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct SubsidyRequest {
    /// Made by the client; a retry carries the same and gets the first answer.
    pub request_id: RequestId,
    /// The enterprise by name.
    pub payee: String,
    /// Its unified social credit code, 18 characters.
    pub credit_code: String,
    /// Its register entry, where it has one.
    pub target_id: Option<TargetId>,
    /// The pack that grants it, adopted in the district.
    pub pack_id: PackId,
    /// The pack's rule: `grade_a`, `grade_b` or `leading` in mengzhou-2023.
    pub rule: RuleCode,
    /// The provincial publication: document number and title.
    pub publication: String,
    /// Its day, not in the future.
    pub published_on: Date,
}

/// A payment of an approved subsidy.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct PaymentRequest {
    /// Voucher number (凭证号).
    pub voucher: String,
    /// The voucher's day, not before the publication and not in the future.
    pub date: Date,
}

/// Why a subsidy is cancelled.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct SubsidyCancellation {
    /// Why.
    pub reason: String,
}

/// A subsidy.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
pub struct Subsidy {
    /// Its id.
    pub subsidy_id: SubsidyId,
    /// The enterprise by name.
    pub payee: String,
    /// Its unified social credit code.
    pub credit_code: String,
    /// Its register entry.
    pub target_id: Option<TargetId>,
    /// The pack that grants it.
    pub pack_id: PackId,
    /// That pack's version.
    #[serde(skip)]
    pub pack_hash: PackHash,
    /// The pack's rule.
    pub rule: RuleCode,
    /// Document and clause.
    pub clause: String,
    /// Fen.
    pub amount: Fen,
    /// The same as exact yuan.
    pub amount_yuan: String,
    /// The provincial publication.
    pub publication: String,
    /// Its day.
    pub published_on: Date,
    /// Its state.
    pub state: SubsidyState,
    /// When it was entered.
    pub entered_at: Instant,
    /// When it was approved.
    pub approved_at: Option<Instant>,
    /// Voucher number of its payment.
    pub voucher: Option<String>,
    /// The voucher's day.
    pub paid_on: Option<Date>,
    /// Why it was cancelled.
    pub reason: Option<String>,
}

impl TryFrom<SubsidyRow> for Subsidy {
    type Error = StoredValueError;

    fn try_from(row: SubsidyRow) -> Result<Self, StoredValueError> {
        let amount = Fen::new(row.amount_fen);
        Ok(Self {
            subsidy_id: SubsidyId(row.subsidy_id),
            payee: row.payee,
            credit_code: row.credit_code,
            target_id: row.target_id.map(TargetId),
            pack_id: stored("subsidies.pack_id", &row.pack_id)?,
            pack_hash: stored("subsidies.pack_hash", &row.pack_hash)?,
            rule: stored("subsidies.rule", &row.rule)?,
            clause: row.clause,
            amount,
            amount_yuan: amount.to_string(),
            publication: row.publication,
            published_on: row.published_on.0,
            state: stored_code("subsidies.state", &row.state)?,
            entered_at: row.entered_at.0,
            approved_at: row.approved_at.map(|at| at.0),
            voucher: row.voucher,
            paid_on: row.paid_on.map(|day| day.0),
            reason: row.reason,
        })
    }
}
