//! Whole files in, values or faults out.

use rust_xlsxwriter::{Format, Workbook, Worksheet};
use sync_core::money::Fen;

use super::*;
use crate::tables::{Column, FileFormat, Language, Sheet};

#[derive(Debug, Clone, PartialEq)]
struct Unit {
    name: String,
    code: String,
    budget: Option<Fen>,
}

const NAME: Field<String> = Field::required("单位名称", "Unit name", text::<20>);
const CODE: Field<String> = Field::required("预算单位编码", "Budget code", code::<12>);
const BUDGET: OptionalField<Fen> = Field::optional("年度预算", "Budget of the year", yuan);
const HEADINGS: [Heading<'static>; 3] = [NAME.heading, CODE.heading, BUDGET.heading];

fn read_unit(row: &mut RowReader<'_>) -> Result<Unit, Faulty> {
    let (name, code, budget) = (row.read(&NAME), row.read(&CODE), row.read(&BUDGET));
    Ok(Unit { name: name?, code: code?, budget: budget? })
}

fn unit(name: &str, code: &str, fen: Option<i64>) -> Unit {
    Unit { name: name.to_owned(), code: code.to_owned(), budget: fen.map(Fen::new) }
}

fn read(file: &[u8]) -> Result<ReadRows<Unit>, Vec<TableFault>> {
    read_table(file, &HEADINGS).map(|table| table.read_rows(read_unit))
}

fn faults(file: &[u8]) -> Vec<TableFault> {
    read(file).unwrap_err()
}

fn gbk(text: &str) -> Vec<u8> {
    encoding_rs::GBK.encode(text).0.into_owned()
}

/// A workbook whose first sheet `fill` fills in.
fn workbook(fill: impl FnOnce(&mut Worksheet)) -> Vec<u8> {
    let mut book = Workbook::new();
    fill(book.add_worksheet());
    book.save_to_buffer().unwrap()
}

fn put(sheet: &mut Worksheet, row: u32, texts: &[&str]) {
    for (column, text) in (0..).zip(texts) {
        sheet.write_string(row, column, *text).unwrap();
    }
}

const HEADER: [&str; 3] = ["单位名称", "预算单位编码", "年度预算"];

#[test]
fn the_same_units_are_read_from_csv_in_both_encodings_and_from_xlsx() {
    let csv = "单位名称,预算单位编码,年度预算（元）\r\n安阳城街道,007001,\"1,000.50\"\r\n\r\n待王街道,００７００２,\r\n";
    let xlsx = workbook(|sheet| {
        put(sheet, 0, &HEADER);
        put(sheet, 1, &["安阳城街道", "007001"]);
        sheet.write_number(1, 2, 1000.5).unwrap();
        put(sheet, 3, &["待王街道", "００７００２", " "]);
    });
    let expected =
        vec![(2, unit("安阳城街道", "007001", Some(100_050))), (4, unit("待王街道", "007002", None))];
    for file in [csv.as_bytes(), &gbk(csv), format!("\u{FEFF}{csv}").as_bytes(), &xlsx] {
        let read = read(file).unwrap();
        assert_eq!((read.rows, read.fault_count), (expected.clone(), 0));
    }
}

#[test]
fn what_we_export_reads_back_as_it_was() {
    let units = vec![
        unit("安阳城街道", "007001", Some(100_050)),
        unit("=1+1", "-007", Some(-1)),
        unit("'=甲\"乙\",丙", "0", None),
    ];
    let sheet = Sheet {
        language: Language::Zh,
        made_at: "2024-11-01T01:00:00Z".parse().unwrap(),
        title: "责任单位台账".to_owned(),
        subtitle: "马村区".to_owned(),
        columns: vec![
            Column::text(NAME.heading.zh, NAME.heading.en, |unit: &Unit| unit.name.as_str().into()),
            Column::text(CODE.heading.zh, CODE.heading.en, |unit: &Unit| unit.code.as_str().into()),
            Column::yuan(BUDGET.heading.zh, BUDGET.heading.en, |unit: &Unit| unit.budget),
        ],
        rows: &units,
        in_words: None,
        signatures: None,
    };
    let english = Sheet { language: Language::En, rows: &units, title: "Units".to_owned(), ..sheet };
    for format in [FileFormat::Csv, FileFormat::Xlsx] {
        let file = format.bytes(&english).unwrap();
        let back: Vec<Unit> = read(&file).unwrap().rows.into_iter().map(|(_, unit)| unit).collect();
        assert_eq!(back, units);
    }
}

#[test]
fn columns_come_in_any_order_in_either_language_below_a_title() {
    let csv =
        "责任单位台账,,\n制表：环委办,,\n BUDGET　CODE*,年度预算 (元),unit name\n007001,12,安阳城街道\n";
    assert_eq!(read(csv.as_bytes()).unwrap().rows, [(4, unit("安阳城街道", "007001", Some(1200)))]);
}

#[test]
fn a_wrong_header_is_named_with_what_was_expected_all_at_once() {
    let found = faults("单位名,年度预算,年度预算（元）\n甲,1,2\n".as_bytes());
    assert_eq!(
        found,
        [
            TableFault::UnknownColumn {
                row: 1,
                column: "A".to_owned(),
                found: "单位名".to_owned(),
                expected: ["单位名称", "预算单位编码", "年度预算"].map(str::to_owned).to_vec(),
            },
            TableFault::DuplicateColumn {
                row: 1,
                column: "C".to_owned(),
                found: "年度预算（元）".to_owned()
            },
            TableFault::MissingColumn { row: 1, zh: "单位名称".to_owned(), en: "Unit name".to_owned() },
            TableFault::MissingColumn {
                row: 1, zh: "预算单位编码".to_owned(), en: "Budget code".to_owned()
            },
        ]
    );
    let report = found[0].report();
    assert_eq!((report.code, report.row, report.column.as_deref()), ("column_unknown", Some(1), Some("A")));
    assert!(report.zh.contains("单位名称、预算单位编码"), "{}", report.zh);
}

#[test]
fn every_bad_cell_of_every_row_is_named() {
    let csv = "单位名称,预算单位编码,年度预算\n,1234567890123,十\n甲,1,2,多\n乙,2,\n";
    let read = read(csv.as_bytes()).unwrap();
    assert_eq!(read.rows, [(4, unit("乙", "2", None))]);
    let found: Vec<_> =
        read.faults.iter().map(RowFault::report).map(|f| (f.row, f.column.unwrap(), f.code)).collect();
    assert_eq!(
        found,
        [
            (Some(2), "单位名称".to_owned(), "text_required"),
            (Some(2), "预算单位编码".to_owned(), "text_too_long"),
            (Some(2), "年度预算".to_owned(), "cell_not_an_amount"),
            (Some(3), "D".to_owned(), "cell_under_no_header"),
        ]
    );
    assert_eq!(read.fault_count, 4);
}

#[test]
fn faults_are_kept_up_to_a_bound_and_counted_beyond_it() {
    let mut csv = String::from("单位名称,预算单位编码\n");
    csv.push_str(&",\n甲,\n".repeat(FAULTS_MAX));
    let read = read(csv.as_bytes()).unwrap();
    assert_eq!((read.faults.len(), read.fault_count), (FAULTS_MAX, FAULTS_MAX));
}

#[test]
fn cells_with_line_feeds_do_not_shift_the_numbers_of_rows() {
    let csv = "单位名称,预算单位编码\r\n\"甲\r\n乙\",1\r\n\r\n丙,\r\n";
    let read = read(csv.as_bytes()).unwrap();
    assert_eq!(read.rows[0].0, 2);
    assert_eq!(read.faults[0].row, 4);
}

#[test]
fn merged_cells_and_formulas_are_refused_in_the_data_and_suffered_above_it() {
    let file = workbook(|sheet| {
        sheet.merge_range(0, 0, 0, 2, "责任单位台账", &Format::new()).unwrap();
        put(sheet, 1, &HEADER);
        sheet.merge_range(2, 0, 3, 0, "甲", &Format::new()).unwrap();
        put(sheet, 4, &["乙", "2"]);
        sheet.write_formula(4, 2, "=SUM(A1:A2)").unwrap();
    });
    assert_eq!(
        faults(&file),
        [
            TableFault::MergedCells { row: 4, region: "A3:A4".to_owned() },
            TableFault::Formula { row: 5, cell: "C5".to_owned() },
        ]
    );
}

#[test]
fn numbers_where_codes_belong_are_taken_or_refused_by_what_is_left_of_them() {
    let file = workbook(|sheet| {
        put(sheet, 0, &HEADER);
        put(sheet, 1, &["甲"]);
        sheet.write_number(1, 1, 7001).unwrap();
        put(sheet, 2, &["乙"]);
        sheet.write_number(2, 1, 914_108_001_234_567_890_f64).unwrap();
        put(sheet, 3, &["丙"]);
        let day = Format::new().set_num_format("yyyy-mm-dd");
        sheet.write_number_with_format(3, 1, 45_570, &day).unwrap();
    });
    let read = read(&file).unwrap();
    assert_eq!(read.rows, [(2, unit("甲", "7001", None))]);
    let found: Vec<_> = read.faults.into_iter().map(|fault| fault.fault).collect();
    assert_eq!(found, [CellFault::DigitsLost, CellFault::MadeADate]);
}

#[test]
fn mixed_encodings_and_bytes_that_are_no_text_are_refused() {
    let mut file = "单位名称,预算单位编码\n甲,1\n".as_bytes().to_vec();
    file.extend(gbk("马村区,2\n"));
    assert_eq!(faults(&file), [TableFault::MixedEncodings { row: 3 }]);
    assert_eq!(faults(b"a,b\n\xFF,1\n"), [TableFault::Undecodable { row: 2 }]);
}

#[test]
fn the_most_rows_are_read_and_one_more_is_refused() {
    let mut csv = String::from("单位名称,预算单位编码\n");
    csv.push_str(&"甲,1\n".repeat(TABLE_MAX_ROWS));
    assert_eq!(read(csv.as_bytes()).unwrap().rows.len(), TABLE_MAX_ROWS);
    csv.push_str("甲,1\n");
    assert_eq!(faults(csv.as_bytes()), [TableFault::TooManyRows]);
    csv.push_str(&"甲,1\n".repeat(100));
    assert_eq!(faults(csv.as_bytes()), [TableFault::TooManyRows]);
}

#[test]
fn files_that_are_no_tables_are_refused_by_what_they_are() {
    assert_eq!(faults(b""), [TableFault::Empty]);
    assert_eq!(faults(b"\n,,\n"), [TableFault::Empty]);
    assert_eq!(faults("单位名称,预算单位编码\n".as_bytes()), [TableFault::Empty]);
    assert_eq!(faults(&workbook(|_| {})), [TableFault::Empty]);
    assert_eq!(faults(b"\xD0\xCF\x11\xE0\xA1\xB1"), [TableFault::OldFormat]);
    assert_eq!(faults(&vec![b'a'; FILE_MAX_BYTES + 1]), [TableFault::FileTooLarge]);
    assert_eq!(faults(",".repeat(TABLE_MAX_COLUMNS).as_bytes()), [TableFault::TooWide { row: 1 }]);
    let whole = workbook(|sheet| put(sheet, 0, &HEADER));
    let half = whole.split_at(whole.len() / 2).0;
    assert!(matches!(faults(half)[..], [TableFault::Damaged(_)]));
}

#[test]
fn two_cells_at_opposite_corners_do_not_fill_the_memory() {
    let far_right = workbook(|sheet| {
        put(sheet, 0, &HEADER);
        sheet.write_string(1_048_575, 16_383, "x").unwrap();
    });
    assert_eq!(faults(&far_right), [TableFault::TooWide { row: 1_048_576 }]);
    let far_down = workbook(|sheet| {
        put(sheet, 0, &HEADER);
        put(sheet, 1_048_575, &["甲", "1"]);
    });
    assert_eq!(read(&far_down).unwrap().rows, [(1_048_576, unit("甲", "1", None))]);
}
