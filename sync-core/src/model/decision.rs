//! Decision (决定): a numbered, append-only act on a case or a month of account, by a person or by a timer.

use serde::{Deserialize, Serialize};

use crate::model::coded_enum;

coded_enum! {
    /// What is decided (决定类别).
    DecisionKind {
        /// Confirm (认定): the charges are posted.
        Confirm = "confirm",
        /// Return to the inspector (退回), with a reason.
        Return = "return",
        /// Dismiss (不予认定), with a reason: charges are void, posted ones reversed (红冲) by two people.
        Dismiss = "dismiss",
        /// Settle doubts (核定疑点), with a reason: the flags named no longer block posting.
        Settle = "settle",
        /// Enter amounts (录入金额) that the pack leaves to the office, with a reason, by two people.
        EnterAmounts = "enter_amounts",
        /// Adjust posted amounts (调整), with a reason, by two people: the difference is posted.
        Adjust = "adjust",
        /// Judge an undecided case anew (重新判定), by another pack version or level, with a reason.
        ReEvaluate = "re_evaluate",
        /// Give the case to another unit (变更责任单位), with a reason: posted charges are transferred.
        ReAttribute = "re_attribute",
        /// Go on without the photos that are missing (证据无法补齐), with a reason.
        EvidenceUnobtainable = "evidence_unobtainable",
        /// Accept a correction of a decided case (采纳更正): the difference is posted, by two people.
        AcceptAmendment = "accept_amendment",
        /// Refuse a correction of a decided case (不采纳更正), with a reason.
        RefuseAmendment = "refuse_amendment",
        /// Merge duplicates into one case (并案).
        Merge = "merge",
        /// Keep proposed duplicates apart (不予并案), with a reason.
        KeepApart = "keep_apart",
        /// Appeal decided: it stays as it was (维持).
        AppealUphold = "appeal_uphold",
        /// Appeal decided: amounts are reduced (核减), by two people.
        AppealReduce = "appeal_reduce",
        /// Appeal decided: charges are taken back (撤销), by two people.
        AppealReverse = "appeal_reverse",
        /// Close a month of account (结账), by two people of finance.
        CloseMonth = "close_month",
        /// Order rectification (交办) with a deadline.
        OrderRectification = "order_rectification",
        /// Give rectification more time (延期), with a reason.
        ExtendDeadline = "extend_deadline",
        /// Pause rectification (缓办, 挂账), with a reason.
        PauseRectification = "pause_rectification",
        /// Resume paused rectification (恢复办理).
        ResumeRectification = "resume_rectification",
        /// Send back, with a reason: a supervisor an insufficient report (退回整改), a unit what is not its own (退回).
        ReturnRectification = "return_rectification",
        /// Find on re-check that it is rectified (复核通过).
        VerifyRectification = "verify_rectification",
        /// Find on re-check that it is not (复核不通过): another round.
        FailRectification = "fail_rectification",
        /// Close the case's loop (销号).
        CloseRectification = "close_rectification",
        /// One step up for want of rectification in time (督办, 约谈, 问责), by a timer.
        Escalate = "escalate",
        /// Confirm because the pack's days for review are over (期满自动认定), by a timer.
        AutoConfirm = "auto_confirm",
        /// Post because the pack's publication period is over (公示期满入账), by a timer.
        PostPublished = "post_published",
    }
}
