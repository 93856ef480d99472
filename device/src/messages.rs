//! Every sentence that this program says to people, Chinese first, English second. Sentences of the problem table
//! and of the evaluator come from `sync-core`.

use sync_core::engine::{Difference, EngineError, Failure, FailureReason, SyncReport, Undertaking};
use sync_core::evaluate::{Evaluation, ProposedCase, ProposedCharge};
use sync_core::field::{InspectionStatus, Lead, Order, OwnRecord, Recorded, SentState};
use sync_core::ids::{OperationId, QuestionCode};
use sync_core::model::case::{CaseRow, ReviewState};
use sync_core::model::fire_point::{FirePointState, FireSource};
use sync_core::model::rectification::RoundState;
use sync_core::policy::Kind;
use sync_core::store::{Found, Received, SnapshotFault, StoreError};
use sync_core::wire::problem::{Problem, ProblemKind};
use sync_core::wire::push::Rejection;

use crate::cli::Lang;
use crate::data_dir::EnrolledUser;
use crate::error::DeviceError;
use crate::status::Status;

/// Says things in one language.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Words(pub(crate) Lang);

/// The sentence in the language chosen.
macro_rules! say {
    ($self:ident, $zh:literal, $en:literal) => {
        match $self.0 {
            Lang::Zh => format!($zh),
            Lang::En => format!($en),
        }
    };
}

impl Words {
    fn either<'t>(self, zh: &'t str, en: &'t str) -> &'t str {
        match self.0 {
            Lang::Zh => zh,
            Lang::En => en,
        }
    }

    pub(crate) fn enrolled(self, user: &EnrolledUser) -> String {
        let EnrolledUser { name, district, .. } = user;
        say!(
            self,
            "{name} 已入网，区县 {district}。请先同步。",
            "{name} is enrolled in district {district}. Sync next."
        )
    }

    pub(crate) fn saved(self, recorded: &Recorded) -> String {
        let id = recorded.inspection_id;
        say!(self, "检查记录 {id} 已封存，待发送。", "Inspection {id} is sealed and waits to be sent.")
    }

    pub(crate) fn draft_saved(self, id: &str) -> String {
        say!(self, "草稿 {id} 已保存。", "Draft {id} is saved.")
    }

    pub(crate) fn draft_discarded(self, id: &str) -> String {
        say!(self, "草稿 {id} 已丢弃，照片原件保留。", "Draft {id} is discarded; photo originals stay.")
    }

    pub(crate) fn target_registered(self, id: &str) -> String {
        say!(self, "对象 {id} 已登记，待发送。", "Target {id} is registered and waits to be sent.")
    }

    pub(crate) fn nothing(self) -> &'static str {
        self.either("无。", "Nothing.")
    }

    pub(crate) fn database_set_aside(self, path: &str) -> String {
        say!(
            self,
            "数据库文件损坏，已移至 {path}，请联系管理员恢复其中未发送的工作。",
            "A database file was damaged and is now {path}; ask the administrator to recover unsent work from it."
        )
    }

    /// The evaluator's answer: charges, then everything not charged, with reasons and clauses.
    pub(crate) fn evaluation(self, evaluation: &Evaluation, kind: Option<&Kind>) -> String {
        let mut lines: Vec<String> =
            evaluation.cases.iter().flat_map(|case| self.case_lines(case, kind)).collect();
        let rest = evaluation.non_charges.iter().map(|non_charge| {
            let (question, reason) = (self.question(&non_charge.question, kind), &non_charge.reason);
            let (zh, en) = (reason.zh(), reason.en());
            say!(self, "不扣缴  {question}：{zh}", "no charge  {question}: {en}")
        });
        lines.extend(rest);
        let total = evaluation.total().map(|fen| fen.to_string()).unwrap_or_default();
        lines.push(say!(self, "合计扣缴 {total} 元", "charges in all: {total} yuan"));
        lines.join("\n")
    }

    fn case_lines(self, case: &ProposedCase, kind: Option<&Kind>) -> Vec<String> {
        let item = self.either(&case.zh, &case.en);
        let mut lines = vec![say!(self, "案件：{item}", "Case: {item}")];
        lines.extend(case.charges.iter().map(|charge| self.charge_line(charge, kind)));
        lines.extend(case.non_charges.iter().map(|non_charge| {
            let question = self.question(&non_charge.question, kind);
            let (zh, en) = (non_charge.reason.zh(), non_charge.reason.en());
            say!(self, "  不扣缴  {question}：{zh}", "  no charge  {question}: {en}")
        }));
        let missing = case.evidence.missing();
        if missing > 0 {
            lines.push(say!(
                self,
                "  还缺 {missing} 张照片，补齐后方可审核",
                "  {missing} more photos are needed before review"
            ));
        }
        lines
    }

    fn charge_line(self, charge: &ProposedCharge, kind: Option<&Kind>) -> String {
        let question = self.question(&charge.question, kind);
        let amount = match charge.amount.fen() {
            Some(fen) => say!(self, "{fen} 元", "{fen} yuan"),
            None => self.either("金额待录入", "amount to be entered").to_owned(),
        };
        let (zh, en, clause) = (charge.reason.zh(), charge.reason.en(), &charge.clause);
        say!(
            self,
            "  扣缴 {amount}  {question}：{zh}〔{clause}〕",
            "  charge {amount}  {question}: {en} [{clause}]"
        )
    }

    fn question(self, code: &QuestionCode, kind: Option<&Kind>) -> String {
        let question = kind.and_then(|kind| kind.question(code));
        question.map_or_else(|| code.to_string(), |q| self.either(&q.zh, &q.en).to_owned())
    }

    pub(crate) fn found(self, found: &Found) -> String {
        let content = &found.entry.content;
        let (id, kind, name) = (content.target_id, &content.kind, &content.name);
        let code = content.code.as_deref().unwrap_or("-");
        let distance = found.distance_metres.map(|metres| format!("  {metres:.0} m")).unwrap_or_default();
        let local = if found.entry.local { self.either("  待发送", "  waits to be sent") } else { "" };
        format!("{id}  {kind}  {code}  {name}{distance}{local}")
    }

    pub(crate) fn status(self, status: &Status) -> String {
        let Status { server, user, waiting, held, refused, acknowledged, .. } = status;
        let Status { photos_waiting, photos_unjudged, photos_refused, drafts, quarantined, .. } = status;
        let as_of = status.register_as_of.map_or_else(
            || self.either("尚未拉取", "never pulled").to_owned(),
            sync_core::time::Instant::record_text,
        );
        let mut lines = vec![
            say!(
                self,
                "用户 {user}，服务器 {server}，台账截至 {as_of}",
                "user {user}, server {server}, register as of {as_of}"
            ),
            say!(
                self,
                "操作：待发送 {waiting}，暂缓 {held}，已送达 {acknowledged}，被拒绝 {refused}，隔离 {quarantined}",
                "operations: {waiting} waiting, {held} held, {acknowledged} sent, {refused} refused, {quarantined} quarantined"
            ),
            say!(
                self,
                "照片：待发送 {photos_waiting}，待核验 {photos_unjudged}，被拒绝 {photos_refused}；草稿 {drafts}",
                "photos: {photos_waiting} waiting, {photos_unjudged} not verified yet, {photos_refused} refused; drafts: {drafts}"
            ),
        ];
        let repairs = status.repairs;
        if repairs > 0 {
            lines.push(say!(
                self,
                "台账曾与服务器不一致并重新下载 {repairs} 次",
                "the register differed from the server's and was fetched anew {repairs} times"
            ));
        }
        lines.extend(status.unusable_packs.iter().map(|pack| {
            say!(self, "政策包 {pack} 无法使用，请升级应用", "pack {pack} cannot be used; update the app")
        }));
        lines.extend(status.colleagues.iter().map(|other| {
            let (user, waiting, photos) = (&other.user, other.waiting, other.photos_waiting);
            say!(
                self,
                "同机用户 {user}：待发送 {waiting}，照片 {photos}",
                "{user} on this device: {waiting} waiting, {photos} photos"
            )
        }));
        lines.join("\n")
    }

    pub(crate) fn inspection(self, line: &InspectionStatus) -> String {
        let (id, time, kind) = (line.inspection_id, line.occurred_at.record_text(), &line.kind);
        let place = line.target_name.as_deref().unwrap_or("-");
        let state = self.state(&line.state);
        let photos = self.photos(line);
        let mut lines = vec![format!("{id}  {time}  {kind}  {place}  {state}  {photos}")];
        if let Some(by) = line.replaced_by {
            lines.push(say!(self, "  已由 {by} 更正", "  corrected by {by}"));
        }
        lines.extend(line.cases.iter().map(|case| self.case(case)));
        lines.join("\n")
    }

    fn photos(self, line: &InspectionStatus) -> String {
        let (waiting, verified, refused) =
            (line.photos.waiting, line.photos.verified, line.photos.refused.len());
        say!(
            self,
            "照片：已核验 {verified}，待核验 {waiting}，被拒绝 {refused}",
            "photos: {verified} verified, {waiting} waiting, {refused} refused"
        )
    }

    fn case(self, case: &CaseRow) -> String {
        let state = match case.review_state {
            ReviewState::AwaitingEvidence => self.either("待补证", "awaits evidence"),
            ReviewState::UnderReview => self.either("待审核", "under review"),
            ReviewState::Confirmed => self.either("已认定", "confirmed"),
            ReviewState::Returned => self.either("已退回", "returned"),
            ReviewState::Dismissed => self.either("不予认定", "dismissed"),
            ReviewState::Merged => self.either("已并案", "merged"),
        };
        let item = &case.item;
        match &case.reason {
            Some(reason) => say!(
                self,
                "  案件 {item}：{state}，理由：{reason}",
                "  case {item}: {state}, because: {reason}"
            ),
            None => say!(self, "  案件 {item}：{state}", "  case {item}: {state}"),
        }
    }

    pub(crate) fn record_saved(self, id: OperationId) -> String {
        say!(self, "现场记录 {id} 已保存，待发送。", "Record {id} is saved and waits to be sent.")
    }

    pub(crate) fn order(self, order: &Order) -> String {
        let round = &order.round;
        let state = match round.state {
            RoundState::Assigned => self.either("已交办", "assigned"),
            RoundState::Paused => self.either("缓办", "paused"),
            RoundState::Returned => self.either("已退回", "returned"),
            RoundState::Rectified => self.either("待复核", "to be re-checked"),
            RoundState::Verified => self.either("复核通过", "verified"),
            RoundState::Failed => self.either("复核不通过", "failed"),
            RoundState::Closed => self.either("已销号", "closed"),
            RoundState::Withdrawn => self.either("已改派", "withdrawn"),
        };
        let (case, number, requirement) = (round.case_id, round.round, &round.requirement);
        let place = order.target_name.as_deref().unwrap_or("-");
        let item = order.item.as_ref().map_or("-", |item| item.as_str());
        let deadline = round.deadline.map_or_else(
            || self.either("期限待定", "no deadline yet").to_owned(),
            sync_core::time::Instant::record_text,
        );
        let first = say!(
            self,
            "{case}  第{number}轮  {state}  {deadline}  {item}  {place}：{requirement}",
            "{case}  round {number}  {state}  {deadline}  {item}  {place}: {requirement}"
        );
        self.with_records(first, &order.records)
    }

    pub(crate) fn lead(self, lead: &Lead) -> String {
        let row = &lead.lead;
        let source = match row.source {
            FireSource::Satellite => self.either("卫星", "satellite"),
            FireSource::Video => self.either("视频", "video"),
            FireSource::Drone => self.either("无人机", "drone"),
        };
        let state = match row.state {
            FirePointState::Lead => self.either("待核查", "to be verified"),
            FirePointState::Confirmed => self.either("属实", "confirmed"),
            FirePointState::NotFound => self.either("未发现", "not found"),
        };
        let (id, time, note) = (row.fire_point_id, row.seen_at.record_text(), &row.note);
        let (lon, lat) = (row.point.lon, row.point.lat);
        self.with_records(format!("{id}  {time}  {source}  {state}  {lon},{lat}  {note}"), &lead.records)
    }

    fn with_records(self, first: String, records: &[OwnRecord]) -> String {
        let lines = records.iter().map(|record| {
            let (time, kind, state) =
                (record.occurred_at.record_text(), &record.kind, self.state(&record.state));
            format!("  {time}  {kind}  {state}")
        });
        std::iter::once(first).chain(lines).collect::<Vec<_>>().join("\n")
    }

    pub(crate) fn state(self, state: &SentState) -> String {
        match state {
            SentState::Waiting => self.either("待发送", "waiting").to_owned(),
            SentState::Held { .. } => self.either("暂缓", "held").to_owned(),
            SentState::Sent => self.either("已送达", "sent").to_owned(),
            SentState::Quarantined => self.either("隔离", "quarantined").to_owned(),
            SentState::Refused(rejection) => {
                let why = self.rejection(rejection);
                say!(self, "被拒绝：{why}", "refused: {why}")
            }
        }
    }

    fn rejection(self, rejection: &Rejection) -> String {
        let field = rejection.field.as_deref().map(|field| format!(" ({field})")).unwrap_or_default();
        format!("{}{field}", self.either(&rejection.zh, &rejection.en))
    }

    pub(crate) fn report(self, report: &SyncReport) -> String {
        let SyncReport { applied, duplicate, quarantined, pulled_rows, .. } = report;
        let SyncReport { photos_sent, photos_verified, waiting_operations, waiting_photos, .. } = report;
        let (refused, held, bad_photos) =
            (report.refused.len(), report.held.len(), report.photos_refused.len());
        let mut lines = vec![
            say!(
                self,
                "操作：送达 {applied}，此前已送达 {duplicate}，被拒绝 {refused}，暂缓 {held}，隔离 {quarantined}",
                "operations: {applied} applied, {duplicate} sent before, {refused} refused, {held} held, {quarantined} quarantined"
            ),
            say!(
                self,
                "照片：送达 {photos_sent}，已核验 {photos_verified}，被拒绝 {bad_photos}；拉取 {pulled_rows} 行",
                "photos: {photos_sent} sent, {photos_verified} verified, {bad_photos} refused; {pulled_rows} rows pulled"
            ),
        ];
        lines.extend(report.refused.iter().map(|refused| {
            let (id, why) = (refused.op_id, self.rejection(&refused.rejection));
            say!(self, "操作 {id} 被拒绝：{why}", "operation {id} was refused: {why}")
        }));
        lines.extend(report.photos_refused.iter().map(|refused| {
            let (id, why) = (&refused.sha256, self.rejection(&refused.rejection));
            say!(self, "照片 {id} 被拒绝：{why}", "photo {id} was refused: {why}")
        }));
        lines.extend(report.differences.iter().map(|difference| {
            let Difference { entity, here, there } = difference;
            say!(
                self,
                "台账与服务器不一致（{entity}：本机 {here} 行，应为 {there} 行），已重新下载",
                "the register differed from the server's ({entity}: {here} rows here, {there} there) and was fetched anew"
            )
        }));
        if report.copied_database {
            lines.push(
                self.either(
                    "本机数据库是另一台终端的副本或由备份恢复，已重新标识，未发送的工作不受影响",
                    "this database is a copy or was restored; it has another identity now, unsent work is not affected",
                )
                .to_owned(),
            );
        }
        lines.extend(report.failures.iter().map(|failure| self.failure(failure)));
        let unjudged = report.unjudged_photos;
        if unjudged > 0 {
            lines.push(say!(
                self,
                "{unjudged} 张照片已送达，待服务器核验",
                "{unjudged} photos have arrived and await the server's verdict"
            ));
        }
        if *waiting_operations > 0 || *waiting_photos > 0 {
            lines.push(say!(
                self,
                "仍待：操作 {waiting_operations}，照片 {waiting_photos}，下次同步继续",
                "still waiting: {waiting_operations} operations, {waiting_photos} photos; the next sync goes on"
            ));
        }
        lines.join("\n")
    }

    /// How far a download is, in place of what was said of it before.
    pub(crate) fn download(self, received: &Received) -> String {
        let percent = received.received.saturating_mul(100).checked_div(received.total).unwrap_or_default();
        let end = if received.is_complete() { "\n" } else { "" };
        say!(self, "\r下载台账 {percent}%{end}", "\rdownloading the register {percent}%{end}")
    }

    fn failure(self, failure: &Failure) -> String {
        let what = match failure.what {
            Undertaking::Access => self.either("获取令牌", "access"),
            Undertaking::Push => self.either("推送", "push"),
            Undertaking::Pull => self.either("拉取", "pull"),
            Undertaking::Snapshot => self.either("下载台账快照", "the register's snapshot"),
            Undertaking::Compare => self.either("核对台账", "comparing the register"),
            Undertaking::Photos => self.either("照片", "photos"),
        };
        let why = match &failure.why {
            FailureReason::Transport { error } => {
                say!(self, "网络不通（{error}）", "no answer ({error})")
            }
            FailureReason::Refused { problem: Some(problem), .. } => {
                self.either(&problem.title, &problem.title_en).to_owned()
            }
            FailureReason::Refused { status, .. } => {
                say!(self, "服务器返回 {status}", "the server answered {status}")
            }
            FailureReason::NotOurServer { status } => say!(
                self,
                "应答不是本系统的服务器（状态 {status}），可能需要先登录所在网络",
                "what answered (status {status}) is not this product's server; the network may want a sign-in"
            ),
            FailureReason::OperationUnreadable { op_id } => say!(
                self,
                "操作 {op_id} 在本机已损坏，请联系管理员",
                "operation {op_id} is damaged on this device; ask the administrator"
            ),
            FailureReason::EndlessRestart => self
                .either("服务器反复要求重新拉取", "the server asks for a fresh start again and again")
                .to_owned(),
            FailureReason::PhotoUnreadable { sha256 } => say!(
                self,
                "照片 {sha256} 的原件在本机缺失或损坏",
                "the original of photo {sha256} is missing or damaged on this device"
            ),
            FailureReason::Snapshot { fault } => {
                let why = match fault {
                    SnapshotFault::HashDiffers(_) => self.either("校验值不符", "its hash differs"),
                    SnapshotFault::Unreadable(_) => self.either("文件无法读取", "it cannot be read"),
                    SnapshotFault::Newer(_) => {
                        self.either("版本较新，请升级应用", "it is newer; update the app")
                    }
                };
                say!(self, "{why}，已改为逐页拉取", "{why}; it was pulled page by page")
            }
            FailureReason::OtherUser => {
                self.either("应答属于其他用户", "the answer is for another user").to_owned()
            }
        };
        say!(self, "{what}未完成：{why}", "{what} not finished: {why}")
    }

    pub(crate) fn problem(self, problem: &Problem) -> String {
        let code = &problem.code;
        let field = problem.field.as_deref().map(|field| format!("{field}: ")).unwrap_or_default();
        let sentence = self.either(&problem.title, &problem.title_en);
        let detail = problem.detail.as_deref().map(|detail| format!(" ({detail})")).unwrap_or_default();
        format!("[{code}] {field}{sentence}{detail}")
    }
}

/// What went wrong, as problems with a code each. Those of this device alone are of this table, not of the server's.
pub(crate) fn problems_of(error: &DeviceError) -> Vec<Problem> {
    let detail = Some(error.to_string());
    match error {
        DeviceError::Refused(problems) => problems.clone(),
        DeviceError::EnrolmentRefused(problem) => vec![(**problem).clone()],
        DeviceError::NotEnrolled(_) => vec![Problem { detail, ..Problem::new(ProblemKind::DeviceUnknown) }],
        DeviceError::WhichUser(_) => {
            let field = Some("user".to_owned());
            vec![Problem { detail, field, ..Problem::new(ProblemKind::TextRequired) }]
        }
        DeviceError::InspectionUnknown(_) => {
            let field = Some("inspection".to_owned());
            vec![Problem { detail, field, ..Problem::new(ProblemKind::NotFound) }]
        }
        DeviceError::OtherServer(_) => vec![local(
            "other_server",
            "本终端已在另一服务器入网，请使用新的数据目录。",
            "This device is enrolled at another server; use another data directory.",
            detail,
        )],
        DeviceError::Transport(_) => vec![local(
            "server_unreachable",
            "无法连接服务器，请检查网络后重试。",
            "The server cannot be reached; check the network and try again.",
            detail,
        )],
        DeviceError::NotOurServer(_) => vec![local(
            "not_our_server",
            "应答不是本系统的服务器，请检查地址；所在网络可能需要先登录。",
            "What answers is not this product's server; check the address, or sign in to the network first.",
            detail,
        )],
        DeviceError::Key(_) => vec![local(
            "device_key_unusable",
            "终端密钥无法使用，请重新入网；未发送的工作不受影响。",
            "The device key cannot be used; enrol again, unsent work is not affected.",
            detail,
        )],
        DeviceError::Store(StoreError::InUse)
        | DeviceError::Engine(EngineError::Store(StoreError::InUse)) => {
            vec![local(
                "device_in_use",
                "本终端的另一个程序正在使用数据，请待其结束后再试。",
                "Another program of this device is using its data; try again when it has ended.",
                detail,
            )]
        }
        DeviceError::Store(_) | DeviceError::Engine(_) => vec![local(
            "device_store_failed",
            "本机数据库操作失败，本次内容未保存；请检查存储空间。",
            "The device's database failed and this was not stored; check the space left.",
            detail,
        )],
        DeviceError::File { .. } | DeviceError::NotReadable { .. } => vec![local(
            "device_file_failed",
            "文件无法读写，请检查路径和存储空间。",
            "A file cannot be read or written; check the path and the space left.",
            detail,
        )],
    }
}

/// A problem of this device alone.
fn local(code: &str, zh: &str, en: &str, detail: Option<String>) -> Problem {
    let base = Problem::new(ProblemKind::InternalError);
    Problem {
        kind: format!("urn:lantian:problem:{code}"),
        code: code.parse().unwrap_or(base.code),
        title: zh.to_owned(),
        title_en: en.to_owned(),
        status: base.status,
        field: None,
        detail,
        request_id: None,
        faults: Vec::new(),
    }
}
