//! `[measurement]`: what is measured, and when.

use super::diagnostics::Problem;
use super::model::{Measurement, OwnerOf};
use super::reader::TableReader;
use super::reader_values::Zero;
use crate::engine::time::Duration;
use crate::node::MessageSizes;

/// Most rows of a time series.
const MOST_WINDOWS: u64 = 1_000_000;
/// Most keys that are dealt out.
const MOST_LOAD_KEYS: u64 = 1_000_000_000;
/// Largest part of a message: that of 255 keys and 65,535 contacts fits in 32 bits.
const MOST_BYTES: u64 = 10_000;

pub(super) fn read(table: &mut TableReader<'_>) -> Measurement {
    let warmup = table.duration_or("warmup", Duration::ZERO, Zero::Allowed);
    let duration = table.duration("duration", Zero::Forbidden);
    let window = table.duration_or("window", Duration::from_secs(60).min(duration), Zero::Forbidden);
    if table.is_sound("duration") && table.is_sound("window") {
        check_window(table, duration, window);
    }
    let owner = table.word("owner", &[("present", OwnerOf::Present), ("original", OwnerOf::Original)]);
    let load_keys = table.count_or("load_keys", 0, 0..=MOST_LOAD_KEYS);
    let message_sizes = table.table("message_sizes", read_message_sizes);
    Measurement { warmup, duration, window, owner, load_keys, message_sizes }
}

fn read_message_sizes(table: &mut TableReader<'_>) -> MessageSizes {
    let default = MessageSizes::default();
    let mut bytes = |key, default| table.count_or(key, u64::from(default), 0..=MOST_BYTES) as u32;
    MessageSizes {
        header_bytes: bytes("header_bytes", default.header_bytes),
        sender_bytes: bytes("sender_bytes", default.sender_bytes),
        key_bytes: bytes("key_bytes", default.key_bytes),
        contact_bytes: bytes("contact_bytes", default.contact_bytes),
    }
}

fn check_window(table: &mut TableReader<'_>, duration: Duration, window: Duration) {
    let windows = duration.as_nanos().div_ceil(window.as_nanos());
    let (message, label, allowed) = if window > duration {
        let allowed = format!("at most `measurement.duration`, {duration}");
        ("a window cannot be longer than the measurement".to_owned(), format!("longer than {duration}"), allowed)
    } else if windows > MOST_WINDOWS {
        let shortest = Duration::from_nanos(duration.as_nanos().div_ceil(MOST_WINDOWS));
        let allowed = format!("at most 1_000_000 windows: {shortest} or more");
        ("the windows are too short".to_owned(), format!("{windows} windows"), allowed)
    } else {
        return;
    };
    let problem = Problem::error(message, table.place_of("window"), label);
    let problem = problem.and(table.place_of("duration"), "the measurement").note(format!("allowed: {allowed}"));
    table.report("window", problem);
}
