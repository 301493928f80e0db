//! Metadata definitions: all or nothing, no lost update, and what Glance's own tool left.

use crate::{Bench, at};
use casement_catalog::{FoundNamespace, Kind, Merge};
use casement_image::{
    Caller,
    list::ListSettings,
    metadef::{Contents, Namespace, NamespaceBody, NamespaceQuery, Property, Scope, Tag},
};
use serde_json::{Value, json};

fn wanted(body: &Value) -> (Namespace, Contents) {
    let parsed = NamespaceBody::parse(body, at(0)).unwrap();
    (parsed.build("p1".into(), at(0)), parsed.contents())
}

async fn create(bench: &Bench, body: &Value) -> casement_catalog::Result<()> {
    let (namespace, contents) = wanted(body);
    bench.catalog.create_namespace(&namespace, &contents).await
}

async fn find(bench: &Bench, name: &str) -> FoundNamespace {
    bench.catalog.find_namespace(name).await.unwrap().unwrap()
}

async fn rows(bench: &Bench) -> i64 {
    sqlx::query_scalar(
        "SELECT (SELECT COUNT(*) FROM metadef_namespaces) + (SELECT COUNT(*) FROM metadef_objects) \
         + (SELECT COUNT(*) FROM metadef_properties) + (SELECT COUNT(*) FROM metadef_tags) \
         + (SELECT COUNT(*) FROM metadef_namespace_resource_types) + (SELECT COUNT(*) FROM metadef_resource_types)",
    )
    .fetch_one(&mut bench.raw().await)
    .await
    .unwrap()
}

fn full() -> Value {
    json!({
        "namespace": "n", "resource_type_associations": [{"name": "type"}], "objects": [{"name": "o"}],
        "tags": [{"name": "t"}], "properties": {"p": {"type": "string", "title": "t"}},
    })
}

#[tokio::test]
async fn a_namespace_comes_and_goes_with_all_that_is_in_it() {
    let bench = Bench::new().await;
    let mut twice = full();
    twice["tags"] = json!([{"name": "t"}, {"name": "t"}]);
    assert_eq!(create(&bench, &twice).await.unwrap_err().kind, Kind::Exists);
    assert_eq!(rows(&bench).await, 0);

    create(&bench, &full()).await.unwrap();
    assert_eq!(rows(&bench).await, 6);
    bench.catalog.delete_namespace(&find(&bench, "n").await).await.unwrap();
    // Resource types stay, as in Glance.
    assert_eq!(rows(&bench).await, 1);
    assert_eq!(bench.catalog.resource_types().await.unwrap()[0].name, "type");
}

#[tokio::test]
async fn what_was_decided_on_an_older_state_is_not_done() {
    let bench = Bench::new().await;
    create(&bench, &full()).await.unwrap();
    let old = find(&bench, "n").await;
    let protected = Namespace { protected: true, ..old.namespace.clone() };
    let now = bench.catalog.update_namespace(&old, protected).await.unwrap();
    assert!(now.updated_at > old.namespace.updated_at && now.created_at == old.namespace.created_at);

    let property = Property::parse(&json!({"name": "q", "type": "string", "title": "t"})).unwrap();
    let tag = Tag::of_path("u", at(1)).unwrap();
    for done in [
        bench.catalog.delete_namespace(&old).await,
        bench.catalog.remove_metadef_tags(&old).await,
        bench.catalog.add_metadef_property(&old, &property, at(1)).await,
        bench.catalog.add_metadef_tag(&old, &tag).await,
        bench.catalog.remove_metadef_object(&old, "o").await.map(drop),
        bench.catalog.remove_association(&old, "type").await.map(drop),
    ] {
        assert_eq!(done.unwrap_err().kind, Kind::Changed);
    }
    assert_eq!(rows(&bench).await, 6);
    // A namespace of the same name that came later is another one.
    bench.catalog.delete_namespace(&find(&bench, "n").await).await.unwrap();
    let (namespace, contents) = wanted(&full());
    let later = Namespace { created_at: at(2), ..namespace };
    bench.catalog.create_namespace(&later, &contents).await.unwrap();
    assert_eq!(bench.catalog.remove_metadef_tags(&old).await.unwrap_err().kind, Kind::Changed);
}

#[tokio::test]
async fn rows_of_glances_own_tool_are_read_whatever_is_in_them() {
    let bench = Bench::new().await;
    sqlx::raw_sql(
        r#"INSERT INTO metadef_namespaces (namespace, owner, created_at) VALUES ('n', 'admin', '2026-01-01 00:00:00.000000');
        INSERT INTO metadef_objects (namespace_id, name, json_schema, created_at)
            VALUES (1, 'o', 'null', '2026-01-01 00:00:00.000000');
        INSERT INTO metadef_properties (namespace_id, name, json_schema, created_at)
            VALUES (1, 'p', '{"title": "t", "type": "string", "default": 5, "foo": 1, "enum": [1]}',
            '2026-01-01 00:00:00.000000')"#,
    )
    .execute(&mut bench.raw().await)
    .await
    .unwrap();
    let found = find(&bench, "n").await;
    assert_eq!((found.namespace.visibility, found.namespace.protected), (Scope::Private, false));
    let contents = bench.catalog.namespace_contents(&found).await.unwrap();
    let shown = found.namespace.full_view(&contents, None);
    assert_eq!(shown["properties"], json!({"p": {"type": "string", "title": "t", "default": "5"}}));
    assert_eq!((&shown["objects"][0]["required"], &shown["objects"][0]["properties"]), (&json!([]), &json!({})));
}

#[tokio::test]
async fn a_list_has_what_the_caller_may_see() {
    let bench = Bench::new().await;
    for (name, visibility, owner) in [("a", "public", "p2"), ("b", "private", "p1"), ("c", "private", "p2")] {
        create(&bench, &json!({"namespace": name, "visibility": visibility, "owner": owner})).await.unwrap();
    }
    let query = vec![("sort_key".to_owned(), "namespace".to_owned()), ("sort_dir".to_owned(), "asc".to_owned())];
    let query = NamespaceQuery::parse(&query, &ListSettings::default()).unwrap();
    let caller = |project: Option<&str>, is_admin| Caller {
        project_id: project.map(str::to_owned),
        is_admin,
        ..Caller::default()
    };
    for (caller, wanted) in [
        (caller(Some("p1"), false), "ab"),
        (caller(Some("p2"), false), "ac"),
        (caller(None, false), "a"),
        (caller(None, true), "abc"),
    ] {
        let page = bench.catalog.list_namespaces(&query, None, &caller).await.unwrap();
        let names: String = page.namespaces.iter().map(|(found, _)| found.namespace.namespace.as_str()).collect();
        assert_eq!((names.as_str(), page.full), (wanted, false));
        assert!(page.namespaces.iter().all(|(found, _)| found.namespace.is_visible_to(&caller)));
    }
}

#[tokio::test]
async fn a_file_that_is_loaded_half_way_leaves_the_old_namespace() {
    let bench = Bench::new().await;
    create(&bench, &full()).await.unwrap();
    let (namespace, mut contents) = wanted(&full());
    contents.associations = wanted(&json!({
        "namespace": "x",
        "resource_type_associations": (0..101).map(|at| json!({"name": format!("t{at}")})).collect::<Vec<_>>(),
    }))
    .1
    .associations;
    for how in [Merge::Add, Merge::Update, Merge::Overwrite] {
        let refused = bench.catalog.load_namespace(&namespace, &contents, how).await.unwrap_err();
        assert_eq!(refused.kind, Kind::TooMuch, "{how:?}");
        assert_eq!(rows(&bench).await, 6, "{how:?}");
    }
}
