//! `casement policy`.

use crate::site;

#[test]
fn list_prints_each_rule_with_its_origin_in_the_form_of_the_file() {
    let rules = "# ours\nget_image: role:reader or rule:friends\nfriends: [[\"role:friend\"], [\"role:\\\"x\\\"\"]]\n";
    let run = site(rules).command(&["policy", "list"]);
    assert_eq!(run.code, Some(0), "{}", run.text);
    let line = |name: &str| run.text.lines().find(|line| line.starts_with(&format!("\"{name}\":"))).unwrap().to_owned();
    assert!(line("get_image").starts_with("\"get_image\": \"role:reader or rule:friends\"  # "), "{}", run.text);
    assert!(line("get_image").ends_with("policy.yaml:2"), "{}", run.text);
    assert!(line("friends").contains(r#": [["role:friend"], ["role:\"x\""]]  # "#), "{}", run.text);
    assert_eq!(line("publicize_image"), "\"publicize_image\": \"rule:context_is_admin\"  # default");
    // What is printed can be used as a file.
    let again = site(&run.text).command(&["policy", "list"]);
    assert_eq!(again.code, Some(0), "{}", again.text);
    assert_eq!(again.text.lines().count(), run.text.lines().count());
}

#[test]
fn explain_names_every_check_and_its_answer() {
    let rules = "modify_image: role:member and project_id:%(project_id)s\n";
    let arguments =
        ["policy", "explain", "modify_image", "--roles", "Member,reader", "--project", "p1", "--owner", "p2"];
    let run = site(rules).command(&arguments);
    assert_eq!(run.code, Some(0), "{}", run.text);
    for line in [
        "modify_image: denied",
        "  no  all of",
        "    yes role:member (the caller has: member, reader)",
        "    no  project_id:%(project_id)s (the caller's is \"p1\"; the target's is \"p2\")",
    ] {
        assert!(run.text.lines().any(|found| found == line), "{line} in:\n{}", run.text);
    }
    assert!(run.text.contains("\"modify_image\": \"role:member and project_id:%(project_id)s\"  # "), "{}", run.text);
    assert!(run.text.contains("policy.yaml:1"), "{}", run.text);
}

#[test]
fn explain_knows_scopes_visibilities_and_members() {
    for (arguments, answer) in [
        (
            &["get_image", "--roles", "reader", "--project", "p1", "--owner", "p2", "--visibility", "public"][..],
            "allowed",
        ),
        (&["get_image", "--roles", "reader", "--project", "p1", "--owner", "p2", "--visibility", "private"], "denied"),
        (&["get_image", "--roles", "reader", "--project", "p1", "--owner", "p2", "--member", "p1"], "allowed"),
        (&["get_image", "--roles", "admin", "--system", "all"], "denied, the token is scoped to the system"),
        (&["get_image", "--roles", "admin", "--domain", "d1"], "denied, the token is scoped to the system or a domain"),
        (&["add_image", "--roles", "member", "--project", "p1", "--owner", "p1"], "allowed"),
        (&["get_images", "--roles", "reader", "--project", "p1"], "allowed"),
        (&["stores_info_detail", "--roles", "service"], "allowed"),
    ] {
        let run = site("").command(&[&["policy", "explain"], arguments].concat());
        assert_eq!(run.code, Some(0), "{}", run.text);
        assert!(run.text.starts_with(&format!("{}: {answer}", arguments[0])), "{arguments:?}: {}", run.text);
    }
}

#[test]
fn explain_of_what_is_no_action_names_the_nearest() {
    let run = site("").command(&["policy", "explain", "get_imagess"]);
    assert_eq!(run.code, Some(64), "{}", run.text);
    assert!(
        run.text.contains("there is no action \"get_imagess\"; the nearest name is \"get_images\""),
        "{}",
        run.text
    );
}
