//! Kinds with their facts and checklists, of the pack in force and of any version.

use reqwest::Method;
use serde_json::{Value, json};
use tests::TestRole;
use tests::field::macun_pack;
use tests::review::{Review, read};

fn named<'a>(list: &'a Value, code: &str) -> &'a Value {
    list.as_array().unwrap().iter().find(|it| it["code"] == code).unwrap()
}

#[tokio::test]
async fn a_liaison_reads_what_each_question_is_called_and_which_clause_it_follows_from() {
    let review = Review::start().await;
    let liaison = review.office("xi", TestRole::liaison(review.macun.streets[1])).await;

    let kinds = read(liaison.request(Method::GET, "/api/v1/kinds")).await;

    let pack = macun_pack();
    let codes: Vec<&str> = pack.kinds().iter().map(|kind| kind.code.as_str()).collect();
    let listed: Vec<&str> =
        kinds.as_array().unwrap().iter().map(|kind| kind["code"].as_str().unwrap()).collect();
    assert_eq!(listed, codes);
    let question = named(&named(&kinds, "construction_site")["questions"], "hoarding");
    assert_eq!(question["item"], "site_dust");
    assert_eq!(question["clause"], json!(pack.citation(&"six_measures".parse().unwrap())));
    assert!(question["zh"].as_str().unwrap().contains("围挡"), "{question}");
}

#[tokio::test]
async fn a_version_carries_its_kinds_with_facts_of_every_type() {
    let review = Review::start().await;
    let path = format!("/api/v1/packs/{}", macun_pack().hash());

    let detail = read(review.supervisor.request(Method::GET, &path)).await;

    let types = |fact: &Value| fact["type"].as_str().unwrap().to_owned();
    let facts = detail["kinds"].as_array().unwrap().iter().flat_map(|kind| kind["facts"].as_array().unwrap());
    for fact in facts {
        match types(fact).as_str() {
            "number" => assert!(fact["unit"].is_string() && fact["min"].is_number(), "{fact}"),
            "choice" => assert!(fact["choices"][0]["zh"].is_string(), "{fact}"),
            "flag" | "text" | "date" => {}
            other => panic!("{other} is no type of a fact"),
        }
    }
}
