//! Holds our schema messages against those that Glance 33 answers to the same bodies.

use crate::common::SCHEMAS;
use serde_json::Value;

#[test]
fn every_refusal_reads_as_glances() {
    let cases: Vec<Value> = serde_json::from_str(include_str!("data/schema_messages.json")).unwrap();
    assert!(cases.len() >= 50);
    for case in cases {
        let refusal = SCHEMAS.validate_image(case["body"].as_object().unwrap()).unwrap_err();
        assert_eq!(refusal.message, case["message"].as_str().unwrap(), "{}", case["body"]);
    }
}
