//! What holds of the whole run.

use crate::{
    case::{Check, Due, cases, ensure},
    probe::Probe,
};
use casement_sdk::host;

cases! { "end";
    still_healthy: [] HEALTH;
    every_operation_was_answered_once: [] ONCE;
    no_object_is_left: [List, Delete] DELETE;
    no_staged_write_is_left: [StageTokens] STAGED;
}

async fn still_healthy(p: &Probe) -> Check {
    p.store()?.health().await.or_seen("`health` after all that")
}

async fn every_operation_was_answered_once(p: &Probe) -> Check {
    let stray = host::stray_answers() - p.run.stray_before;
    ensure!(stray == 0, "{stray} answers came for operations that had been answered, or never were");
    Ok(())
}

async fn no_object_is_left(p: &Probe) -> Check {
    let left = p.list_keys(&p.prefix(), None).await?;
    ensure!(left.is_empty(), "objects of this run that its cases could not remove: {left:?}");
    Ok(())
}

/// Where the backend names its tokens after the transfer, as it may.
async fn no_staged_write_is_left(p: &Probe) -> Check {
    let staged = p.store()?.list_staged().await.or_seen("listing staged writes")?;
    let left: Vec<_> = staged.into_iter().map(|staged| staged.token).filter(|t| t.contains(&p.prefix())).collect();
    ensure!(left.is_empty(), "staged writes of this run that its cases could not remove: {left:?}");
    Ok(())
}
