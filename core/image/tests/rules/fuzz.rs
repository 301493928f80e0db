//! Whatever a client sends is answered: no reader of requests panics, and what it accepts can be rendered.

use crate::common::SCHEMAS;
use casement_image::{
    ListQuery, Quotas,
    list::{self, ListSettings},
    patch::{self, Dialect, PatchContext},
    range, tags,
    view::{self, ViewOptions},
};
use serde_json::{Map, Value, json};

/// Reproducible noise, rich in what the grammars know.
struct Noise(u64);

const WORDS: [&str; 64] = [
    "name",
    "tags",
    "id",
    "status",
    "visibility",
    "owner",
    "min_ram",
    "min_disk",
    "size",
    "_min",
    "_max",
    "size_min",
    "created_at",
    "updated_at",
    "locations",
    "disk_format",
    "raw",
    "bare",
    "container_format",
    "public",
    "all",
    "in:",
    "eq:",
    "gte:",
    "\"",
    "\\",
    ",",
    ":",
    "=",
    "-",
    "/",
    "~",
    "~0",
    "~1",
    "~2",
    " ",
    "\0",
    "\u{1f600}",
    "é",
    "\u{2028}",
    "9",
    "99999999999999999999",
    "2020-01-01T00:00:00",
    "2020",
    "Z",
    "+05:00",
    ".",
    "T",
    "bytes=",
    "bytes ",
    "*",
    "limit",
    "marker",
    "sort",
    "sort_key",
    "sort_dir",
    "asc",
    "os_hidden",
    "op",
    "path",
    "value",
    "add",
    "remove",
    "replace",
];

impl Noise {
    fn number(&mut self, below: usize) -> usize {
        self.0 = self.0.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (self.0 >> 33) as usize % below
    }

    fn text(&mut self) -> String {
        (0..self.number(5)).map(|_| WORDS[self.number(WORDS.len())]).collect()
    }

    fn word(&mut self) -> String {
        if self.number(4) == 0 { self.text() } else { WORDS[self.number(WORDS.len())].to_owned() }
    }

    fn value(&mut self, depth: usize) -> Value {
        match self.number(if depth == 0 { 8 } else { 10 }) {
            0 => Value::Null,
            1 => json!(self.number(2) == 0),
            2 => json!(-1.5),
            3 => json!(1e300),
            4 => json!(u64::MAX),
            5 => json!(self.number(3000)),
            6 | 7 => json!(self.text()),
            8 => (0..self.number(4)).map(|_| self.value(depth - 1)).collect(),
            _ => Value::Object(self.object(depth - 1)),
        }
    }

    fn object(&mut self, depth: usize) -> Map<String, Value> {
        (0..self.number(5)).map(|_| (self.word(), self.value(depth))).collect()
    }

    fn operation(&mut self) -> Value {
        let op = ["add", "remove", "replace"][self.number(3)];
        let path = format!("/{}", self.word());
        match self.number(4) {
            0 => Value::Object(self.object(2)),
            1 => json!({op: path, "value": self.value(2)}),
            _ => json!({"op": op, "path": path, "value": self.value(2)}),
        }
    }
}

#[test]
fn bodies_of_create_and_patch_are_answered() {
    let mut noise = Noise(1);
    let context = PatchContext { is_admin: true, quotas: Quotas::default() };
    let (mut created, mut patched) = (0, 0);
    for _ in 0..4_000 {
        let body = Value::Object(noise.object(3));
        if let Ok(image) = crate::common::try_image(&body) {
            created += 1;
            let view = serde_json::to_value(view::image(&image, &ViewOptions::default(), &SCHEMAS)).unwrap();
            assert!(view.as_object().unwrap().len() >= 22);
        }
        let body = Value::Array(vec![noise.operation()]);
        for dialect in [Dialect::V2_0, Dialect::V2_1] {
            let mut image = crate::common::queued();
            for operation in patch::parse(dialect, &body, &SCHEMAS).unwrap_or_default() {
                patched += usize::from(patch::apply(&mut image, &operation, &context).is_ok());
            }
        }
    }
    assert!(created > 100 && patched > 100, "the noise reaches behind the first check: {created}, {patched}");
}

#[test]
fn query_strings_ranges_and_tags_are_answered() {
    let mut noise = Noise(2);
    let (mut listed, mut ranged) = (0, 0);
    for _ in 0..4_000 {
        let pairs: Vec<(String, String)> = (0..noise.number(4)).map(|_| (noise.word(), noise.text())).collect();
        listed += usize::from(ListQuery::parse(&pairs, &ListSettings::default()).is_ok());
        let (first, _) = list::links(&pairs, None);
        assert!(first.is_ascii());

        let part = match noise.number(2) {
            0 => noise.text(),
            _ => format!("{}-{}{}", noise.number(25), noise.number(25), ["", "/*", "/20"][noise.number(3)]),
        };
        let header = format!("{}{part}", ["bytes=", "bytes ", ""][noise.number(3)]);
        let size = noise.number(20) as u64;
        for result in [range::resolve(Some(&header), None, size), range::resolve(None, Some(&header), size)] {
            if let Ok(Some(span)) = result {
                ranged += 1;
                assert!(span.len > 0 && span.offset + span.len <= size, "{header} of {size}: {span:?}");
            }
        }
        let tag = noise.text();
        assert_eq!(tags::check(&tag, &SCHEMAS).is_ok(), !tag.contains(['\0', '\u{1f600}']), "{tag:?}");
    }
    assert!(listed > 100 && ranged > 100, "the noise reaches behind the first check: {listed}, {ranged}");
}
