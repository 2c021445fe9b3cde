//! Mails as they arrive.

use super::*;
use crate::directory::invitation::Message as Words;

const URL: &str = "https://usher.example/join/\
    inv_AAAAAAAAAAAAAAAAAAAABwAAAANtbJom_tJHMYxFgSPp46ty0chGYwT7yGrWiIcstJDDTDc";

fn invitation() -> Invitation<'static> {
    Invitation {
        app: Some("Rocket"),
        organization: "Acme",
        inviter: Some("Ada Example"),
        replies: true,
        email: "grace@acme.example",
        role: "Editor",
        projects: &[],
        message: None,
        url: URL,
        expires_at: "2026-11-29T10:00:00Z".parse().unwrap(),
    }
}

fn message(content: Content) -> Message {
    Message {
        from: mailbox(Some("Usher"), "no-reply@localhost").unwrap(),
        to: mailbox(None, "Grace@B\u{fc}cher.example").unwrap(),
        reply_to: Some(mailbox(Some("Ada \"Z\u{fc}rich\", Inc"), "ada@acme.example").unwrap()),
        id: MessageId::new("0192f1b0-5b1e", "usher.example").unwrap(),
        date: "2026-11-22T10:00:00Z".parse().unwrap(),
        content,
    }
}

fn header(bytes: &[u8]) -> Vec<String> {
    let text = String::from_utf8(bytes.to_vec()).unwrap();
    let (header, _) = text.split_once("\r\n\r\n").unwrap();
    header
        .replace("\r\n ", " ")
        .split("\r\n")
        .map(str::to_owned)
        .collect()
}

#[test]
fn an_invitation_says_who_invites_to_what_and_until_when() {
    let content = invitation().content();
    assert_eq!(content.subject, "Ada Example invites you to Acme on Rocket");
    let expected = format!(
        "Ada Example invites you to join Acme on Rocket.\n\nRole: Editor\nProjects: the whole \
         organization\n\nTo accept or to decline, open this page; nothing happens before you press \
         a button there:\n\n{URL}\n\nThe invitation is for grace@acme.example and expires on 29 \
         November 2026, 10:00 UTC. If you answer this mail, Ada Example gets it.\nIf you did not \
         expect it, you need not do anything."
    );
    assert_eq!(content.text.trim_end(), expected);
    for part in [
        "Ada Example invites you to join Acme on Rocket",
        "<strong>Editor</strong>",
        "<strong>29 November 2026, 10:00 UTC</strong>",
        &format!("<a href=\"{URL}\">{URL}</a>"),
    ] {
        assert!(content.html.contains(part), "{part}\n{}", content.html);
    }
}

#[test]
fn what_is_unknown_is_left_out() {
    let content = Invitation {
        app: None,
        inviter: None,
        replies: false,
        projects: &["Website", "Blog"],
        ..invitation()
    }
    .content();
    assert_eq!(content.subject, "You are invited to Acme");
    let start =
        "You are invited to join Acme.\n\nRole: Editor\nProjects:\n- Website\n- Blog\n\nTo accept";
    assert!(content.text.starts_with(start), "{}", content.text);
    assert!(content.html.contains("<li>Website</li>\n<li>Blog</li>"));
    assert!(!content.text.contains("answer this mail"));
    assert!(!content.text.contains("writes:"));
}

#[test]
fn a_message_is_quoted_escaped_and_no_link() {
    let text = "Hi Grace!\n<script>alert(1)</script> \
        <a href=\"http://evil.example\">x</a>\nwww.evil.example";
    let words = Words::read(text).unwrap().unwrap();
    let content = Invitation {
        message: Some(&words),
        inviter: Some("Ada <b> evil.example"),
        organization: "http://evil.example/login",
        ..invitation()
    }
    .content();
    assert!(
        content.html.contains("&#60;script&#62;"),
        "{}",
        content.html
    );
    assert_eq!(content.html.matches("<a ").count(), 2);
    assert!(!content.html.contains("<script") && !content.html.contains("<b>"));
    for part in [&content.text, &content.html] {
        assert!(
            !part.contains("evil.example") && !part.contains("http://"),
            "{part}"
        );
    }
    let quoted = "writes:\n\n> Hi Grace!\n> <script>";
    assert!(content.text.contains(quoted), "{}", content.text);
    assert!(content.html.contains("Hi Grace!<br>\n"));
}

#[test]
fn codes_and_test_mails_say_what_they_are_for() {
    let time = "2026-11-22T10:00:00Z".parse().unwrap();
    let code = Code {
        app: None,
        organization: "Acme",
        digits: "012345",
        expires_at: time,
        purpose: Purpose::Proof,
    };
    assert!(!format!("{code:?}").contains("012345"));
    let code = code.content();
    assert!(!code.subject.contains("012345"));
    assert!(code.text.contains("\n012345\n") && code.html.contains("012345"));
    let trial = Trial {
        app: None,
        public_url: "https://usher.example",
        sent_at: time,
    };
    assert_eq!(trial.content().subject, "Test mail from Usher");
    assert!(trial.content().text.contains("https://usher.example"));
}

#[test]
fn a_notice_says_what_became_of_an_invitation() {
    let expired_at = "2026-11-22T10:00:00Z".parse().unwrap();
    let reason = Words::read("not now").unwrap();
    let notices = [
        (
            About::Declined {
                reason: reason.as_ref(),
            },
            "Invitation declined",
            "> not now",
        ),
        (
            About::Declined { reason: None },
            "Invitation declined",
            "declined the invitation to Acme.",
        ),
        (
            About::NeedsAttention(Attention::NoProjectLeft),
            "Invitation needs attention",
            "projects",
        ),
        (
            About::NeedsAttention(Attention::InviterBelowRole),
            "Invitation needs attention",
            "role",
        ),
        (
            About::NeedsAttention(Attention::OverrideNotAllowed),
            "Invitation needs attention",
            "override",
        ),
        (
            About::OtherAddress {
                email: "eve@home.example",
                passed_on: true,
            },
            "Another address wanted",
            "eve@home.example",
        ),
        (
            About::Wanted { expired_at },
            "New invitation wanted",
            "22 November 2026, 10:00 UTC",
        ),
    ];
    for (about, title, part) in notices {
        let content = Notice {
            app: Some("Rocket"),
            organization: "Acme",
            email: "grace@acme.example",
            about,
            to_owner: false,
            url: Some("https://usher.example/console"),
        }
        .content();
        assert_eq!(content.subject, format!("{title}: grace@acme.example"));
        assert!(content.text.contains(part), "{}", content.text);
        let link = "\n\nhttps://usher.example/console\n\n";
        assert!(content.text.contains(link));
        assert!(content.html.contains(title));
    }
}

#[test]
fn a_notice_says_why_its_reader_gets_it() {
    for (to_owner, app, why) in [
        (false, None, "because you sent the invitation."),
        (
            false,
            Some("Rocket"),
            "because you sent the invitation on Rocket.",
        ),
        (
            true,
            None,
            "because you own Acme, in place of whoever sent the invitation.",
        ),
        (
            true,
            Some("Rocket"),
            "because you own Acme on Rocket, in place of whoever sent the invitation.",
        ),
    ] {
        let notice = Notice {
            app,
            organization: "Acme",
            email: "grace@acme.example",
            about: About::Declined { reason: None },
            to_owner,
            url: None,
        };
        let (content, why) = (notice.content(), format!("You get this mail {why}"));
        assert!(
            content.text.ends_with(&format!("\n\n{why}")),
            "{}",
            content.text
        );
        assert!(
            content.html.contains(&format!(">{why}</p>")),
            "{}",
            content.html
        );
    }
}

#[test]
fn no_mail_loads_anything() {
    let contents = [
        invitation().content(),
        Notice {
            app: None,
            organization: "Acme",
            email: "grace@acme.example",
            about: About::NeedsAttention(Attention::NoProjectLeft),
            to_owner: true,
            url: None,
        }
        .content(),
    ];
    for content in contents {
        for outer in [
            "<img", "src=", "<link", "<style", "url(", "<script", "@import",
        ] {
            assert!(!content.html.contains(outer), "{outer}");
        }
        assert!(content.html.contains("lang=\"en\"") && content.html.contains("light dark"));
        assert!(!content.text.contains("\n\n\n"), "{}", content.text);
    }
}

#[test]
fn a_message_is_written_with_its_headers_and_the_same_each_time() {
    let message = message(invitation().content());
    let written = message.written();
    assert_eq!(written.bytes, message.written().bytes);
    let from = written.envelope.from().map(ToString::to_string);
    assert_eq!(from.as_deref(), Some("no-reply@localhost"));
    let to: Vec<_> = written
        .envelope
        .to()
        .iter()
        .map(ToString::to_string)
        .collect();
    assert_eq!(to, ["Grace@xn--bcher-kva.example"]);
    let header = header(&written.bytes);
    for line in [
        "From: Usher <no-reply@localhost>",
        "To: Grace@xn--bcher-kva.example",
        "Subject: Ada Example invites you to Acme on Rocket",
        "Message-ID: <0192f1b0-5b1e@usher.example>",
        "Date: Sun, 22 Nov 2026 10:00:00 +0000",
        "Auto-Submitted: auto-generated",
        "MIME-Version: 1.0",
    ] {
        assert!(header.contains(&line.to_owned()), "{line}: {header:#?}");
    }
    let reply = header
        .iter()
        .find(|line| line.starts_with("Reply-To:"))
        .unwrap();
    assert!(reply.ends_with("<ada@acme.example>"), "{reply}");
    assert_eq!(header.len(), 9, "{header:#?}");
    let text = String::from_utf8(written.bytes).unwrap();
    assert_eq!(text.matches(URL).count(), 4, "{text}");
    assert!(text.contains("Content-Transfer-Encoding: 7bit"));
    assert!(text.split("\r\n").all(|line| !line.contains(['\r', '\n'])));
}

#[test]
fn nobody_adds_a_header() {
    let evil = "x\r\nBcc: victim@x.example\r\n\r\nbody";
    for address in [
        "a@b.example\r\nBcc: c@d.example",
        "a@b.example\n",
        "a\r@b.example",
        "a\0@b.example",
        "a@b.example,c@d.example",
        "<a@b.example>",
        "a b@c.example",
        "",
        &format!("{}@b.example", "a".repeat(250)),
    ] {
        assert_eq!(mailbox(None, address), Err(Unmailable), "{address:?}");
    }
    for (name, domain) in [
        ("a\r\nBcc: x", "b.example"),
        ("a", "b.example>\r\nX: y"),
        ("", "b"),
        ("a", ""),
    ] {
        assert_eq!(MessageId::new(name, domain), None);
    }
    let content = Invitation {
        app: Some(evil),
        organization: evil,
        inviter: Some(evil),
        role: evil,
        ..invitation()
    }
    .content();
    let mut message = message(content);
    message.to = mailbox(Some(evil), "grace@acme.example").unwrap();
    message.content.subject.push_str(evil);
    let header = header(&message.written().bytes);
    let names: Vec<_> = header
        .iter()
        .filter_map(|line| line.split_once(':'))
        .collect();
    assert_eq!(names.len(), 9, "{header:#?}");
    assert!(names.iter().all(|(name, _)| *name != "Bcc"), "{header:#?}");
}
