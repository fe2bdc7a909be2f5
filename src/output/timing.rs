//! `timing.json`: how fast the run was, and on what. The one file that differs from run to run.

use serde::Serialize;
use std::fs;
use std::io::{self, Write};
use std::time::Duration;

/// Short hash of the commit that the program was built from, or `unknown`.
pub const COMMIT: &str = env!("TORUS_SIM_COMMIT");

/// The keys, in the order of the file, with their meaning.
pub const KEYS: &[(&str, &str)] = &[
    ("wall_time_s", "real time from the start of the simulation to its end, in seconds"),
    ("events_per_s", "events processed per second of it; null if it was too short to tell"),
    ("peak_memory_bytes", "the most memory that the process held; null where the system does not tell"),
    ("host", "name of the machine; null where the system does not tell"),
    ("system", "operating system and processor architecture"),
    ("threads", "threads that simulated"),
    ("commit", "commit that the program was built from, or `unknown`"),
    ("profile", "`release` or `debug`: how the program was built"),
];

/// How fast a run was, and on what.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Timing {
    /// Real time of the simulation \[s\].
    pub wall_time_s: f64,
    /// Events per second of it.
    pub events_per_s: Option<f64>,
    /// The most memory that this process has held so far \[B\].
    pub peak_memory_bytes: Option<u64>,
    /// Name of the machine.
    pub host: Option<String>,
    /// Operating system and processor architecture.
    pub system: String,
    /// Threads that simulated.
    pub threads: u32,
    /// Commit that the program was built from.
    pub commit: &'static str,
    /// How the program was built.
    pub profile: &'static str,
}

impl Timing {
    /// The timing of a run of `events` events on one thread of this process that took `wall` of real time.
    pub fn of_run(wall: Duration, events: u64) -> Self {
        let wall_time_s = wall.as_secs_f64();
        Timing {
            wall_time_s,
            events_per_s: (wall_time_s > 0.0).then(|| events as f64 / wall_time_s),
            peak_memory_bytes: peak_memory_bytes(),
            host: host(),
            system: format!("{} {}", std::env::consts::OS, std::env::consts::ARCH),
            threads: 1,
            commit: COMMIT,
            profile: if cfg!(debug_assertions) { "debug" } else { "release" },
        }
    }
}

/// Writes the file.
///
/// # Errors
/// When `out` cannot be written.
pub fn write(mut out: impl Write, timing: &Timing) -> io::Result<()> {
    serde_json::to_writer_pretty(&mut out, timing)?;
    out.write_all(b"\n")
}

/// The most memory that this process has held so far \[B\]: `VmHWM` of Linux. `None` where the system does not tell.
pub fn peak_memory_bytes() -> Option<u64> {
    parse_peak_memory(&fs::read_to_string("/proc/self/status").ok()?)
}

fn parse_peak_memory(status: &str) -> Option<u64> {
    let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:"))?;
    let kibibytes: u64 = line.trim().strip_suffix("kB")?.trim().parse().ok()?;
    kibibytes.checked_mul(1024)
}

fn host() -> Option<String> {
    let name = fs::read_to_string("/proc/sys/kernel/hostname").or_else(|_| fs::read_to_string("/etc/hostname")).ok()?;
    let name = name.trim();
    (!name.is_empty()).then(|| name.to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_peak_memory_is_read_from_the_status_of_the_process() {
        assert_eq!(parse_peak_memory("Name:\tx\nVmHWM:\t    2048 kB\nVmRSS:\t 1 kB\n"), Some(2 * 1024 * 1024));
        assert_eq!(parse_peak_memory("Name:\tx\n"), None);
        assert_eq!(parse_peak_memory("VmHWM: many kB\n"), None);
    }

    #[test]
    fn every_key_is_described_and_stands_in_the_order_of_the_description() {
        let mut file = Vec::new();
        write(&mut file, &Timing::of_run(Duration::from_millis(500), 1_000)).unwrap();
        let text = String::from_utf8(file).unwrap();
        let places: Vec<_> = KEYS.iter().map(|(key, _)| text.find(&format!("\n  \"{key}\": ")).expect(key)).collect();
        assert!(places.is_sorted());
        assert_eq!(text.lines().count(), KEYS.len() + 2);
        assert!(text.contains("\"events_per_s\": 2000.0,"));
    }

    #[test]
    fn a_run_of_no_time_has_no_rate() {
        assert_eq!(Timing::of_run(Duration::ZERO, 10).events_per_s, None);
    }
}
