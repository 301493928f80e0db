use crate::common::{Behind, REMOTE};
use casement_tests::{Fault, When};

#[test]
fn a_delete_that_goes_wrong_once_is_carried_out() {
    for medium in REMOTE {
        let Some(behind) = Behind::proxy("stores::a_delete_that_goes_wrong_once", medium) else { continue };
        for fault in [Fault::Cut, Fault::LoseAnswer, Fault::Answer(503, "", ""), Fault::Answer(500, "", "")] {
            let id = behind.member().create_active("n", b"0123456789");
            behind.proxy.rule(When::method("DELETE").times(1), fault.clone());
            behind.member().delete(&format!("/v2/images/{id}")).expect(204);
            assert!(!behind.gateway.store("local").holds(&id), "{medium:?}, {fault:?}");
            behind.proxy.lift();
        }
        behind.assert_nothing_is_left();
    }
}

#[test]
fn a_delete_that_the_server_does_not_do_is_done_later_or_told() {
    for medium in REMOTE {
        let Some(behind) = Behind::proxy("stores::a_delete_that_the_server_does_not_do", medium) else { continue };
        for fault in [Fault::Cut, Fault::Answer(503, "", "")] {
            let id = behind.member().create_active("n", b"0123456789");
            behind.proxy.rule(When::method("DELETE"), fault.clone());
            let path = format!("/v2/images/{id}");
            let answer = behind.member().delete(&path);
            assert!(matches!(answer.status, 204 | 503), "{medium:?}, {fault:?}: {answer:?}");
            behind.proxy.lift();
            if answer.status == 503 {
                behind.member().delete(&path).expect(204);
            }
            behind.member().get(&path).expect(404);
        }
        behind.assert_nothing_is_left();
    }
}
