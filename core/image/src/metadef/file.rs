//! Namespaces as files: what `glance-manage db_load_metadefs` reads and `db_export_metadefs` writes.

use super::{
    Association, Contents, Namespace, Object, Tag,
    body::{OWN, document, list, put},
    namespace::NamespaceBody,
    property,
};
use crate::{Error, Result, schema};
use serde_json::{Map, Value};
use time::OffsetDateTime;

/// Who owns a namespace whose file names no owner. Glance's tool says the same; no project has this id.
const OWNER: &str = "admin";

/// The namespace that a file describes.
pub fn parse(text: &str, now: OffsetDateTime) -> Result<(Namespace, Contents)> {
    let file: Value = serde_json::from_str(text).map_err(|error| Error::invalid(format!("it is not JSON: {error}")))?;
    let Value::Object(mut entries) = file else {
        return Err(Error::invalid("it holds no JSON object"));
    };
    entries.retain(|name, value| !value.is_null() && !OWN.contains(&name.as_str()));
    for list in ["resource_type_associations", "objects", "tags"] {
        for item in entries.get_mut(list).and_then(Value::as_array_mut).into_iter().flatten() {
            // Glance's export says null for what there is not.
            item.as_object_mut().into_iter().for_each(|item| item.retain(|_, value| !value.is_null()));
        }
    }
    schema::validate(&Value::Object(entries.clone()), document("namespace"))?;
    let parsed = NamespaceBody::of(&entries, now)?;
    let (namespace, contents) = (parsed.build(OWNER.to_owned(), now), parsed.contents());
    namespace.check_storable()?;
    contents.check_storable()?;
    Ok((namespace, contents))
}

/// The file of a namespace. Beyond what Glance writes it says who owns it, and what objects require.
pub fn render(namespace: &Namespace, contents: &Contents) -> Value {
    let mut file = namespace.view();
    for name in OWN {
        file.shift_remove(name);
    }
    put(&mut file, "resource_type_associations", Some(list(&contents.associations, Association::short_view)));
    put(&mut file, "properties", Some(property::view_all(&contents.properties, "")));
    put(&mut file, "objects", Some(list(&contents.objects, object)));
    put(&mut file, "tags", Some(list(&contents.tags, Tag::short_view)));
    Value::Object(file)
}

fn object(object: &Object) -> Map<String, Value> {
    let mut file = object.short_view("");
    if object.required.as_ref().is_some_and(Vec::is_empty) {
        file.shift_remove("required");
    }
    file
}

/// The name of a namespace's file: its letters and digits.
pub fn name(namespace: &str) -> String {
    namespace.chars().filter(|character| character.is_alphanumeric()).collect()
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;
    use serde_json::json;
    use time::macros::datetime;

    const NOW: OffsetDateTime = datetime!(2026-11-22 7:08:09 UTC);

    fn full() -> Value {
        json!({
            "namespace": "OS::Test", "display_name": "Test", "description": "d", "visibility": "public",
            "protected": true, "owner": "p1",
            "resource_type_associations": [{"name": "OS::Nova::Flavor", "prefix": "x:"}, {"name": "OS::Glance::Image"}],
            "properties": {"p": {"type": "string", "title": "P", "default": "a"}},
            "objects": [{"name": "o", "required": ["q"], "properties": {"q": {"type": "integer", "title": "Q"}}},
                        {"name": "bare", "properties": {}}],
            "tags": [{"name": "t"}],
        })
    }

    #[test]
    fn what_is_written_is_read_again() {
        let mut first = parse(&full().to_string(), NOW).unwrap();
        // As the database has it.
        first.1.objects[1].required = Some(Vec::new());
        let file = render(&first.0, &first.1);
        assert_eq!(file, full());
        let second = parse(&file.to_string(), NOW).unwrap();
        assert_eq!(second.0, first.0);
    }

    #[test]
    fn a_file_of_glances_own_export_is_read() {
        let exported = json!({
            "namespace": "N", "display_name": null, "description": null, "visibility": null, "protected": null,
            "resource_type_associations": [{"name": "t", "prefix": null, "properties_target": null}],
            "properties": {}, "objects": [{"name": "o", "description": null, "properties": null}], "tags": [],
        });
        let (namespace, contents) = parse(&exported.to_string(), NOW).unwrap();
        assert_eq!(
            (namespace.owner.as_str(), namespace.visibility.as_str(), namespace.protected),
            ("admin", "private", false)
        );
        assert_eq!((contents.associations[0].prefix.as_deref(), contents.objects.len()), (None, 1));
    }

    #[test]
    fn a_file_that_makes_no_sense_is_refused() {
        for (text, message) in [
            ("{", "it is not JSON"),
            ("[]", "it holds no JSON object"),
            ("{}", "Provided object does not match schema 'namespace': 'namespace' is a required property"),
            (
                r#"{"namespace": "n", "properties": {"p": {"type": "string", "title": "t", "foo": 1}}}"#,
                "Unknown attribute",
            ),
            (r#"{"namespace": "n", "tags": [{"name": ""}]}"#, "The name of a tag must not be empty."),
        ] {
            let refusal = parse(text, NOW).unwrap_err();
            assert!(refusal.message.starts_with(message), "{text}: {}", refusal.message);
        }
    }

    #[test]
    fn a_name_of_a_file_leads_nowhere() {
        assert_eq!(name("OS::Compute::Libvirt"), "OSComputeLibvirt");
        assert_eq!(name("../../etc/passwd"), "etcpasswd");
    }
}
