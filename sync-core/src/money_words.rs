//! Amounts in capital figures (大写金额), as every voucher, notice and signed table of finance carries them.
//!
//! Rules: 支付结算办法 (银发〔1997〕393号), annex 1 "正确填写票据和结算凭证的基本规定", clauses 一 to 四. Where the
//! rule leaves a choice, this module always takes the same one, that of the rule's own examples: 整 after 元 and none
//! after 角 or 分; no 零 where only the figure before 万, 亿 or 元 is nought and the next one is not. An
//! amount below nought carries 负 after 人民币: a reversal (红冲) must not read as a deduction.
//!
//! Invariant: the words name the amount exactly, for every amount that [`Fen`] can hold. 万 and 亿 only, never 兆,
//! which means a million to some readers.

use crate::money::Fen;

/// What an amount of the national currency begins with (annex 1, clause 五: no gap after it).
const CURRENCY: &str = "人民币";
/// Fen in a jiao (角) and jiao in a yuan.
const TEN: u64 = 10;
/// Figures that one of 万 and 亿 stands after: four each.
const TEN_THOUSAND: u64 = 10_000;
const HUNDRED_MILLION: u64 = 100_000_000;

/// The amount in capital figures, such as `人民币壹拾万元整`.
///
/// # Example
/// ```
/// use sync_core::{money::Fen, money_words::capital_figures};
/// assert_eq!(capital_figures(Fen::new(100_005)), "人民币壹仟元零伍分");
/// assert_eq!(capital_figures(Fen::new(-10_000_000)), "人民币负壹拾万元整");
/// ```
#[must_use]
pub fn capital_figures(amount: Fen) -> String {
    let fen = amount.get().unsigned_abs();
    let (yuan, jiao, fen) = (fen / (TEN * TEN), fen / TEN % TEN, fen % TEN);
    let mut words = String::from(CURRENCY);
    if amount < Fen::ZERO {
        words.push('负');
    }
    if yuan > 0 || (jiao == 0 && fen == 0) {
        push_whole(&mut words, yuan);
        words.push('元');
    }
    match (jiao, fen) {
        (0, 0) => words.push('整'),
        (0, fen) => {
            if yuan > 0 {
                words.push('零');
            }
            words.push_str(figure(fen));
            words.push('分');
        }
        (jiao, fen) => {
            words.push_str(figure(jiao));
            words.push('角');
            if fen > 0 {
                words.push_str(figure(fen));
                words.push('分');
            }
        }
    }
    words
}

/// Any whole number: what stands before 亿 is again a whole number, so 亿亿 follows by itself.
fn push_whole(words: &mut String, number: u64) {
    let (above, below) = (number / HUNDRED_MILLION, number % HUNDRED_MILLION);
    if above > 0 {
        push_whole(words, above);
        words.push('亿');
    } else if below == 0 {
        words.push('零');
        return;
    }
    let (upper, lower) = (below / TEN_THOUSAND, below % TEN_THOUSAND);
    if upper > 0 {
        push_section(words, upper, above > 0);
        words.push('万');
        push_section(words, lower, true);
    } else {
        if above > 0 && lower > 0 {
            words.push('零');
        }
        push_section(words, lower, false);
    }
}

/// Up to four figures; `follows` says that something of the number stands before them, so that noughts in front are
/// read, all of them as one 零.
fn push_section(words: &mut String, section: u64, follows: bool) {
    let mut written = false;
    let mut nought = false;
    for (place, unit) in [(1000, "仟"), (100, "佰"), (10, "拾"), (1, "")] {
        let value = section / place % TEN;
        if value == 0 {
            nought = true;
            continue;
        }
        if nought && (written || follows) {
            words.push('零');
        }
        words.push_str(figure(value));
        words.push_str(unit);
        (written, nought) = (true, false);
    }
}

/// One figure above nought.
const fn figure(value: u64) -> &'static str {
    match value {
        1 => "壹",
        2 => "贰",
        3 => "叁",
        4 => "肆",
        5 => "伍",
        6 => "陆",
        7 => "柒",
        8 => "捌",
        9 => "玖",
        _ => "零",
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    /// Reads capital figures back, by place values alone: 零 is skipped, so that it can neither help nor harm.
    fn read_back(words: &str) -> i128 {
        let rest = words.strip_prefix("人民币").unwrap();
        let (sign, rest) = rest.strip_prefix('负').map_or((1, rest), |rest| (-1, rest));
        let (yuan, small) = rest.split_once('元').unwrap_or(("", rest));
        let mut fen = read_whole(yuan) * 100;
        let mut last = 0;
        for c in small.chars() {
            match c {
                '角' => fen += last * 10,
                '分' => fen += last,
                '整' | '零' => {}
                c => last = value(c),
            }
        }
        sign * fen
    }

    fn read_whole(words: &str) -> i128 {
        if let Some((above, below)) = words.rsplit_once('亿') {
            return read_whole(above) * 100_000_000 + read_whole(below);
        }
        if let Some((above, below)) = words.split_once('万') {
            return read_whole(above) * 10_000 + read_whole(below);
        }
        let (mut sum, mut last) = (0, 0);
        for c in words.chars() {
            match c {
                '仟' => sum += std::mem::take(&mut last) * 1000,
                '佰' => sum += std::mem::take(&mut last) * 100,
                '拾' => sum += std::mem::take(&mut last) * 10,
                c => last = value(c),
            }
        }
        sum + last
    }

    fn value(figure: char) -> i128 {
        "零壹贰叁肆伍陆柒捌玖".chars().position(|c| c == figure).unwrap().try_into().unwrap()
    }

    fn words(fen: i64) -> String {
        capital_figures(Fen::new(fen))
    }

    #[test]
    fn the_examples_of_the_rule_read_as_the_rule_has_them() {
        for (fen, expected) in [
            (140_950, "壹仟肆佰零玖元伍角"),
            (600_714, "陆仟零柒元壹角肆分"),
            (168_032, "壹仟陆佰捌拾元叁角贰分"),
            (10_700_053, "壹拾万柒仟元伍角叁分"),
            (1_640_902, "壹万陆仟肆佰零玖元零贰分"),
            (32_504, "叁佰贰拾伍元零肆分"),
        ] {
            assert_eq!(words(fen), format!("人民币{expected}"));
        }
    }

    #[test]
    fn noughts_are_read_once_and_whole_amounts_end_in_zheng() {
        for (yuan, expected) in [
            (0, "零元整"),
            (1, "壹元整"),
            (10, "壹拾元整"),
            (15, "壹拾伍元整"),
            (20, "贰拾元整"),
            (101, "壹佰零壹元整"),
            (110, "壹佰壹拾元整"),
            (1001, "壹仟零壹元整"),
            (1010, "壹仟零壹拾元整"),
            (10_050, "壹万零伍拾元整"),
            (10_500, "壹万零伍佰元整"),
            (15_000, "壹万伍仟元整"),
            (100_000, "壹拾万元整"),
            (100_001, "壹拾万零壹元整"),
            (500_000, "伍拾万元整"),
            (1_000_010, "壹佰万零壹拾元整"),
            (10_001_000, "壹仟万壹仟元整"),
            (100_000_000, "壹亿元整"),
            (100_000_005, "壹亿零伍元整"),
            (100_001_000, "壹亿零壹仟元整"),
            (100_050_000, "壹亿零伍万元整"),
            (110_000_000, "壹亿壹仟万元整"),
            (1_010_101_010, "壹拾亿壹仟零壹拾万壹仟零壹拾元整"),
            (1_000_000_000_000, "壹万亿元整"),
            (10_000_000_000_000_000, "壹亿亿元整"),
        ] {
            assert_eq!(words(yuan * 100), format!("人民币{expected}"), "{yuan}");
        }
    }

    #[test]
    fn jiao_and_fen_follow_the_yuan() {
        for (fen, expected) in [
            (1, "壹分"),
            (10, "壹角"),
            (56, "伍角陆分"),
            (100_005, "壹仟元零伍分"),
            (100_050, "壹仟元伍角"),
            (1_000_001, "壹万元零壹分"),
        ] {
            assert_eq!(words(fen), format!("人民币{expected}"));
        }
    }

    #[test]
    fn reversals_say_so_and_the_ends_of_the_range_are_exact() {
        assert_eq!(words(-10_000_000), "人民币负壹拾万元整");
        assert_eq!(words(-5), "人民币负伍分");
        assert_eq!(
            words(i64::MAX),
            "人民币玖亿贰仟贰佰叁拾叁万柒仟贰佰零叁亿陆仟捌佰伍拾肆万柒仟柒佰伍拾捌元零柒分"
        );
        assert_eq!(read_back(&words(i64::MIN)), i128::from(i64::MIN));
    }

    #[test]
    fn every_amount_to_a_thousand_yuan_and_whole_yuan_to_fifty_thousand_read_back() {
        for fen in (0..100_000).chain((1000..50_000).map(|yuan| yuan * 100)) {
            let words = words(fen);
            assert_eq!(read_back(&words), i128::from(fen), "{words}");
            assert!(!words.contains("零零") && !words.contains("零元整") || fen == 0, "{words}");
        }
    }

    proptest! {
        #[test]
        fn any_amount_reads_back(fen in any::<i64>(), places in 0_u32..18) {
            // Round amounts have the noughts that matter; plain random ones hardly ever do.
            let round = fen - fen % 10_i64.pow(places);
            for fen in [fen, round, fen >> (places * 3), fen % 10_i64.pow(places) ] {
                let words = words(fen);
                prop_assert_eq!(read_back(&words), i128::from(fen), "{}", words);
                prop_assert!(!words.contains("零零"), "{}", words);
                prop_assert_eq!(words.ends_with('整'), fen % 100 == 0);
            }
        }
    }
}
