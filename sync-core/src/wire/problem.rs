//! The problem table: every way a request or an operation can be refused, with its stable code.
//!
//! Devices and screens branch on the code, never on the text. A code, once released, keeps its meaning. The
//! sentences name what is wrong and what to do, Chinese first; `{field}` detail is added where it is known.

use serde::{Deserialize, Serialize};

use crate::geo::PolygonFault;
use crate::ids::ProblemCode;
use crate::text::TextFault;
use crate::wire::push::Rejection;

macro_rules! problems {
    ($($variant:ident = $code:literal, $status:literal, $zh:literal, $en:literal;)+) => {
        /// A kind of problem.
        #[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
        pub enum ProblemKind {
            $(#[doc = $en] $variant),+
        }

        impl ProblemKind {
            /// Every kind, in table order.
            pub const ALL: &[Self] = &[$(Self::$variant),+];

            /// Its stable code.
            #[must_use]
            pub const fn code(self) -> &'static str {
                match self { $(Self::$variant => $code),+ }
            }

            /// The HTTP status of a request that fails with it.
            #[must_use]
            pub const fn status(self) -> u16 {
                match self { $(Self::$variant => $status),+ }
            }

            /// What happened and what to do, in Chinese.
            #[must_use]
            pub const fn zh(self) -> &'static str {
                match self { $(Self::$variant => $zh),+ }
            }

            /// The same in English.
            #[must_use]
            pub const fn en(self) -> &'static str {
                match self { $(Self::$variant => $en),+ }
            }
        }
    };
}

problems! {
    // Requests.
    MalformedRequest = "malformed_request", 400, "请求格式不正确，请检查所指字段。", "The request is malformed; check the field named.";
    UnsupportedProtocol = "unsupported_protocol", 400, "服务器不支持此协议版本，请升级应用。", "The server does not speak this protocol version; update the app.";
    NotFound = "not_found", 404, "找不到该对象，或您无权查看。", "There is no such thing, or it is not yours to see.";
    MethodNotAllowed = "method_not_allowed", 405, "此地址不支持该操作方式。", "This address does not support the method.";
    PayloadTooLarge = "payload_too_large", 413, "内容超过允许大小，请分批提交。", "The content is too large; send it in parts.";
    UnsupportedMediaType = "unsupported_media_type", 415, "内容类型不受支持。", "The content type is not supported.";
    RangeNotSatisfiable = "range_not_satisfiable", 416, "请求的字节范围不在文件之内。", "The file does not have the range of bytes asked for.";
    SnapshotChanged = "snapshot_changed", 412, "快照已更新，请从头下载。", "The snapshot is another one now; download it from the beginning.";
    RateLimited = "rate_limited", 429, "请求过于频繁，请稍后再试。", "Too many requests; try again later.";
    InternalError = "internal_error", 500, "服务器内部错误，数据未改变，请稍后重试。", "Internal error; nothing was changed, try again later.";
    Unavailable = "unavailable", 503, "服务暂不可用，请稍后重试。", "The service is not available now; try again later.";
    // Access.
    SignInRequired = "sign_in_required", 401, "请先登录。", "Sign in first.";
    WrongCredentials = "wrong_credentials", 401, "用户名或密码不正确。", "User name or password is wrong.";
    AccountLocked = "account_locked", 401, "连续登录失败，账号已暂时锁定，请稍后再试。", "Too many failed sign-ins; the account is locked for a while.";
    TokenInvalid = "token_invalid", 401, "访问令牌无效，请重新获取。", "The access token is not valid; get a new one.";
    TokenExpired = "token_expired", 401, "访问令牌已过期，请重新获取。", "The access token has expired; get a new one.";
    CsrfMismatch = "csrf_mismatch", 403, "页面已过期，请刷新后重试。", "The page is out of date; reload it and try again.";
    RoleForbidden = "role_forbidden", 403, "您的岗位无权进行此操作。", "Your role does not allow this.";
    OutOfScope = "out_of_scope", 403, "该对象不在您的网格或单位范围内。", "This is outside your grid or unit.";
    OtherDistrict = "other_district", 403, "该编号属于其他区县。", "The id belongs to another district.";
    EnrolmentCodeInvalid = "enrolment_code_invalid", 401, "入网码无效、已使用或已过期，请向管理员索取新码。", "The enrolment code is unknown, spent or expired; ask the administrator for a new one.";
    PublicKeyInvalid = "public_key_invalid", 400, "设备公钥格式不正确。", "The device's public key is malformed.";
    DeviceUnknown = "device_unknown", 401, "设备未登记，请先入网。", "The device is not enrolled.";
    DeviceRevoked = "device_revoked", 401, "设备已被停用，未上传的工作请联系管理员恢复。", "The device has been revoked; ask the administrator to recover unsent work.";
    ChallengeInvalid = "challenge_invalid", 401, "签名挑战无效、已使用或已过期，请重试。", "The challenge is unknown, used, expired or wrongly signed; try again.";
    PasswordTooWeak = "password_too_weak", 422, "密码过短，请至少使用 10 个字符。", "The password is too short; use at least 10 characters.";
    UserUnknown = "user_unknown", 422, "本区县没有该用户。", "The district has no such user.";
    DistrictExists = "district_exists", 409, "该区县已存在。", "The district exists already.";
    UsernameTaken = "username_taken", 409, "用户名已被使用，请换一个。", "The user name is taken; choose another.";
    AssignmentIncomplete = "assignment_incomplete", 422, "任职信息不完整：网格员须有发现层级，联络员须有责任单位，结束日期不得早于开始日期。", "The assignment is incomplete: an inspector needs a level, a liaison a unit, and the last day must not come before the first.";
    // Text, numbers and places.
    TextContainsNul = "text_contains_nul", 422, "文字中含有空字符，请删除后重试。", "The text contains a NUL character; remove it.";
    TextTooLong = "text_too_long", 422, "文字过长，请缩短。", "The text is too long; shorten it.";
    TextRequired = "text_required", 422, "此项必填。", "This field must be filled in.";
    PlaceOutsideChina = "place_outside_china", 422, "坐标不在中国境内，请检查经纬度（经度在前，WGS-84）。", "The coordinates are outside China; check them (longitude first, WGS-84).";
    NumberOutOfRange = "number_out_of_range", 422, "数值超出允许范围。", "The number is out of range.";
    TooManyItems = "too_many_items", 422, "条目过多，请减少。", "There are too many items.";
    // Sync.
    TooManyOperations = "too_many_operations", 413, "一次最多推送 200 条操作。", "A push takes at most 200 operations.";
    OperationMalformed = "operation_malformed", 422, "操作内容无法读取，请升级应用或导出记录联系管理员。", "The operation cannot be read; update the app or export it for the administrator.";
    OperationTooLarge = "operation_too_large", 422, "单条操作超过允许大小。", "The operation is too large.";
    OperationKindUnknown = "operation_kind_unknown", 422, "服务器不认识此类操作。", "The server does not know this kind of operation.";
    OperationSchemaNewer = "operation_schema_newer", 422, "操作的格式版本高于服务器，请先升级服务器。", "The operation's schema is newer than the server; upgrade the server first.";
    OperationIdReused = "operation_id_reused", 409, "同一操作号曾以不同内容提交，本次内容未保存。", "The operation id was used before with other content; this content was not stored.";
    DeviceDatabaseCopied = "device_database_copied", 409, "本机数据库与另一份副本重复编号，须重新标识后再发送；未发送的工作不受影响。", "This device's database is numbered like another copy of it; it must take another identity before it sends. Unsent work is not affected.";
    OperationNotYours = "operation_not_yours", 403, "操作的作者、设备或安装标识与登录身份不符。", "Author, device or incarnation of the operation are not those signed in.";
    CursorInvalid = "cursor_invalid", 400, "游标无效，请重新完整拉取。", "The cursor is not valid; pull from the start.";
    // Register.
    TargetUnknown = "target_unknown", 422, "台账中没有该对象。", "The register has no such target.";
    TargetExists = "target_exists", 409, "该对象已登记。", "The target is registered already.";
    TargetCodeTaken = "target_code_taken", 409, "台账编号已被使用。", "The register number is taken.";
    TargetChanged = "target_changed", 409, "该对象已被他人修改，请拉取后在新版本上重做。", "The target was changed meanwhile; pull and redo the change on the new version.";
    KindUnknown = "kind_unknown", 422, "没有这一台账类别。", "There is no such target kind.";
    FactUnknown = "fact_unknown", 422, "该类别没有这一属性。", "The kind has no such fact.";
    FactInvalid = "fact_invalid", 422, "属性值的类型或范围不正确。", "The fact's value has the wrong type or range.";
    GridUnknown = "grid_unknown", 422, "没有该网格。", "There is no such grid.";
    UnitUnknown = "unit_unknown", 422, "没有该责任单位。", "There is no such unit.";
    TargetRemoved = "target_removed", 409, "该对象已从台账中移除。", "The target was removed from the register.";
    UnitExists = "unit_exists", 409, "该责任单位已登记。", "The unit is registered already.";
    UnitNameTaken = "unit_name_taken", 409, "责任单位名称已被使用。", "The unit's name is taken.";
    BudgetCodeTaken = "budget_code_taken", 409, "预算单位编码已被使用。", "The budget code is taken.";
    CreditCodeInvalid = "credit_code_invalid", 422, "统一社会信用代码有误：应为 18 位，且末位校验码相符（GB 32100）。", "Not a unified social credit code: 18 characters, the last one checks the others (GB 32100).";
    UnitInUse = "unit_in_use", 409, "该责任单位已被网格、台账、任职或案件引用，不能删除。", "Grids, targets, assignments or cases refer to the unit; it cannot be removed.";
    GridExists = "grid_exists", 409, "该网格已登记。", "The grid is registered already.";
    GridParentUnknown = "grid_parent_unknown", 422, "没有上级网格，请先登记上级网格。", "The grid above it is not registered; register that first.";
    StatisticalCodeInvalid = "statistical_code_invalid", 422, "统计用区划代码应为 12 位数字。", "A statistical code has 12 digits.";
    ZoneExists = "zone_exists", 409, "该区域已登记。", "The zone is registered already.";
    DaysReversed = "days_reversed", 422, "结束日期不得早于开始日期。", "The last day must not come before the first.";
    RegisterChanged = "register_changed", 409, "该记录已被他人修改，请刷新后重做。", "The entry was changed meanwhile; reload it and change it again.";
    PolygonEmpty = "polygon_empty", 422, "边界至少要有三个不同的点。", "An outline needs at least three different points.";
    PolygonNotClosed = "polygon_not_closed", 422, "边界没有闭合，末点必须与首点相同。", "The outline is not closed: its last point must be its first.";
    PolygonCrosses = "polygon_crosses", 422, "边界自相交，或内环在外环之外。", "The outline crosses itself, or a hole lies outside of it.";
    PolygonTooManyPoints = "polygon_too_many_points", 422, "边界的点过多（上限 2000 个），请先简化。", "The outline has too many points (2000 at most); simplify it.";
    CoordinatesSwapped = "coordinates_swapped", 422, "经纬度写反了，应经度在前、纬度在后。", "Latitude stands before longitude; longitude comes first.";
    // Inspections.
    InspectionExists = "inspection_exists", 409, "该检查记录号已存在。", "The inspection id exists already.";
    QuestionUnknown = "question_unknown", 422, "检查表中没有该项。", "The checklist has no such question.";
    ItemUnknown = "item_unknown", 422, "政策中没有该扣缴事项。", "The schedule has no such item.";
    PackUnknown = "pack_unknown", 422, "服务器没有该版本的政策包。", "The server does not have this pack version.";
    LineageInvalid = "lineage_invalid", 422, "更正记录与原记录不符。", "The correction does not fit the inspection it replaces.";
    Superseded = "superseded", 409, "该记录已有另一份更正。", "Another correction of this inspection was accepted.";
    DependsOnRefused = "depends_on_refused", 409, "所依据的记录未被采纳，请先处理该记录，再重新登记。", "What this rests on was refused; settle that first, then record this anew.";
    NotAssigned = "not_assigned", 403, "检查发生时，作者在该网格没有任职。", "The author had no assignment in this grid when it occurred.";
    OccurrenceInFuture = "occurrence_in_future", 422, "发生时间晚于当前时间，请检查。", "It cannot have occurred later than now; check the time.";
    FindingWithoutCase = "finding_without_case", 422, "按发生当日生效的政策，所填内容不构成案件，请检查类别、检查项和发生时间。", "By the policy in force on that day no case follows from this; check kind, answers and time.";
    // Photos.
    PhotoUnknown = "photo_unknown", 404, "没有该照片。", "There is no such photo.";
    PhotoNotAnImage = "photo_not_an_image", 422, "文件不是图片，请重新拍摄。", "The file is not an image; take the photo again.";
    PhotoTruncated = "photo_truncated", 422, "图片不完整或已损坏，请重新上传或拍摄。", "The image is truncated or damaged; send or take it again.";
    PhotoTooManyPixels = "photo_too_many_pixels", 422, "图片像素过多，请降低拍摄分辨率。", "The image has too many pixels; lower the resolution.";
    PhotoTooLarge = "photo_too_large", 413, "图片文件过大（上限 20 MB）。", "The image file is too large (20 MB at most).";
    PhotoUnsupportedFormat = "photo_unsupported_format", 422, "只接受 JPEG、PNG 或 WebP 图片。", "Only JPEG, PNG and WebP images are accepted.";
    PhotoHashMismatch = "photo_hash_mismatch", 422, "图片内容与其校验值不符，请重新上传。", "The image does not match its hash; send it again.";
    UploadUnknown = "upload_unknown", 404, "没有该上传任务，或已过期，请重新创建。", "There is no such upload, or it has expired; create it again.";
    UploadOffsetMismatch = "upload_offset_mismatch", 409, "续传位置不符，请先查询再续传。", "The offset is not where the upload stands; ask for it and resume.";
    UploadChecksumMismatch = "upload_checksum_mismatch", 460, "数据块校验不符，请重传该块。", "The chunk does not match its checksum; send it again.";
    TusVersionUnsupported = "tus_version_unsupported", 412, "不支持该 tus 版本，请使用 1.0.0。", "The tus version is not supported; use 1.0.0.";
    // Cases and money.
    CaseUnknown = "case_unknown", 404, "没有该案件，或您无权查看。", "There is no such case, or it is not yours to see.";
    CaseStateForbids = "case_state_forbids", 409, "案件当前状态不允许此决定。", "The case's state does not allow this decision.";
    CaseChanged = "case_changed", 409, "案件已被他人处理，请刷新后再决定。", "The case changed meanwhile; reload it and decide again.";
    CaseNeedsSettling = "case_needs_settling", 409, "案件有待核定的疑点，核定后方可认定。", "The case has doubts to be settled before it can be confirmed.";
    DuplicateUndecided = "duplicate_undecided", 409, "疑似重复的案件须并案或分别认定，不能直接核定。", "A proposed duplicate is merged or kept apart, not settled.";
    MergeLoopClosed = "merge_loop_closed", 409, "保留的案件整改已复核或销号，而被并案件仍有未完成的交办；请以后者为保留案件并案。", "The surviving case's rectification is re-checked or closed while an absorbed one's is open; merge into that one.";
    MergeItemsDiffer = "merge_items_differ", 409, "只有同一扣缴事项的案件才能并案。", "Only cases of one item can be merged.";
    MergeUnitRequired = "merge_unit_required", 422, "所并案件的责任单位不同，请指定其中一个。", "The cases have different responsible units; name one of them.";
    SelfCheckCannotAbsorb = "self_check_cannot_absorb", 409, "自查案件不能并入应扣缴的案件，请以应扣缴的案件为主案。", "A self-check cannot absorb a case that is charged; let the charged one survive.";
    CaseAmountMissing = "case_amount_missing", 409, "金额待录入，录入后方可认定。", "An amount has to be entered before the case can be confirmed.";
    DecisionIdReused = "decision_id_reused", 409, "同一决定号曾用于其他决定。", "The decision id was used before for another decision.";
    ReasonRequired = "reason_required", 422, "请填写理由。", "Give a reason.";
    ProposalUnknown = "proposal_unknown", 404, "没有该待复核事项，或您无权查看。", "There is no such proposal, or it is not yours to see.";
    ProposalOpen = "proposal_open", 409, "已有待复核事项，复核或撤回后方可再提交。", "Another proposal is open; it must be reviewed or withdrawn first.";
    ProposalClosed = "proposal_closed", 409, "该事项已复核、已撤回或已失效。", "The proposal was reviewed, withdrawn or became stale.";
    ProposerNotEntitled = "proposer_not_entitled", 409, "经办人已不再担任该职责，请驳回后由在岗人员重新提出。", "Who proposed this may not any more; reject it, and let somebody who may propose it anew.";
    PackNotInForce = "pack_not_in_force", 409, "该政策包在案件发生时间和地点未生效。", "This pack was not in force where and when the case occurred.";
    PeriodClosed = "period_closed", 409, "该月份已结账。", "The month is closed.";
    MonthNotOver = "month_not_over", 409, "该月份尚未结束，月末之后方可结账。", "The month is not over; close it after its end.";
    EarlierMonthOpen = "earlier_month_open", 409, "此前月份尚未结账，请按顺序结账。", "An earlier month is open; close months in order.";
    MonthNotClosed = "month_not_closed", 409, "该月份尚未结账。", "The month is not closed.";
    LedgerBroken = "ledger_broken", 409, "台账校验未通过，不能结账，请联系管理员。", "The ledger does not verify; tell the administrator, it cannot be closed.";
    ProposalsOpen = "proposals_open", 409, "有事项待复核，复核后方可结账。", "Proposals wait for their second person; review them before closing.";
    AppealUnknown = "appeal_unknown", 404, "没有该申诉，或您无权查看。", "There is no such appeal, or it is not yours to see.";
    AppealOpen = "appeal_open", 409, "案件有申诉待处理，须先处理或由单位撤回。", "The case has an open appeal; it must be decided or withdrawn first.";
    AppealNotOpen = "appeal_not_open", 409, "案件没有待处理的申诉，或该申诉已处理、已撤回。", "No appeal is open here: none was filed, or it was decided or withdrawn.";
    AppealDecided = "appeal_decided", 409, "对该扣缴决定的申诉已处理，不得重复申诉。", "The appeal against this charge was decided; it cannot be appealed again.";
    AppealLate = "appeal_late", 409, "申诉期限已过。", "The time to appeal is over.";
    AmountNotReduced = "amount_not_reduced", 422, "核减后的金额必须低于现有金额。", "A reduced amount must be lower than the present one.";
    SamePerson = "same_person", 403, "经办与复核不得为同一人，请由他人复核。", "Who asked for it cannot review it; another person has to.";
    // Files.
    FileTooLarge = "file_too_large", 413, "文件过大（上限 20 MB），请分成几个文件。", "The file is too large (20 MB at most); split it.";
    FileInflatesTooFar = "file_inflates_too_far", 422, "文件解压后过大，请另存为新文件后重试。", "The file is far too large once unpacked; save it as a new file.";
    FileOldFormat = "file_old_format", 422, "不支持旧的 XLS 格式，请另存为 XLSX 或 CSV。", "The old XLS format is not read; save it as XLSX or CSV.";
    FileDamaged = "file_damaged", 422, "文件无法读取，可能已损坏，请另存为新文件后重试。", "The file cannot be read, it may be damaged; save it as a new file.";
    TableEmpty = "table_empty", 422, "表中没有数据行。", "The table has no rows.";
    TableTooManyRows = "table_too_many_rows", 422, "表格超过 100000 行，请分成几个文件。", "The table has more than 100000 rows; split it.";
    TableTooWide = "table_too_wide", 422, "表格超过 100 列，请删除多余的列。", "The table has more than 100 columns; delete those not needed.";
    TextUndecodable = "text_undecodable", 422, "文件既不是 UTF-8 也不是 GB18030（GBK）编码，请另存为 UTF-8 CSV。", "The file is neither UTF-8 nor GB18030 (GBK); save it as UTF-8 CSV.";
    TextMixedEncodings = "text_mixed_encodings", 422, "文件混用 UTF-8 与 GBK 编码，请统一另存为 UTF-8 CSV。", "The file mixes UTF-8 and GBK; save all of it as UTF-8 CSV.";
    ColumnMissing = "column_missing", 422, "表头缺少必需的列。", "The header lacks a column that must be there.";
    ColumnUnknown = "column_unknown", 422, "表头中有无法识别的列。", "The header has a column that is not known.";
    ColumnDuplicate = "column_duplicate", 422, "表头中有重复的列。", "The header has a column twice.";
    CellsMerged = "cells_merged", 422, "表中有合并单元格，请取消合并并逐行填写。", "The table has merged cells; unmerge them and fill in every row.";
    CellFormula = "cell_formula", 422, "表中有公式，请粘贴为数值。", "The table has formulas; paste them as values.";
    GeojsonInvalid = "geojson_invalid", 422, "不是 GeoJSON 要素集合（FeatureCollection），或坐标系不是 WGS-84。", "Not a GeoJSON FeatureCollection, or not in WGS-84.";
    GeometryUnsupported = "geometry_unsupported", 422, "此处需要单个面（Polygon）。", "A single polygon is needed here.";
    RowRepeated = "row_repeated", 422, "文件中有另一行登记了同一对象。", "Another row of the file is about the same thing.";
    ImportDigestRequired = "import_digest_required", 422, "请先预览，再以预览的摘要提交导入。", "Preview the file first, then import it with the preview's digest.";
    ImportOutdated = "import_outdated", 409, "文件或台账与预览时不同，请重新预览。", "File or register are not as previewed; preview again.";
    ImportHasBadRows = "import_has_bad_rows", 422, "文件中有错误的行；请改正，或选择跳过错误行。", "The file has bad rows; correct them, or choose to skip them.";
    HistoryFixed = "history_fixed", 422, "该历史案件已导入，文件不能再修改它。", "This case of the past is on record; no file changes it any more.";
    AssignmentFixed = "assignment_fixed", 422, "已有任职只能修改截止日期；其他变更请结束原任职并另行任命。", "Of an assignment only the last day can change; end it and make another for anything else.";
    RequestIdReused = "request_id_reused", 409, "同一请求号曾用于其他内容。", "The request id was used before for something else.";
    ExecutionExceeds = "execution_exceeds", 409, "执行金额超出该单位当月尚未执行的扣缴金额。", "The amount exceeds what stands of the unit's month and is not executed yet.";
    ExecutionUnknown = "execution_unknown", 404, "没有该执行记录。", "There is no such execution.";
    ExecutionCancelled = "execution_cancelled", 409, "该执行记录已红冲，或本身即为红冲。", "The execution is cancelled already, or is a cancellation itself.";
    EntryUnknown = "entry_unknown", 404, "没有该台账分录，或您无权查看。", "There is no such ledger entry, or it is not yours to see.";
    SubsidyUnknown = "subsidy_unknown", 404, "没有该补助记录。", "There is no such subsidy.";
    SubsidyRuleUnknown = "subsidy_rule_unknown", 422, "本区县采用的政策包中没有该补助项。", "No pack adopted here has this subsidy.";
    SubsidyExists = "subsidy_exists", 409, "该企业已按此文件申领补助，不得重复。", "The enterprise has a subsidy of this document already.";
    SubsidyStateForbids = "subsidy_state_forbids", 409, "补助当前状态不允许此操作。", "The subsidy's state does not allow this.";
    DateOutOfRange = "date_out_of_range", 422, "日期不在允许范围内。", "The date is out of range.";
    // Rectification and fire points.
    RectificationUnknown = "rectification_unknown", 409, "该案件没有这一轮整改交办。", "The case has no such round of rectification.";
    RectificationStateForbids = "rectification_state_forbids", 409, "整改当前状态不允许此操作，请刷新后再试。", "The rectification's state does not allow this; reload and try again.";
    DeadlineRequired = "deadline_required", 422, "政策未规定整改期限，请指定期限。", "The policy states no deadline for this; name one.";
    ExtensionsSpent = "extensions_spent", 409, "本轮整改的延期次数已用完。", "This round has been extended as often as it may be.";
    CalendarGap = "calendar_gap", 409, "工作日历缺少该年度的节假日安排，无法计算期限，请管理员补充。", "The holiday calendar lacks the year the deadline falls in; the administrator has to add it.";
    FirePointUnknown = "fire_point_unknown", 404, "没有该火点线索，或您无权查看。", "There is no such fire point lead, or it is not yours to see.";
    FirePointVerified = "fire_point_verified", 409, "该火点线索已核查。", "The fire point lead has been verified already.";
    // Packs.
    PackInvalid = "pack_invalid", 422, "政策包有误，请按提示的行修改。", "The pack is not valid; correct the lines named.";
    PackAffectsPast = "pack_affects_past", 409, "该版本的生效日期内已有案件；采用不会改变这些案件，请确认知悉（affects_past）后再采用。", "Cases occurred in the days of this version; adopting it changes none of them. Acknowledge that (affects_past) and adopt it then.";
    PackOverlap = "pack_overlap", 409, "同一区域的政策包生效日期重叠。", "Packs of one region overlap in their dates.";
    DutyUnknown = "duty_unknown", 404, "当日生效的政策包没有这一覆盖率要求。", "The pack in force on that day has no such coverage duty.";
}

impl ProblemKind {
    /// Its code as a newtype.
    #[must_use]
    pub fn problem_code(self) -> ProblemCode {
        self.code().parse().unwrap_or_else(|_| unreachable!("table codes are checked by a test"))
    }

    /// The kind of a code.
    #[must_use]
    pub fn from_code(code: &str) -> Option<Self> {
        Self::ALL.iter().copied().find(|kind| kind.code() == code)
    }

    /// As the rejection of an operation.
    #[must_use]
    pub fn rejection(self, field: Option<String>) -> Rejection {
        Rejection { code: self.problem_code(), field, zh: self.zh().to_owned(), en: self.en().to_owned() }
    }
}

impl From<TextFault> for ProblemKind {
    fn from(fault: TextFault) -> Self {
        match fault {
            TextFault::Nul => Self::TextContainsNul,
            TextFault::TooLong { .. } => Self::TextTooLong,
            TextFault::Empty => Self::TextRequired,
        }
    }
}

impl From<PolygonFault> for ProblemKind {
    fn from(fault: PolygonFault) -> Self {
        match fault {
            PolygonFault::Empty => Self::PolygonEmpty,
            PolygonFault::NotClosed => Self::PolygonNotClosed,
            PolygonFault::TooManyPoints => Self::PolygonTooManyPoints,
            PolygonFault::Swapped => Self::CoordinatesSwapped,
            PolygonFault::OutsideChina => Self::PlaceOutsideChina,
            PolygonFault::Crosses => Self::PolygonCrosses,
        }
    }
}

/// `application/problem+json` (RFC 9457).
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct Problem {
    /// `urn:lantian:problem:<code>`.
    #[serde(rename = "type")]
    pub kind: String,
    /// What happened and what to do, in Chinese.
    pub title: String,
    /// The same in English.
    pub title_en: String,
    /// HTTP status.
    pub status: u16,
    /// Stable code.
    pub code: ProblemCode,
    /// The field it is about.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub field: Option<String>,
    /// What exactly was wrong, where more is known.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub detail: Option<String>,
    /// The request's id, to find it in the log.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub request_id: Option<String>,
    /// Everything wrong with a file, each with its place; the problem itself is of the first one's kind.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub faults: Vec<ProblemFault>,
}

/// Where a file is wrong, and how.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct ProblemFault {
    /// The row or line, from 1; absent for the whole file.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub row: Option<u32>,
    /// The column's name or letters, or the path of a key; absent for the whole row.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub column: Option<String>,
    /// Stable code.
    pub code: String,
    /// The sentence in Chinese.
    pub zh: String,
    /// The same in English.
    pub en: String,
}

impl Problem {
    /// A problem of this kind.
    #[must_use]
    pub fn new(kind: ProblemKind) -> Self {
        Self {
            kind: format!("urn:lantian:problem:{}", kind.code()),
            title: kind.zh().to_owned(),
            title_en: kind.en().to_owned(),
            status: kind.status(),
            code: kind.problem_code(),
            field: None,
            detail: None,
            request_id: None,
            faults: Vec::new(),
        }
    }

    /// Whether it is of this kind.
    #[must_use]
    pub fn is(&self, kind: ProblemKind) -> bool {
        self.code.as_str() == kind.code()
    }
}

impl From<Problem> for Rejection {
    fn from(problem: Problem) -> Self {
        Self { code: problem.code, field: problem.field, zh: problem.title, en: problem.title_en }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::collections::BTreeSet;

    #[test]
    fn every_code_is_well_formed_unique_and_found_again() {
        let codes: BTreeSet<_> = ProblemKind::ALL.iter().map(|kind| kind.code()).collect();
        assert_eq!(codes.len(), ProblemKind::ALL.len());
        for kind in ProblemKind::ALL {
            assert_eq!(kind.problem_code().as_str(), kind.code());
            assert_eq!(ProblemKind::from_code(kind.code()), Some(*kind));
            assert!((400..600).contains(&kind.status()), "{}", kind.code());
            assert!(kind.zh().ends_with('。') && kind.en().ends_with('.'), "{}", kind.code());
        }
    }
}
