//! Newtype ids: nothing in Lantian is passed around as a bare UUID or string.
//!
//! Invariants: fresh ids are UUIDv7 and made where the thing is made (on the device for its own work, so that a
//! retry carries the same id); derived ids are UUIDv5 of what they are derived from, so that device and server
//! compute the same one without talking. Codes are lower snake case, checked when parsed.

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};
use uuid::Uuid;

use crate::limits;

/// Namespace of every derived id of this product (a random UUID, fixed for ever).
const LANTIAN_NAMESPACE: Uuid = Uuid::from_u128(0x6c61_6e74_6961_4e00_8b5e_51f0_9ad2_c047);

/// Why a text is not an id or a code.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum IdError {
    /// Not a UUID in its hyphenated form.
    #[error("{what} is not a UUID: {text:?}")]
    NotUuid {
        /// Which id type was asked for.
        what: &'static str,
        /// The text as received, cut to a readable length.
        text: String,
    },
    /// Not a code of the expected shape.
    #[error("{what} does not have the form {form}: {text:?}")]
    BadCode {
        /// Which code type was asked for.
        what: &'static str,
        /// The expected form, in words.
        form: &'static str,
        /// The text as received, cut to a readable length.
        text: String,
    },
}

fn excerpt(text: &str) -> String {
    text.chars().take(limits::ERROR_EXCERPT_CHARS).collect()
}

macro_rules! uuid_ids {
    ($($(#[$doc:meta])* $name:ident),+ $(,)?) => {$(
        $(#[$doc])*
        #[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
        #[cfg_attr(feature = "openapi", derive(utoipa::ToSchema), schema(value_type = String, format = "uuid"))]
        #[serde(transparent)]
        pub struct $name(pub Uuid);

        impl $name {
            /// A fresh id (UUIDv7, ordered by creation time).
            #[must_use]
            pub fn fresh() -> Self {
                Self(Uuid::now_v7())
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                self.0.fmt(f)
            }
        }

        impl FromStr for $name {
            type Err = IdError;
            fn from_str(text: &str) -> Result<Self, IdError> {
                Uuid::parse_str(text)
                    .map(Self)
                    .map_err(|_| IdError::NotUuid { what: stringify!($name), text: excerpt(text) })
            }
        }
    )+};
}

uuid_ids! {
    /// A responsible unit (责任单位): street office or bureau.
    UnitId,
    /// A zone (区域): built-up area, no-burn or fireworks-prohibited polygon.
    ZoneId,
    /// A person who signs in or records (用户).
    UserId,
    /// A dated assignment of a user to a role and a grid or unit (任职).
    AssignmentId,
    /// An enrolled device (终端).
    DeviceId,
    /// One installation of a device's database; a clone or restore gets another.
    Incarnation,
    /// One run of the device program, for the monotonic clock.
    BootId,
    /// A register entry (台账对象).
    TargetId,
    /// One sealed inspection (检查记录).
    InspectionId,
    /// One outbox operation (操作).
    OperationId,
    /// A decision request, made by the client so that a retry is recognised (决定幂等号).
    DecisionRequestId,
    /// A request that must be done once, made by the client so that a retry is recognised (幂等号).
    RequestId,
    /// What finance did against a closed month (扣缴执行).
    ExecutionId,
    /// A subsidy (资金补助) to one enterprise.
    SubsidyId,
    /// An appeal (申诉) of a charged unit.
    AppealId,
    /// A proposal: what one person asks for and another reviews (待复核事项).
    ProposalId,
    /// A case (案件), derived from lineage and item: see [`CaseId::derive`].
    CaseId,
    /// A charge (扣缴项), derived from case and measure: see [`ChargeId::derive`].
    ChargeId,
    /// A fire point lead (火点线索).
    FirePointId,
    /// A resumable photo upload.
    UploadId,
    /// The life of a server database; another after a restore from backup.
    Epoch,
    /// The random id of one change row, named by cursors so that a restored server is recognised.
    ChangeId,
}

impl InspectionId {
    /// The inspection of a case of the past (历史案件), by its own number: a file imported twice is imported once.
    #[must_use]
    pub fn of_history(district: &RegionCode, number: &str) -> Self {
        Self(Uuid::new_v5(&LANTIAN_NAMESPACE, format!("history/{district}/{number}").as_bytes()))
    }
}

impl CaseId {
    /// The case of one item in one inspection lineage: the same on device and server, before and after sync.
    #[must_use]
    pub fn derive(lineage: InspectionId, item: &ItemCode) -> Self {
        Self(Uuid::new_v5(&LANTIAN_NAMESPACE, format!("case/{lineage}/{item}").as_bytes()))
    }
}

impl DecisionRequestId {
    /// The request of a timer that does this: the same whatever process or run makes it, so that it is done once.
    #[must_use]
    pub fn derive(deed: &str) -> Self {
        Self(Uuid::new_v5(&LANTIAN_NAMESPACE, format!("timer/{deed}").as_bytes()))
    }
}

impl ChargeId {
    /// The charge of one measure or point within one case (invariant 2: one charge per case and measure).
    #[must_use]
    pub fn derive(case: CaseId, measure: &MeasureKey) -> Self {
        Self(Uuid::new_v5(&LANTIAN_NAMESPACE, format!("charge/{case}/{measure}").as_bytes()))
    }
}

macro_rules! codes {
    ($($(#[$doc:meta])* $name:ident, $form:expr, $valid:expr;)+) => {$(
        $(#[$doc])*
        #[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
        #[cfg_attr(feature = "openapi", derive(utoipa::ToSchema), schema(value_type = String))]
        #[cfg_attr(feature = "schema", derive(schemars::JsonSchema), schemars(with = "String"))]
        #[serde(try_from = "String", into = "String")]
        pub struct $name(String);

        impl $name {
            /// The code as text.
            #[must_use]
            pub fn as_str(&self) -> &str {
                &self.0
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str(&self.0)
            }
        }

        impl FromStr for $name {
            type Err = IdError;
            fn from_str(text: &str) -> Result<Self, IdError> {
                let valid: fn(&str) -> bool = $valid;
                if valid(text) {
                    Ok(Self(text.to_owned()))
                } else {
                    Err(IdError::BadCode { what: stringify!($name), form: $form, text: excerpt(text) })
                }
            }
        }

        impl TryFrom<String> for $name {
            type Error = IdError;
            fn try_from(text: String) -> Result<Self, IdError> {
                text.parse()
            }
        }

        impl From<$name> for String {
            fn from(code: $name) -> Self {
                code.0
            }
        }
    )+};
}

const SNAKE: &str = "lower case letters, digits and _, at most 64 characters";

fn is_snake(text: &str) -> bool {
    !text.is_empty()
        && text.len() <= limits::CODE_MAX_BYTES
        && text.bytes().all(|b| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'_')
}

fn is_kebab(text: &str) -> bool {
    !text.is_empty()
        && text.len() <= limits::CODE_MAX_BYTES
        && text.bytes().all(|b| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'-')
}

fn is_digits(text: &str, count: usize) -> bool {
    text.len() == count && text.bytes().all(|b| b.is_ascii_digit())
}

fn is_grid_path(text: &str) -> bool {
    let mut parts = text.split('/');
    let district = parts.next().is_some_and(|head| is_digits(head, 6));
    district
        && text.len() <= limits::CODE_MAX_BYTES
        && parts.all(|part| is_digits(part, 3))
        && text.matches('/').count() < limits::GRID_LEVELS
}

fn is_sha256(text: &str) -> bool {
    text.len() == 64 && text.bytes().all(|b| b.is_ascii_digit() || (b'a'..=b'f').contains(&b))
}

codes! {
    /// A county-level region by GB/T 2260 (行政区划代码), six digits. It also names the district (租户).
    RegionCode, "six digits (GB/T 2260)", |t| is_digits(t, 6);
    /// A grid (网格) by its path from the district, such as `410804/001/003`; at most five levels.
    GridPath, "six digits, then up to four parts of three digits, joined by /", is_grid_path;
    /// A policy pack (政策包), such as `macun-2024`.
    PackId, "lower case letters, digits and -", is_kebab;
    /// SHA-256 of a pack's source, 64 lower hex digits: the version a case was judged by.
    PackHash, "64 lower hex digits", is_sha256;
    /// SHA-256 of a photo's original bytes, 64 lower hex digits: its identity.
    PhotoHash, "64 lower hex digits", is_sha256;
    /// An item of a deduction schedule (扣缴事项), such as `site_dust`.
    ItemCode, SNAKE, is_snake;
    /// A question of a checklist (检查项); where an item stacks, also the measure.
    QuestionCode, SNAKE, is_snake;
    /// What within a case is charged once: a measure code, `case`, or `point_1`, `point_2` … Never absent.
    MeasureKey, SNAKE, is_snake;
    /// A target kind (台账类别), such as `construction_site`.
    KindCode, SNAKE, is_snake;
    /// A kind-specific fact of a target, such as `boiler_tonnage`.
    FactCode, SNAKE, is_snake;
    /// A clause (条款) that a pack cites by this name, such as `fiscal_deduction`.
    ClauseCode, SNAKE, is_snake;
    /// A rule of a pack beside its items: coverage duty, subsidy, indicator, such as `dustfall`.
    RuleCode, SNAKE, is_snake;
    /// A stable problem code that clients branch on.
    ProblemCode, SNAKE, is_snake;
}

impl RegionCode {
    /// This region, then its city, its province and the country, each once: most specific first.
    ///
    /// ```
    /// use sync_core::ids::RegionCode;
    /// # fn main() -> Result<(), sync_core::ids::IdError> {
    /// let macun: RegionCode = "410804".parse()?;
    /// let codes: Vec<_> = macun.with_parents().iter().map(ToString::to_string).collect();
    /// assert_eq!(codes, ["410804", "410800", "410000", "000000"]);
    /// # Ok(())
    /// # }
    /// ```
    #[must_use]
    pub fn with_parents(&self) -> Vec<Self> {
        let parent = |digits: usize| {
            let kept = self.0.chars().take(digits);
            Self(kept.chain(std::iter::repeat_n('0', self.0.len().saturating_sub(digits))).collect())
        };
        let mut codes = vec![self.clone(), parent(4), parent(2), parent(0)];
        codes.dedup();
        codes
    }
}

impl GridPath {
    /// The district's own path, root of all its grids.
    #[must_use]
    pub fn district(region: &RegionCode) -> Self {
        Self(region.as_str().to_owned())
    }

    /// Whether `other` is this grid or below it.
    ///
    /// ```
    /// use sync_core::ids::GridPath;
    /// # fn main() -> Result<(), sync_core::ids::IdError> {
    /// let street: GridPath = "410804/001".parse()?;
    /// assert!(street.covers(&"410804/001/003".parse()?));
    /// assert!(!street.covers(&"410804/002".parse()?));
    /// # Ok(())
    /// # }
    /// ```
    #[must_use]
    pub fn covers(&self, other: &Self) -> bool {
        other.0.strip_prefix(self.0.as_str()).is_some_and(|rest| rest.is_empty() || rest.starts_with('/'))
    }

    /// The grid above it; none above the district's own.
    #[must_use]
    pub fn parent(&self) -> Option<Self> {
        self.0.rsplit_once('/').map(|(above, _)| Self(above.to_owned()))
    }

    /// The region code at its head.
    #[must_use]
    pub fn region(&self) -> RegionCode {
        RegionCode(self.0.split('/').next().unwrap_or_default().to_owned())
    }

    /// 1 for the district, 2 for a street office, down to 5.
    #[must_use]
    pub fn level(&self) -> usize {
        self.0.split('/').count()
    }
}

impl MeasureKey {
    /// The key of an item that is charged once a case.
    #[must_use]
    pub fn case() -> Self {
        Self("case".to_owned())
    }

    /// The key of the numbered fire point (火点), counted from 1.
    #[must_use]
    pub fn point(number: u16) -> Self {
        Self(format!("point_{number}"))
    }

    /// The key of a measure that stacks (叠加).
    #[must_use]
    pub fn measure(question: &QuestionCode) -> Self {
        Self(question.0.clone())
    }
}

macro_rules! hashes {
    ($($name:ident),+) => {$(
        impl $name {
            /// The hash of these bytes.
            #[must_use]
            pub fn of(bytes: &[u8]) -> Self {
                Self(hex::encode(Sha256::digest(bytes)))
            }

            /// From a finished SHA-256 digest.
            #[must_use]
            pub fn from_digest(digest: [u8; 32]) -> Self {
                Self(hex::encode(digest))
            }
        }
    )+};
}

hashes!(PackHash, PhotoHash);

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn device_and_server_derive_the_same_case_and_charge() {
        let lineage: InspectionId = "01890000-0000-7000-8000-000000000001".parse().unwrap();
        let item: ItemCode = "site_dust".parse().unwrap();
        let case = CaseId::derive(lineage, &item);
        assert_eq!(case, CaseId::derive(lineage, &item));
        assert_eq!(case.to_string(), "e2a2a720-ba4d-5c73-94ca-5a84a3e2f000", "a stored id must never change");
        assert_ne!(
            ChargeId::derive(case, &MeasureKey::case()),
            ChargeId::derive(case, &MeasureKey::point(1))
        );
    }

    #[test]
    fn a_grid_covers_itself_and_what_is_below_but_not_its_namesakes() {
        let street: GridPath = "410804/001".parse().unwrap();
        assert!(street.covers(&street));
        assert!(street.covers(&"410804/001/003".parse().unwrap()));
        assert!(!street.covers(&"410804/002".parse().unwrap()));
        assert!(!street.covers(&"410804".parse().unwrap()));
        assert_eq!(street.region().as_str(), "410804");
        assert_eq!(street.level(), 2);
    }

    #[test]
    fn codes_refuse_other_forms() {
        for bad in ["", "41080", "41080a", "410804/1", "410804/001/002/003/004/005", "410804/"] {
            assert!(bad.parse::<GridPath>().is_err(), "{bad}");
        }
        assert!("Site".parse::<ItemCode>().is_err());
        assert!("a\0b".parse::<ItemCode>().is_err());
        assert!("A".repeat(64).parse::<PhotoHash>().is_err());
        assert_eq!(PhotoHash::of(b"abc").as_str().len(), 64);
    }
}
