//! What people write in the three months, and how what they did is called in the summary.

use anyhow::{Context, Result};
use server::demo_district::DemoDistrict;
use sync_core::ids::UnitId;

use super::lives::Act;

pub const RETURNS: &[&str] = &[
    "照片看不清现场全貌，请补拍。",
    "请补拍问题部位近照并注明方位。",
    "检查项与照片不符，请核对后重新提交。",
];
pub const DISMISSALS: &[&str] = &[
    "经核，照片为覆盖前作业过程，现场已落实。",
    "不属于扣缴情形，责成现场改正。",
    "责任单位提供检测报告，情况不属实。",
];
pub const UNOBTAINABLE: &[&str] = &["平板损坏，照片无法恢复，由两名检查人书面证明。"];
pub const RAISES: &[&str] = &["自查问题经区级复查属实，按区级发现计。"];
pub const RE_ATTRIBUTIONS: &[&str] = &["经会商，该对象由行业主管部门负责。"];
pub const ENTRIES: &[&str] = &["按当月道路积尘排名通报核定金额。"];
pub const ADJUSTMENTS: &[&str] = &["当日主动改正并消除影响，经会议研究减半。"];
pub const ACCEPTANCES: &[&str] = &["更正属实，予以采纳。"];
pub const REFUSALS: &[&str] = &["更正无新证据，维持原认定。"];
pub const SETTLEMENTS: &[&str] = &["经电话核对并比对照片位置，情况属实。"];
pub const REPORTS: &[&str] = &[
    "已全部覆盖，冲洗设施已恢复，附整改后照片。",
    "已完成整改，落实专人每日巡查。",
    "设备已检修并清洗，运行正常。",
];
pub const REJECTION: &str = "依据不足，维持原认定。";
pub const GIVE_BACK: &str = "该处不在我街道管辖范围，请核实。";

pub const GROUNDS: &[&str] = &[
    "该工地当日已停工，覆盖物为大风吹开，事后即恢复，附照片。",
    "该处问题系市政抢修造成，非我街道管理范围。",
    "设备已报修并有维修单据，请予核减。",
];
pub const UPHOLDINGS: &[&str] = &["申诉理由不成立，维持原扣缴决定。"];
pub const REDUCTIONS: &[&str] = &["部分理由成立，予以核减。"];
pub const REVERSALS: &[&str] = &["申诉属实，撤销原扣缴决定。"];

/// What a unit has to do about a kind of target.
pub fn requirement(kind: &str) -> &'static str {
    match kind {
        "construction_site" => "裸露土方全部覆盖，出入口冲洗设施恢复使用，落实专人保洁。",
        "stockpile" => "料堆加装围挡并全覆盖，落实喷淋。",
        "catering_device" => "净化器检修并保持运行，留存清洗记录。",
        "straw_point" => "清理过火地块，落实专人看护，防止复燃。",
        "vehicle" => "停止无资质车辆运输，完善车辆手续。",
        "road" => "立即清扫洒水，查清带泥上路源头。",
        _ => "立即改正并举一反三，报送整改前后照片。",
    }
}

/// The bureau that answers for a kind of target, where it is not the street office.
pub fn bureau_of(kind: &str) -> Result<UnitId> {
    let word = match kind {
        "construction_site" | "bare_land" => "住房和城乡建设局",
        "stockpile" | "enterprise" => "工业和信息化局",
        "road" => "交通运输局",
        "boiler" => "市场监督管理局",
        _ => "城市管理局",
    };
    let unit = DemoDistrict::build()?.units.into_iter().find(|unit| unit.name.ends_with(word));
    Ok(unit.with_context(|| format!("no {word}"))?.unit_id)
}

/// What a decision is called.
pub fn decision(kind: &str) -> &'static str {
    match kind {
        "return" => "退回 returned",
        "dismiss" => "驳回 dismissed",
        "evidence_unobtainable" => "无法补证 evidence unobtainable",
        "re_evaluate" => "重新评定 re-evaluated",
        "re_attribute" => "改责任单位 re-attributed",
        "enter_amounts" => "录入金额 amounts entered",
        "adjust" => "调整 adjusted",
        "accept_amendment" => "采纳更正 amendments accepted",
        "refuse_amendment" => "不采纳更正 amendments refused",
        "appeal_uphold" => "申诉维持 appeals upheld",
        "appeal_reduce" => "申诉核减 appeals reduced",
        "appeal_reverse" => "申诉撤销 appeals reversed",
        "settle" => "疑点处理 settled",
        _ => "其他决定 other decisions",
    }
}

/// What a review of a proposal is called.
pub fn review(how: &str) -> &'static str {
    match how {
        "approval" => "复核同意 approved",
        "rejection" => "复核不同意 rejected",
        _ => "撤回提议 withdrawn",
    }
}

/// What a step of the loop is called.
pub fn loop_step(act: Act) -> &'static str {
    match act {
        Act::Order => "交办 ordered",
        Act::SendBack => "退回补充 sent back",
        Act::Verify => "复核通过 verified",
        Act::Fail => "复核不通过 failed",
        Act::Close => "销号 closed",
        Act::Extend => "延期 extended",
        Act::Defer => "缓办 deferred",
        Act::KeepOnBooks => "挂账 kept on the books",
        _ => "恢复 resumed",
    }
}
