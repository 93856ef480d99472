//! Files that are no tables, or not the right ones: each is refused by a code of its own, with all its faults.

use rust_xlsxwriter::{Format, Workbook, Worksheet};
use tests::problem;
use tests::review::Review;

use super::{administrator, counts, faults, import, preview, sites};

const UNITS: &str = "预算单位编码,责任单位,单位类别,统一社会信用代码\n";

fn gbk(text: &str) -> Vec<u8> {
    encoding_rs::GBK.encode(text).0.into_owned()
}

fn workbook(fill: impl FnOnce(&mut Worksheet)) -> Vec<u8> {
    let mut book = Workbook::new();
    let sheet = book.add_worksheet();
    for (column, name) in (0..).zip(UNITS.trim().split(',')) {
        sheet.write_string(0, column, name).unwrap();
    }
    for (column, text) in (0..).zip(["103", "南街道", "街道办事处"]) {
        sheet.write_string(1, column, text).unwrap();
    }
    fill(sheet);
    book.save_to_buffer().unwrap()
}

#[tokio::test]
async fn the_same_table_is_read_in_every_encoding_that_offices_save() {
    let review = Review::start().await;
    let office = administrator(&review).await;
    let csv = format!("{UNITS}103,南街道,街道办事处,\n");
    let files = [
        csv.clone().into_bytes(),
        format!("\u{FEFF}{csv}").into_bytes(),
        gbk(&csv),
        encoding_rs::GB18030.encode(&csv).0.into_owned(),
        workbook(|_| {}),
    ];
    for file in files {
        assert_eq!(counts(&preview(&office, "units", file).await), [1, 0, 0, 0]);
    }
}

#[tokio::test]
async fn a_file_that_is_no_such_table_is_refused_by_its_code_with_the_places_of_its_faults() {
    let review = Review::start().await;
    let office = administrator(&review).await;
    let mut mixed = format!("{UNITS}103,南街道,街道办事处,\n").into_bytes();
    mixed.extend(gbk("104,北街道,街道办事处,\n"));
    let merged = workbook(|sheet| {
        sheet.merge_range(2, 0, 3, 0, "104", &Format::new()).unwrap();
    });
    let formula = workbook(|sheet| {
        sheet.write_formula(2, 0, "=A2+1").unwrap();
    });
    let both = "预算单位编码,责任单位,单位类别,性质\n103,南街道,街道办事处,\n";
    let table: [(&str, Vec<u8>, &str, Option<u32>); 11] = [
        ("wrong header", both.into(), "column_unknown", Some(1)),
        ("missing column", "预算单位编码,责任单位\n1,2\n".into(), "column_missing", Some(1)),
        (
            "column twice",
            format!("{},责任单位\n1,2,3,4,5\n", UNITS.trim()).into(),
            "column_duplicate",
            Some(1),
        ),
        ("mixed encodings", mixed, "text_mixed_encodings", Some(3)),
        ("no encoding", b"a,b\n\xFF\xFF,1\n".to_vec(), "text_undecodable", Some(2)),
        ("merged cells", merged, "cells_merged", Some(4)),
        ("formula", formula, "cell_formula", Some(3)),
        ("no table", b"%PDF-1.7 \x00\x01\x02".to_vec(), "column_unknown", Some(1)),
        ("nothing", Vec::new(), "table_empty", None),
        ("header only", UNITS.into(), "table_empty", None),
        ("damaged workbook", b"PK\x03\x04 and no more".to_vec(), "file_damaged", None),
    ];
    for (name, file, code, row) in table {
        let refused = problem(import(&office, "units", "", file).await).await;
        let first = refused.faults.first().unwrap();
        assert_eq!((refused.code.as_str(), first.code.as_str(), first.row), (code, code, row), "{name}");
    }
    let refused = problem(import(&office, "units", "", both).await).await;
    let codes: Vec<&str> = refused.faults.iter().map(|fault| fault.code.as_str()).collect();
    assert_eq!(codes, ["column_unknown", "column_missing"], "all that is wrong with a header at once");
    let map = problem(import(&office, "units", "", "{}").await).await;
    assert_eq!(map.code.as_str(), "unsupported_media_type");
    let no_map = problem(import(&office, "zones", "", "{}").await).await;
    assert_eq!(no_map.code.as_str(), "geojson_invalid");
    let large = problem(import(&office, "units", "", vec![b'a'; 20 * 1024 * 1024 + 1]).await).await;
    assert_eq!(large.code.as_str(), "file_too_large");
    let unknown = problem(import(&office, "castles", "", UNITS).await).await;
    assert_eq!(unknown.code.as_str(), "not_found");
}

/// A workbook of sites, every thousandth of which has no name.
fn workbook_of_sites(rows: usize) -> Vec<u8> {
    let mut book = Workbook::new();
    let sheet = book.add_worksheet_with_constant_memory().unwrap();
    let head = sites(&[]);
    for (column, name) in (0..).zip(head.trim().split(',')) {
        sheet.write_string(0, column, name).unwrap();
    }
    for number in 0..rows {
        let row = u32::try_from(number).unwrap() + 1;
        sheet.write_string(row, 0, format!("GD-{number:06}")).unwrap();
        sheet.write_string(row, 1, "施工工地").unwrap();
        sheet.write_string(row, 2, if number % 1_000 == 7 { " " } else { "工地" }).unwrap();
        sheet.write_number(row, 4, 113.32).unwrap();
        sheet.write_number(row, 5, 35.27).unwrap();
        sheet.write_string(row, 6, "410804/001/001").unwrap();
        sheet.write_string(row, 7, "东街道").unwrap();
        sheet.write_string(row, 10, "建筑").unwrap();
    }
    book.save_to_buffer().unwrap()
}

/// Rows that one file may have.
const MOST: usize = 100_000;

#[tokio::test]
async fn a_hundred_thousand_rows_are_shown_one_by_one_and_one_more_is_refused() {
    let review = Review::start().await;
    let office = administrator(&review).await;
    let codes: Vec<String> = (0..MOST).map(|number| format!("GD-{number:06}")).collect();
    let rows: Vec<(&str, &str)> = codes.iter().map(|code| (code.as_str(), "工地")).collect();
    let mut csv = sites(&rows);
    let shown = preview(&office, "targets", csv.clone()).await;
    assert_eq!(counts(&shown), [100_000, 0, 0, 0]);
    assert_eq!(shown["rows"].as_array().unwrap().len(), MOST);
    assert_eq!(shown["rows"][MOST - 1]["key"], "GD-099999");

    csv.push_str("GD-X,施工工地,工地,,113,35,410804/001,东街道,,,建筑,\n");
    let refused = problem(import(&office, "targets", "", csv).await).await;
    assert_eq!(refused.code.as_str(), "table_too_many_rows");
}

#[tokio::test]
async fn a_workbook_of_a_hundred_thousand_rows_names_every_bad_one_and_one_more_row_is_refused() {
    let review = Review::start().await;
    let office = administrator(&review).await;

    let answered = import(&office, "targets", "", workbook_of_sites(MOST)).await;
    let shown = tests::review::accepted(answered).await;

    assert_eq!(counts(&shown), [99_900, 0, 0, 100]);
    assert_eq!(shown["rows"].as_array().unwrap().len(), MOST);
    let faults = faults(&shown);
    assert_eq!(faults[0], (9, "名称".to_owned(), "text_required".to_owned()));
    assert_eq!((faults.len(), faults[99].0), (100, 99_009));
    let refused = problem(import(&office, "targets", "", workbook_of_sites(MOST + 1)).await).await;
    assert_eq!(refused.code.as_str(), "table_too_many_rows");
}

#[tokio::test]
async fn a_run_of_many_rows_is_written_in_transactions_that_fit_a_page_of_a_pull() {
    let review = Review::start().await;
    let office = administrator(&review).await;
    let codes: Vec<String> = (0..1200).map(|number| format!("GD-{number:06}")).collect();
    let rows: Vec<(&str, &str)> = codes.iter().map(|code| (code.as_str(), "工地")).collect();
    super::run(&office, "targets", sites(&rows)).await;
    assert_eq!(review.server.audit_actions().await, ["register_imported"; 3]);
    let page = review.device.page(None).await;
    assert!(page.more && page.changes.len() <= sync_core::limits::PULL_PAGE_ROWS);
    let (all, _) = review.device.pull_all(None).await;
    assert_eq!(all.iter().filter(|change| change.entity == "target").count(), 1200);
}

#[tokio::test]
async fn faults_beyond_the_first_thousand_are_counted_and_their_rows_still_named() {
    let review = Review::start().await;
    let office = administrator(&review).await;
    let csv = format!("{UNITS}{}", "1,,街道办事处,\n".repeat(1500));
    let shown = preview(&office, "units", csv).await;
    assert_eq!((counts(&shown), shown["fault_count"].as_u64()), ([0, 0, 0, 1500], Some(1500)));
    assert_eq!(faults(&shown).len(), 1000);
    assert_eq!(shown["rows"].as_array().unwrap().len(), 1500);
}
