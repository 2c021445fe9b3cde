//! Bad signatures leave nothing on standard error: nobody fills a disk before being known.

use std::process::Command;

use super::*;

const CHILD: &str = "USHER_TEST_BAD_SIGNATURES";

/// How many bad signatures are sent, by as many threads.
const SENT: usize = 10_000;
const THREADS: usize = 4;

#[test]
#[expect(clippy::print_stdout, reason = "the count is for whoever asks for it")]
fn bad_signatures_are_silent() {
    if std::env::var_os(CHILD).is_some() {
        return send_bad_signatures();
    }
    let child = Command::new(std::env::current_exe().unwrap())
        .args([
            "--exact",
            &format!("{}::bad_signatures_are_silent", module()),
        ])
        .args(["--nocapture", "--test-threads=1"])
        .env(CHILD, "1")
        .output()
        .unwrap();
    let printed = String::from_utf8_lossy(&child.stdout);
    assert!(
        child.status.success() && printed.contains("1 passed"),
        "{printed}"
    );
    let noise = String::from_utf8_lossy(&child.stderr);
    println!(
        "{SENT} bad signatures leave {} lines on standard error",
        noise.lines().count()
    );
    assert_eq!(noise, "");
}

/// This module's path without the crate's name, as the test runner has it.
fn module() -> &'static str {
    module_path!().split_once("::").unwrap().1
}

fn send_bad_signatures() {
    let xml = signed(Sign::Both);
    let value = part(&xml, "<ds:DigestValue>", "</ds:DigestValue>");
    let broken = [
        xml.replace(ADA, "eve@acme.example"),
        xml.replace(value, "<ds:DigestValue>AAAA</ds:DigestValue>"),
        xml.replace(value, "<ds:DigestValue>!</ds:DigestValue>"),
        with(&xml, "<ds:SignatureValue>", "<ds:SignatureValue>AAAA"),
    ];
    std::thread::scope(|scope| {
        for _ in 0..THREADS {
            scope.spawn(|| {
                for message in broken.iter().cycle().take(SENT / THREADS) {
                    assert_eq!(reason(message), "signature_invalid");
                }
            });
        }
    });
    let garbage = "<x xmlns=\"relative\"><y></x>";
    assert!(receive(garbage).is_err());
}
