//! What can be permitted: one marker type for each thing that a handler lets its caller do.

use sync_core::model::assignment::Role;

/// By which way in a permission can be used.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Entrance {
    /// A device with an access token.
    Device,
    /// A person with an office session.
    Session,
    /// Either.
    Any,
}

/// A permission.
pub trait Permission: 'static {
    /// The roles that have it; one of today's assignments must give one of them. Empty: whoever is known has it.
    const ROLES: &'static [Role];
    /// The way in.
    const ENTRANCE: Entrance;
    /// Whether a device that was revoked still has it.
    const REVOKED_DEVICE: bool = false;
}

macro_rules! permissions {
    ($($(#[$doc:meta])* $name:ident: $entrance:ident, [$($role:ident),*];)+) => {$(
        $(#[$doc])*
        #[derive(Debug, Clone, Copy)]
        pub struct $name;

        impl Permission for $name {
            const ROLES: &'static [Role] = &[$(Role::$role),*];
            const ENTRANCE: Entrance = Entrance::$entrance;
        }
    )+};
}

permissions! {
    /// Own session, own password: anybody who is signed in, whatever is assigned.
    SignedIn: Session, [];
    /// Pull what the own device may hold (拉取), which is little where nothing is assigned today.
    PullChanges: Device, [];
    /// Open one's own stores on the device without the PIN.
    OpenOwnStores: Device, [];
    /// Send photos: like the work they belong to, whatever is assigned today.
    UploadPhoto: Any, [];
    /// Hear that something changed within what one may see, whatever that is today.
    HearChanges: Any, [];
    /// See photos of what one may see.
    ReadPhotos: Any, [Inspector, Supervisor, Liaison, Finance, Administrator];
    /// See cases within one's grids or unit.
    ReadCases: Session, [Supervisor, Liaison, Finance, Administrator];
    /// Decide cases (审核).
    ReviewCases: Session, [Supervisor];
    /// Answer for one's unit: report rectification, give a case back, appeal (整改反馈, 退回, 申诉).
    AnswerForUnit: Session, [Liaison];
    /// Enter fire point leads (录入火点线索).
    EnterFirePoints: Session, [Supervisor];
    /// See fire point leads within one's grids.
    ReadFirePoints: Session, [Supervisor, Finance, Administrator];
    /// Enter findings of higher-level groups (录入上级发现问题).
    EnterFindings: Session, [Supervisor];
    /// Review what another proposed (复核): supervisors on cases of their grids, finance on months.
    ReviewDecisions: Session, [Supervisor, Finance];
    /// See ledger, totals, executions and traces; a liaison those of the own unit, of a case that went to another unit its
    /// history up to there.
    ReadMoney: Session, [Finance, Supervisor, Liaison, Administrator];
    /// See the whole district's accounts: checklists, stored files, decisions, the chain, subsidies.
    ReadAccounts: Session, [Finance, Supervisor, Administrator];
    /// Keep the accounts (财政): close months, record executions and subsidies.
    KeepAccounts: Session, [Finance];
    /// See the registers (台账): targets within one's grids or unit; units, grids and zones.
    ReadRegisters: Session, [Supervisor, Liaison, Finance, Administrator];
    /// Users, assignments, devices, registers (管理).
    Administer: Session, [Administrator];
}

/// Push recorded work (推送): what may be written is judged by the assignments at occurrence, whatever holds today
/// (invariant 4). The work of a revoked device goes to quarantine.
#[derive(Debug, Clone, Copy)]
pub struct PushWork;

impl Permission for PushWork {
    const ROLES: &'static [Role] = &[];
    const ENTRANCE: Entrance = Entrance::Device;
    const REVOKED_DEVICE: bool = true;
}
