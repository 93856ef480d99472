use super::tablet::{PICTURE, SITE, Tablet};

#[test]
fn a_draft_grows_and_is_sealed_once() {
    let tablet = Tablet::enrolled();
    let draft = tablet.run(&["draft", "new", "--target", SITE, "--answer", "hoarding=fail"]).done();
    let id = draft["draft"].as_str().unwrap();
    let picture = tablet.picture("gap.jpg", PICTURE);
    let photo = format!("{picture}@hoarding");
    tablet.run(&["draft", "change", id, "--photo", &photo, "--answer", "material_cover=fail"]).done();
    std::fs::remove_file(picture).unwrap();
    assert_eq!(tablet.run(&["status"]).done()["drafts"], 1);
    let shown = tablet.run(&["draft", "show", id]).done();
    assert_eq!(shown["kept_photos"].as_array().unwrap().len(), 1, "the original is the tablet's own copy");
    let sealed = tablet.run(&["draft", "seal", id]).done();
    assert_eq!((&sealed["inspection_id"], &sealed["total_fen"]), (&id.into(), &20_000_000.into()));
    assert_eq!(tablet.run(&["draft", "seal", id]).refused().0, "not_found");
    let status = tablet.run(&["status"]).done();
    assert_eq!((&status["drafts"], &status["waiting"]), (&0.into(), &1.into()));
}

#[test]
fn a_draft_that_cannot_be_sealed_yet_stays_a_draft() {
    let tablet = Tablet::enrolled();
    let draft = tablet.run(&["inspect", "--draft", "--answer", "hoarding=fail"]).done();
    let id = draft["draft"].as_str().unwrap();
    assert_eq!(tablet.run(&["draft", "seal", id]).refused(), ("text_required".to_owned(), "kind".to_owned()));
    assert_eq!(tablet.run(&["draft", "list"]).done()[0]["draft"], id);
    tablet.run(&["draft", "change", id, "--target", SITE]).done();
    tablet.run(&["draft", "seal", id]).done();
}

#[test]
fn a_discarded_draft_is_gone_and_was_never_in_the_outbox() {
    let tablet = Tablet::enrolled();
    let draft = tablet.run(&["draft", "new", "--target", SITE]).done();
    let id = draft["draft"].as_str().unwrap();
    tablet.run(&["draft", "discard", id]).done();
    assert_eq!(tablet.run(&["draft", "show", id]).refused().0, "not_found");
    assert_eq!(tablet.run(&["log"]).done().as_array().unwrap().len(), 0);
}
