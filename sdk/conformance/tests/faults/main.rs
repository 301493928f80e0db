//! The suite, tested: a backend without a fault passes, and each fault is found by the case that is meant for it.
#![allow(clippy::unwrap_used)]

mod backend;
#[path = "../../../tests/common/mod.rs"]
mod common;
mod files;
mod lax;
mod server;

use backend::Faulty;
use casement_conformance::{Report, Selection, Target, Verdict, list, run};
use casement_sdk::host::Plugin;
use serde_json::json;
use std::{thread, time::Duration};

const SECRET: &str = "hush-hush-hush";

fn faulty(store: &str, fault: &str) -> Target {
    let config = json!({ "store": store, "fault": fault, "secret_key": SECRET });
    Target::new(Plugin::from_static::<Faulty>().unwrap()).with_config(config.as_object().unwrap().clone())
}

/// Long enough for a busy machine, short enough for the faults that hang.
fn selection() -> Selection {
    Selection { patience: Duration::from_secs(3), long: true, ..Selection::default() }
}

fn failed(report: &Report) -> Vec<&str> {
    report.failures().map(|outcome| outcome.name).collect()
}

#[test]
fn a_backend_without_a_fault_passes() {
    // What takes long is in the table below, but for the large objects.
    let selection = Selection { patience: Duration::from_secs(60), ..Selection::default() };
    let report = run(&faulty("good", ""), &selection);
    assert!(report.passed(), "{report}");
    let skipped: Vec<_> = report
        .outcomes
        .iter()
        .filter_map(|outcome| match &outcome.verdict {
            Verdict::Skipped(reason) if !reason.contains("--long") => Some((outcome.name, reason)),
            _ => None,
        })
        .collect();
    assert_eq!(skipped, [], "a store that can do everything has nothing to skip");
    assert!(report.outcomes.iter().all(|outcome| outcome.left.is_empty()), "{:?}", report.outcomes);
}

/// Each fault, and the case that finds it.
const FAULTS: &[(&str, &str)] = &[
    ("does not open", "open::opens"),
    ("never opens", "open::opens"),
    ("never healthy", "open::healthy"),
    ("opens only once", "open::twice_at_once"),
    ("capabilities change", "open::same_capabilities_every_time"),
    ("declares too little", "open::what_is_not_declared_is_unsupported"),
    ("free space is unknown", "open::free_space_is_known"),
    ("nothing is an internal error", "stat::nothing_is_not_found"),
    ("stat hangs", "stat::nothing_is_not_found"),
    ("stat panics", "stat::nothing_is_not_found"),
    ("size is one more", "stat::size_is_what_was_written"),
    ("size is one more", "stat::same_as_commit_told"),
    ("etag changes", "stat::etag_stays"),
    ("etag changes", "stat::same_as_commit_told"),
    ("time in seconds", "stat::time_is_in_milliseconds"),
    ("readable before commit", "write::nothing_is_readable_before_commit"),
    ("commit replaces", "write::commit_never_replaces"),
    ("commit replaces", "write::first_of_two_writers_wins"),
    ("commit replaces", "write::one_of_two_commits_at_once_wins"),
    ("commit replaces", "parallel::one_of_many_writers_wins"),
    ("taken is an internal error", "write::commit_never_replaces"),
    ("refused commit stays staged", "write::refused_commit_leaves_nothing_staged"),
    ("deleted keys stay taken", "write::deleted_key_can_be_written"),
    ("abort keeps the stage", "write::abort_leaves_nothing"),
    ("abort keeps the stage", "write::abort_before_the_first_byte"),
    ("abort publishes", "write::abort_leaves_nothing"),
    ("abort publishes", "write::aborted_key_can_be_written"),
    ("abort deletes the object of the key", "write::abort_leaves_the_object_of_the_key"),
    ("drop keeps the stage", "write::drop_leaves_nothing"),
    ("keeps chunks", "write::chunks_come_back_after_commit"),
    ("keeps chunks", "write::chunks_come_back_after_abort"),
    ("refuses empty objects", "sizes::empty"),
    ("refuses empty objects", "sizes::empty_without_a_known_size"),
    ("size is one more", "sizes::a_byte_less_than_a_chunk"),
    ("size is one more", "sizes::one_chunk"),
    ("keeps only whole chunks", "sizes::a_byte_more_than_a_chunk"),
    ("keeps only whole chunks", "sizes::uneven_chunks"),
    ("turns chunks round", "sizes::many_chunks"),
    ("turns chunks round", "sizes::many_chunks_without_a_known_size"),
    ("refuses single bytes", "sizes::single_bytes"),
    ("refuses single bytes", "sizes::one_byte"),
    ("pads to the announced size", "sizes::shorter_than_announced"),
    ("pads to the announced size", "sizes::longer_than_announced"),
    ("reads nothing as empty", "read::nothing_is_not_found"),
    ("offset is ignored", "read::from_the_middle"),
    ("offset is ignored", "read::from_the_middle_to_the_end"),
    ("offset is ignored", "read::last_byte"),
    ("length is ignored", "read::first_byte"),
    ("length is ignored", "read::first_bytes"),
    ("no bytes are all bytes", "read::no_bytes"),
    ("the last byte is missing", "read::whole"),
    ("the last byte is missing", "read::beyond_the_end"),
    ("the last byte is missing", "read::whole_by_a_longer_range"),
    ("a range behind the end is an error", "read::behind_the_end"),
    ("a range at the end is an error", "read::at_the_end"),
    ("lengths overflow", "read::where_offset_and_length_overflow"),
    ("a range behind the end is an error", "read::nothing_of_an_empty_object"),
    ("ends early when deleted", "read::deleted_meanwhile"),
    ("deletes nothing with success", "delete::nothing_is_not_found"),
    ("deletes nothing with success", "delete::twice_is_not_found"),
    ("does not delete", "delete::removes"),
    ("does not delete", "delete::while_somebody_reads"),
    ("deletes what begins alike", "delete::leaves_keys_that_begin_alike"),
    ("sizes are not listed", "list::finds_objects_with_their_size"),
    ("prefix is ignored", "list::only_the_prefix"),
    ("prefix is a folder", "list::prefix_is_of_bytes_and_not_of_folders"),
    ("listed backwards", "list::ascending_by_bytes"),
    ("listed by the alphabet", "list::ascending_by_bytes"),
    ("after is included", "list::behind_a_key"),
    ("after is ignored", "list::behind_a_key_that_is_not_there"),
    ("after is included", "list::behind_the_last"),
    ("only one page", "list::every_page"),
    ("only one page", "list::over_a_thousand"),
    ("an empty listing is an error", "list::nothing_begins_so"),
    ("listed backwards", "list::unfinished_listing_is_let_go"),
    ("staged writes are listed as objects", "list::staged_writes_are_not_listed"),
    ("abort publishes", "list::aborted_writes_are_not_listed"),
    ("does not delete", "list::deleted_objects_are_not_listed"),
    ("one token for all", "tokens::every_write_has_its_own"),
    ("empty token", "tokens::every_write_has_its_own"),
    ("staged writes are not listed", "tokens::listed_while_it_is_written"),
    ("stays staged after commit", "tokens::not_listed_after_commit"),
    ("abort keeps the stage", "tokens::not_listed_after_abort"),
    ("drop keeps the stage", "tokens::not_listed_after_drop"),
    ("forgets", "tokens::found_by_another_process"),
    ("forgets", "tokens::committed_objects_outlive_the_store"),
    ("forgets", "delete::seen_by_every_gateway"),
    ("discard does nothing", "tokens::discard_removes"),
    ("discards everything", "tokens::discard_leaves_other_writes"),
    ("discards nothing with success", "tokens::discard_twice_is_not_found"),
    ("discards nothing with success", "tokens::unknown_token_is_not_found"),
    ("discards nothing with success", "tokens::token_of_an_aborted_write_is_not_found"),
    ("stays staged after commit", "tokens::token_of_a_committed_write_does_no_harm"),
    ("discards objects", "tokens::no_token_reaches_an_object"),
    ("idle for ages", "tokens::idle_since_the_last_byte"),
    ("copies half", "copy::is_the_same"),
    ("copies half", "copy::of_many_chunks"),
    ("copy moves", "copy::leaves_the_source"),
    ("empty copies are errors", "copy::of_an_empty_object"),
    ("copies are links", "copy::stands_alone"),
    ("copy replaces", "copy::never_replaces"),
    ("copy replaces", "copy::to_itself_changes_nothing"),
    ("copies nothing with success", "copy::of_nothing_is_not_found"),
    ("one location for all", "location::comes_back"),
    ("one location for all", "location::of_two_keys_differ"),
    ("one location for all", "location::of_an_object_that_is_there"),
    ("locations are paths", "location::is_a_uri"),
    ("locations change", "location::is_the_same_for_every_gateway"),
    ("every location is its own", "location::of_another_store_is_refused"),
    ("nonsense panics", "location::nonsense_is_refused"),
    ("locations tell secrets", "location::shows_no_secret"),
    ("files are cut", "file::holds_the_object"),
    ("files of nothing are empty", "file::of_nothing_is_none"),
    ("files end with their objects", "file::stays_whole"),
    ("projects move", "placement::same_answer_always"),
    ("odd owners are trouble", "placement::odd_owners"),
    ("projects are not looked for", "placement::objects_are_found"),
    ("locations know no projects", "placement::objects_are_located"),
    ("does not delete", "placement::objects_are_deleted"),
    ("projects share their objects", "placement::objects_of_two_projects"),
    ("discard does nothing", "placement::staged_writes_are_discarded"),
    ("copies half", "placement::copies"),
    ("panics at other letters", "keys::letters_of_every_script"),
    ("image ids are trouble", "keys::of_the_gateway_are_taken"),
    ("dots are trouble", "keys::dots_and_hyphens"),
    ("spaces are trouble", "keys::spaces"),
    ("escapes are undone", "keys::what_urls_escape"),
    ("slashes are trouble", "keys::slashes"),
    ("long keys are cut", "keys::long"),
    ("long keys are cut", "keys::longer_than_most_media_take"),
    ("dots are climbed", "keys::way_out_of_the_store"),
    ("control characters are trouble", "keys::control_characters"),
    ("devices are trouble", "keys::names_that_systems_keep_for_themselves"),
    ("ends are trimmed", "keys::names_that_systems_keep_for_themselves"),
    ("escapes are undone", "keys::escaped_and_plain_are_two"),
    ("letters are composed", "keys::same_letters_in_two_forms"),
    ("capitals are lost", "keys::capitals_are_other_letters"),
    ("drop keeps the stage", "cancel::nothing_follows_a_write_that_was_given_up"),
    ("create given up leaves its stage", "cancel::create_given_up_leaves_nothing"),
    ("publishes in two steps", "cancel::commit_given_up_is_all_or_nothing"),
    ("URLs are refused", "presign::reads_the_object"),
    ("URLs know no ranges", "presign::reads_a_range"),
    ("URLs of nothing are empty", "presign::reads_nothing_where_nothing_is"),
    ("URLs delete", "presign::changes_nothing"),
    ("URLs open every object", "presign::reads_no_other_object"),
    ("URLs know no odd keys", "presign::odd_keys"),
    ("turns chunks round", "parallel::writes_in_turns"),
    ("size is one more", "parallel::writes"),
    ("the last byte is missing", "parallel::reads"),
    ("does not delete", "parallel::writes_reads_and_deletes"),
    ("URLs live for ever", "presign::ends_with_its_lifetime"),
    ("never healthy", "end::still_healthy"),
    ("does not delete", "end::no_object_is_left"),
    ("staged writes stay", "end::no_staged_write_is_left"),
];

/// Takes a thread away from whoever comes next.
const BLOCKS: (&str, &str) = ("stat blocks", "stat::nothing_is_not_found");

/// The same of what goes wrong with configurations.
const LAX: &[&str] = &[
    "descriptor::schema_refuses_unknown_keys",
    "open::unknown_key_is_refused",
    "open::wrong_type_is_refused",
    "open::refusal_shows_no_value",
    "open::no_more_than_the_plugin_declares",
];

#[test]
fn a_backend_that_takes_any_configuration_is_found_out() {
    let plugin = Plugin::from_static::<lax::Lax<lax::Loose>>().unwrap();
    let report = run(&Target::new(plugin), &selection().only("open::").only("descriptor::"));
    assert_eq!(failed(&report), LAX, "{report}");
}

#[test]
fn a_schema_that_says_nothing_is_found_out() {
    let plugin = Plugin::from_static::<lax::Lax<serde_json::Value>>().unwrap();
    let report = run(&Target::new(plugin), &selection().only("schema_is_a_json_schema"));
    assert_eq!(failed(&report), ["descriptor::schema_is_a_json_schema"], "{report}");
}

#[test]
fn a_configuration_that_the_gateway_would_refuse_is_said_to_be_one() {
    let target = Target::new(Plugin::from_static::<Faulty>().unwrap());
    let report = run(&target, &selection().only("configuration_fits"));
    assert_eq!(failed(&report), ["descriptor::configuration_fits_the_schema"], "{report}");
    assert!(report.to_string().contains("\"store\" is a required property"), "{report}");
}

#[test]
fn a_store_that_does_not_open_is_said_once_and_the_rest_is_skipped() {
    let report = run(&faulty("shut", "does not open"), &Selection::default().only("open::opens").only("stat::"));
    assert_eq!(failed(&report), ["open::opens", "stat::nothing_is_not_found"], "{report}");
    assert!(report.to_string().contains("Unavailable (\"the medium is out\")"), "{report}");
}

/// Cases that no backend here fails, which are therefore not shown to find anything: what the SDK or the loader keeps a
/// plugin from doing wrong, and what takes too long.
const UNPROVEN: &[&str] = &[
    "descriptor::says_what_it_is",
    "descriptor::unknown_extensions_are_null",
    "descriptor::declared_extensions_are_there",
    "sizes::a_gibibyte_and_a_byte",
    "sizes::a_gibibyte_without_a_known_size",
];

#[test]
fn every_case_is_shown_to_find_something() {
    let mut proven: Vec<&str> = FAULTS.iter().map(|(_, case)| *case).chain(LAX.iter().copied()).collect();
    proven.extend(["descriptor::schema_is_a_json_schema", "descriptor::configuration_fits_the_schema"]);
    proven.extend(files::FOUND);
    let all = list(&Selection::default());
    let unproven: Vec<_> = all.iter().map(|case| case.name).filter(|name| !proven.contains(name)).collect();
    assert_eq!(unproven, UNPROVEN);
}

/// Those of the faults that their case does not find.
fn missed(faults: &[(&str, &str)]) -> Vec<String> {
    let find = |(fault, case): &(&str, &str)| {
        // What is left at the end must have been left by something.
        let before: &[_] = if case.starts_with("end::no_") { &["write::drop", "stat::size"] } else { &[] };
        let selection = before.iter().fold(selection().only(*case), |selection, case| selection.only(*case));
        let report = run(&faulty(&format!("{fault} {case}"), fault), &selection);
        (!failed(&report).contains(case)).then(|| format!("{fault}: {case} says {:?}", report.outcomes))
    };
    faults.iter().filter_map(find).collect()
}

#[test]
fn every_fault_is_found_by_the_case_meant_for_it() {
    // Most of the time goes into waiting for what never comes.
    const AT_ONCE: usize = 8;
    let all: Vec<_> = thread::scope(|threads| {
        let parts = FAULTS.chunks(FAULTS.len().div_ceil(AT_ONCE));
        let searches: Vec<_> = parts.map(|part| threads.spawn(|| missed(part))).collect();
        searches.into_iter().flat_map(|search| search.join().unwrap()).collect()
    });
    assert!(all.is_empty(), "{all:#?}");
    assert_eq!(missed(&[BLOCKS]), [""; 0]);
}
