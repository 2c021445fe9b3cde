//! How values read on a page.
#![expect(
    clippy::inline_always,
    clippy::unnecessary_wraps,
    clippy::unused_self,
    unreachable_pub,
    reason = "the macro writes it so"
)]

use askama::filters::Safe;
use askama::{Result, Values};
use jiff::Timestamp;
use serde_json::Value;

use crate::mail::wording::absolute;

/// An instant in UTC, which a script shows in the reader's own zone.
#[askama::filter_fn]
pub(in crate::http) fn time(at: &Timestamp, _: &dyn Values) -> Result<Safe<String>> {
    Ok(Safe(element(*at)))
}

/// The same of one that may not be there.
#[askama::filter_fn]
pub(in crate::http) fn time_or(
    at: &Option<Timestamp>,
    _: &dyn Values,
    none: &'static str,
) -> Result<Safe<String>> {
    Ok(Safe(at.map_or_else(|| none.to_owned(), element)))
}

fn element(at: Timestamp) -> String {
    let text = absolute(at);
    format!("<time datetime=\"{at}\" title=\"{text}\">{text}</time>")
}

/// A word of the API as people read it.
#[askama::filter_fn]
pub(in crate::http) fn words(word: &str, _: &dyn Values) -> Result<String> {
    Ok(word.replace('_', " "))
}

/// A JSON document, in lines.
#[askama::filter_fn]
pub(in crate::http) fn pretty(value: &Value, _: &dyn Values) -> Result<String> {
    Ok(format!("{value:#}"))
}

/// A badge: a word, with a shape and a colour that say how good that is.
#[askama::filter_fn]
pub(in crate::http) fn badge(word: &str, _: &dyn Values) -> Result<Safe<String>> {
    let kind = match word {
        "accepted" | "active" | "applied" | "approved" | "current" | "delivered" | "enabled"
        | "finished" | "ok" | "sent" | "signed_in" | "succeeded" | "verified" => "good",
        "asked"
        | "awaiting_acceptance"
        | "awaiting_directory"
        | "awaiting_operator"
        | "awaiting_owner"
        | "changes_requested"
        | "ends_soon"
        | "held"
        | "needs_attention"
        | "next"
        | "observed"
        | "open"
        | "paused"
        | "pending"
        | "proposed"
        | "queued"
        | "sending"
        | "tested"
        | "testing"
        | "waiting" => "wait",
        "disabled" | "error" | "expired" | "failed" | "failing" | "lapsed" | "missing"
        | "refused" | "revoked" | "suspended" => "bad",
        _ => "quiet",
    };
    let text: String = word
        .chars()
        .map(|c| if c == '_' { ' ' } else { c })
        .filter(|c| c.is_ascii_alphanumeric() || *c == ' ' || *c == '-')
        .collect();
    Ok(Safe(format!("<span class=\"badge {kind}\">{text}</span>")))
}
