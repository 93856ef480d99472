//! Readings (我方理解) of pack rules in both languages. A shipped pack says its readings in English, and its bytes stay as
//! they are: cases are judged by their hash. So the Chinese stands here, sentence by sentence.

use serde::Serialize;
use utoipa::ToSchema;

/// Our interpretation of a rule.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
pub struct Reading {
    /// In Chinese; as the pack says it where it is no pack of ours.
    pub zh: String,
    /// As the pack says it.
    pub en: String,
}

impl Reading {
    /// What a pack says.
    #[must_use]
    pub fn of(text: &str) -> Self {
        let known = SHIPPED.iter().find(|(en, _)| *en == text);
        Self { zh: known.map_or(text, |(_, zh)| *zh).to_owned(), en: text.to_owned() }
    }
}

/// Readings of the packs that ship with the product.
const SHIPPED: [(&str, &str); 20] = [
    (
        "The document names no levels; findings of a district assignment and above are charged, a grid's own check is not.",
        "文件未写明发现层级：区级及以上发现的扣缴，网格自查的不扣缴。",
    ),
    ("The document names no window.", "文件未写明重复上报的时间和距离范围。"),
    ("A fire that nobody counted is one point.", "未清点火点数的，按一个火点计。"),
    (
        "The list is in 郑办〔2019〕9号, which is not among the texts here.",
        "清单见郑办〔2019〕9号，该文件不在所收文件之列。",
    ),
    (
        "The document asks for strict rectification without days or steps.",
        "文件要求严格整改，但未写明天数和步骤。",
    ),
    (
        "Inspectors of this product hold a district assignment; a grid's own check is recorded, not charged.",
        "使用本系统的检查人员按区级任职；网格自查只记录，不扣缴。",
    ),
    (
        "Each failed measure is charged once; the six are those of 驻政办〔2017〕24号, since this document lists none.",
        "每项不到位的措施扣缴一次；本文件未列出六项措施，按驻政办〔2017〕24号的六项执行。",
    ),
    (
        "Straw is charged here: the list of burnt matter is open (等行为) and names no straw.",
        "秸秆按此项扣缴：文件列举焚烧物以“等行为”收尾，未单列秸秆。",
    ),
    (
        "Municipal works have five measures, without demolition (驻政办〔2017〕24号 五（二）8).",
        "市政工程为五项措施，不含拆迁湿法作业（驻政办〔2017〕24号 五（二）8）。",
    ),
    (
        "The loop is written for hot spots (高值热点) and without days; it is used for every case.",
        "文件的闭环针对高值热点，且未写明天数；本系统用于所有案件。",
    ),
    (
        "Ranked and published; the sum is not stated, so a supervisor enters it with a reason.",
        "文件要求排名通报，未写明金额，由监督员录入金额并说明理由。",
    ),
    (
        "Punished by other rules; straw is burnt matter like the rest.",
        "按其他规定处理；秸秆与其他焚烧物同样对待。",
    ),
    (
        "The two standards named are not among the texts here; the six measures of 驻政办〔2017〕24号 are checked.",
        "文件所引两项标准不在所收文件之列，按驻政办〔2017〕24号的六项措施检查。",
    ),
    ("Municipal works have five measures, without demolition.", "市政工程为五项措施，不含拆迁湿法作业。"),
    (
        "The loop is written for hot spots (高值热点) and without days; its warning (警示) is taken as a supervision order.",
        "文件的闭环针对高值热点，且未写明天数；其中的警示按督办处理。",
    ),
    (
        "The standards named are not among the texts here; the six measures of 驻政办〔2017〕24号 are checked.",
        "文件所引标准不在所收文件之列，按驻政办〔2017〕24号的六项措施检查。",
    ),
    (
        "The loop is written for enterprises and without days; it is used for every case.",
        "文件的闭环针对企业，且未写明天数；本系统用于所有案件。",
    ),
    ("Further cases stop work for three months again.", "再次发生的，仍停工三个月。"),
    (
        "Municipal works have five measures, without demolition (五（二）8).",
        "市政工程为五项措施，不含拆迁湿法作业（五（二）8）。",
    ),
    (
        "The document has daily checks and accountability but neither days nor a loop for single cases.",
        "文件写明日检查和问责，但未写明单个案件的整改天数和闭环。",
    ),
];

#[cfg(test)]
mod tests {
    use sync_core::policy::builtin_packs;

    use super::*;

    #[test]
    fn every_reading_of_a_shipped_pack_has_its_chinese() {
        for shipped in builtin_packs() {
            let said = shipped.source.split("reading = \"").skip(1);
            for text in said.map(|rest| rest.split('"').next().unwrap()) {
                assert_ne!(Reading::of(text).zh, text, "{}", shipped.file);
            }
        }
    }

    #[test]
    fn a_district_that_wrote_its_own_is_quoted() {
        let own = Reading::of("本区按次扣缴。");
        assert_eq!((own.zh.as_str(), own.en.as_str()), ("本区按次扣缴。", "本区按次扣缴。"));
    }
}
