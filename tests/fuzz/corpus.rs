//! What sound senders send.

use image::metadata::Orientation;
use image::{DynamicImage, ImageFormat};
use rust_xlsxwriter::Workbook;
use sync_core::geo::Point;
use sync_core::policy::builtin_packs;
use sync_core::wire::push::PushRequest;
use tests::scene::{SceneExif, SceneKind, scene};
use tests::small_photo::small_photo;

pub const PUSH: &str = include_str!("../../sync-core/tests/golden/wire_v1/push.json");
const PUSH_ANSWER: &str = include_str!("../../sync-core/tests/golden/wire_v1/push_answer.json");
const PULL_PAGE: &str = include_str!("../../sync-core/tests/golden/wire_v1/pull_page.json");
const PROBLEM: &str = include_str!("../../sync-core/tests/golden/wire_v1/problem.json");

pub fn operations() -> Vec<Vec<u8>> {
    let push: PushRequest = serde_json::from_str(PUSH).unwrap();
    push.operations.iter().map(|operation| operation.get().as_bytes().to_vec()).collect()
}

pub fn pushes() -> Vec<Vec<u8>> {
    vec![PUSH.into()]
}

pub fn push_answers() -> Vec<Vec<u8>> {
    vec![PUSH_ANSWER.into()]
}

pub fn pages() -> Vec<Vec<u8>> {
    vec![PULL_PAGE.into()]
}

pub fn problems() -> Vec<Vec<u8>> {
    vec![PROBLEM.into()]
}

pub fn cursors() -> Vec<Vec<u8>> {
    vec!["AQAAAAAAAAAAAAAAAAAAAA4AAAAAAAAAAQAAAAAAAAAHAAAAAAAAAAAAAAAAAAAABw".into()]
}

pub fn packs() -> Vec<Vec<u8>> {
    builtin_packs().iter().map(|pack| pack.source.into()).collect()
}

pub fn pictures() -> Vec<Vec<u8>> {
    let exif = SceneExif {
        taken_at: "2026-11-22T01:30:00Z".parse().unwrap(),
        point: Some(Point { lon: 113.25, lat: 35.25 }),
        orientation: Orientation::Rotate90,
    };
    let picture = DynamicImage::new_rgb8(40, 30);
    let encoded = |format| {
        let mut bytes = std::io::Cursor::new(Vec::new());
        picture.write_to(&mut bytes, format).unwrap();
        bytes.into_inner()
    };
    vec![
        small_photo([7; 8], 100),
        scene(SceneKind::Stockpile, 1, &exif),
        encoded(ImageFormat::Png),
        encoded(ImageFormat::WebP),
    ]
}

/// Zones, as an office exports them.
const ROWS: [[&str; 4]; 3] = [
    ["区域类别", "区域名称", "起始日期", "截止日期"],
    ["城市建成区", "马村建成区", "2024-01-01", ""],
    ["高污染燃料禁燃区", "九里山, \"禁燃\"", "2024-06-01", "2027-12-31"],
];

pub fn csv_tables() -> Vec<Vec<u8>> {
    let table = |separator: &str| {
        let quoted = |cell: &&str| format!("\"{}\"", cell.replace('"', "\"\""));
        let lines = ROWS.iter().map(|row| row.iter().map(quoted).collect::<Vec<_>>().join(separator));
        lines.collect::<Vec<_>>().join("\r\n")
    };
    let gbk = encoding_rs::GB18030.encode(&table(",")).0.into_owned();
    vec![table(",").into(), format!("\u{feff}{}", table(";")).into(), table("\t").into(), gbk]
}

pub fn xlsx_tables() -> Vec<Vec<u8>> {
    let mut book = Workbook::new();
    let sheet = book.add_worksheet();
    for (row, cells) in (0..).zip(ROWS) {
        for (column, cell) in (0..).zip(cells) {
            sheet.write(row, column, cell).unwrap();
        }
    }
    vec![book.save_to_buffer().unwrap()]
}

pub fn maps() -> Vec<Vec<u8>> {
    let map = r#"{"type":"FeatureCollection","features":[{"type":"Feature","properties":{"区域类别":"城市建成区",
        "区域名称":"马村建成区","起始日期":"2024-01-01","截止日期":null},"geometry":{"type":"Polygon","coordinates":
        [[[113.3,35.2],[113.4,35.2],[113.4,35.3],[113.3,35.3],[113.3,35.2]]]}}]}"#;
    vec![map.into()]
}
