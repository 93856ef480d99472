//! Appeal (申诉): a charged unit's objection, which one decision answers.

use serde::{Deserialize, Serialize};

use crate::model::coded_enum;

coded_enum! {
    /// State of an appeal.
    AppealState {
        /// Filed, and neither withdrawn nor decided (待处理).
        Open = "open",
        /// Taken back by the unit (已撤回).
        Withdrawn = "withdrawn",
        /// Upheld, reduced or reversed (已处理): the decision's kind says which.
        Decided = "decided",
    }
}
