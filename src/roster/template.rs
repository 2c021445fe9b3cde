//! The file to start from. Its example rows are known again, so that nobody mails them.

/// The address of the first example row.
const FIRST: &str = "first.example@example.com";
/// The address of the second one.
const SECOND: &str = "second.example@example.com";

/// The template: UTF-8 with the mark by which a spreadsheet knows it, a header, and two rows; the
/// second shows how one cell names two projects.
pub fn bytes() -> Vec<u8> {
    format!(
        "\u{feff}email,role,projects\r\n\
         {FIRST},viewer,\r\n\
         {SECOND},editor,\"project-one,project-two\"\r\n"
    )
    .into_bytes()
}

/// Whether a row with this address is one of the examples.
pub fn is_example(email: &str) -> bool {
    [FIRST, SECOND]
        .iter()
        .any(|example| email.trim().eq_ignore_ascii_case(example))
}
