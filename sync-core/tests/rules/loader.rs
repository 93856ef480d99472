//! What the loader refuses, with the line and the reason it gives. `small.toml` is a pack that loads; each case
//! below breaks one thing in it (or several at once), and the snapshot shows what is said and the line named.

use std::fmt::Write;

use sync_core::ids::PackHash;
use sync_core::policy::{Amount, CountUnit, PolicyPack};

const SMALL: &str = include_str!("small.toml");

/// What is broken: every occurrence of the first text of each pair becomes the second.
const BROKEN: &[(&str, &[(&str, &str)])] = &[
    ("missing amount", &[("amount = 1_000\n", "")]),
    ("negative amount", &[("amount = 1_000", "amount = -1")]),
    ("amount of nothing", &[("amount = 1_000", "amount = 0")]),
    ("amount with a fraction", &[("amount = 1_000", "amount = 10.5")]),
    ("amount beyond belief", &[("amount = 1_000", "amount = 100_000_001")]),
    ("amount in an unknown word", &[("\"entered\"", "\"later\"")]),
    ("unknown key at the top", &[("semantics = 1", "semantics = 1\nsurprise = 1")]),
    ("unknown key in an item", &[("count = \"measure\"", "count = \"measure\"\ndiscount = 5")]),
    ("unknown key in a question", &[("en = \"Covered\"", "en = \"Covered\", weight = 2")]),
    ("unknown count", &[("count = \"measure\"", "count = \"week\"")]),
    ("unknown level", &[("levels = [\"district\"]", "levels = [\"galactic\"]")]),
    ("unknown semantics", &[("semantics = 1", "semantics = 2")]),
    ("no levels", &[("levels = [\"district\"]", "levels = []")]),
    ("not TOML", &[("[charging]", "[charging"), ("hours = 24", "hours = ")]),
    ("not a code", &[("code = \"dust\"", "code = \"Dust!\"")]),
    ("not a region", &[("\"410804\"", "\"4108\"")]),
    ("not a date", &[("from = \"2024-01-01\"", "from = \"2024-02-30\"")]),
    ("dates reversed", &[("until = \"2024-12-31\"", "until = \"2023-12-31\"")]),
    ("issued without dates", &[("effective = { from = \"2024-01-01\", until = \"2024-12-31\" }\n", "")]),
    ("item twice", &[("code = \"fire\"", "code = \"dust\"")]),
    ("question twice", &[("code = \"no_fire\"", "code = \"covered\"")]),
    (
        "unknown clause",
        &[("count = \"measure\"\nclause = \"fines\"", "count = \"measure\"\nclause = \"fees\"")],
    ),
    ("clause that nothing cites", &[("[clauses]", "[clauses]\nspare = { section = \"四\" }")]),
    ("question without item", &[("item = \"dust\", ", "")]),
    ("question of an unknown item", &[("item = \"dust\"", "item = \"noise\"")]),
    ("item that no question leads to", &[("item = \"fire\"", "item = \"dust\"")]),
    ("fire points in two questions", &[("item = \"dust\"", "item = \"fire\"")]),
    ("question named like a charge", &[("code = \"covered\"", "code = \"point_1\"")]),
    ("condition on an unknown fact", &[("fact = \"size\"", "fact = \"weight\"")]),
    ("condition out of the fact's range", &[("at_most = 10", "at_most = 1_000")]),
    (
        "condition on a choice that is none",
        &[("fact = \"size\", test = { at_most = 10 }", "fact = \"sort\", test = { is = \"b\" }")],
    ),
    ("bounds reversed", &[("min = 0, max = 100", "min = 100, max = 0")]),
    ("bounds without end", &[("max = 100", "max = inf")]),
    ("share of too much", &[("percent = 20", "percent = 120")]),
    ("coverage of an unknown kind", &[("kind = \"place\"", "kind = \"planet\"")]),
    ("coverage by an unknown measurement", &[("measurement = \"load\"", "measurement = \"luck\"")]),
    ("coverage by an unknown fact", &[("measurement = \"load\"", "fact = \"last_swept\"")]),
    ("coverage by a fact that is no date", &[("measurement = \"load\"", "fact = \"size\"")]),
    ("coverage by two things", &[("measurement = \"load\"", "measurement = \"load\"\nfact = \"seen\"")]),
    (
        "no time to appeal",
        &[(
            "[charging]",
            "[appeals]\nclause = \"fines\"\nfiling_workdays = 0\ndecision_workdays = 10\n\n[charging]",
        )],
    ),
    ("window of nothing", &[("hours = 24", "hours = 0")]),
    ("blank name", &[("zh = \"扬尘\"", "zh = \" \"")]),
    (
        "several things at once",
        &[("amount = 1_000\n", ""), ("\"fire_point\"", "\"fire\""), ("item = \"dust\", ", "")],
    ),
    (
        "several meanings at once",
        &[
            ("hours = 24", "hours = 0"),
            ("item = \"dust\"", "item = \"noise\""),
            ("percent = 20", "percent = 0"),
        ],
    ),
];

#[test]
fn a_bad_pack_is_refused_with_file_line_and_reason() {
    let mut said = String::new();
    for (name, edits) in BROKEN {
        let mut source = SMALL.to_owned();
        for (from, to) in *edits {
            assert!(source.contains(from), "{name}: {from:?} is not in small.toml");
            source = source.replace(from, to);
        }
        let errors = PolicyPack::load(&source, "bad.toml").expect_err(name);
        writeln!(said, "{name}").unwrap();
        for error in &errors.0 {
            let line = source.lines().nth(error.at.line - 1).unwrap_or_default();
            writeln!(said, "  {error}\n    > {}", line.trim()).unwrap();
        }
    }
    insta::assert_snapshot!(said);
}

#[test]
fn a_sound_pack_loads_and_its_version_is_the_hash_of_its_source() {
    let pack = PolicyPack::load(SMALL, "small.toml").unwrap();
    assert_eq!(*pack.hash(), PackHash::of(SMALL.as_bytes()));
    let dust = pack.item(&"dust".parse().unwrap()).unwrap();
    assert_eq!(dust.count, CountUnit::Measure);
    assert!(matches!(dust.amount, Amount::Fixed(fen) if fen.get() == 100_000), "yuan become fen");
    let fire = pack.item(&"fire".parse().unwrap()).unwrap();
    assert_eq!(fire.amount, Amount::Entered, "an amount to be entered is an amount");
    assert_eq!(pack.citation(&dust.clause), "试〔2024〕1号 三（三）");
    let respaced = PolicyPack::load(&SMALL.replace(" = 24", " =  24"), "small.toml").unwrap();
    assert_ne!(respaced.hash(), pack.hash(), "any other byte is another version");
}

#[test]
fn whatever_bytes_are_loaded_the_answer_is_a_pack_or_errors() {
    for cut in (0..SMALL.len()).filter(|at| SMALL.is_char_boundary(*at)) {
        if let Err(errors) = PolicyPack::load(&SMALL[..cut], "cut.toml") {
            assert!(!errors.0.is_empty());
            assert!(
                errors.0.iter().all(|error| error.at.line >= 1 && error.at.line <= SMALL.lines().count() + 1)
            );
        }
    }
}
