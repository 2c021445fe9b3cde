//! Deliveries: what is owed to somebody outside, and how far it got.

use crate::directory::words::words;

words! {
    /// What a mail, or a post in place of one, is about.
    MailKind {
        /// What admins and the operator are to look at now.
        Alert = "alert",
        /// A six-digit code.
        Code = "code",
        /// A question that somebody answers by a link, or the news of what was answered.
        Decision = "decision",
        /// An invitation, also when it is sent again.
        Invitation = "invitation",
        /// That a session has ended: an app is told, by a logout token.
        Logout = "logout",
        /// What an inviter is told.
        Notice = "notice",
        /// A shared link, which is posted to the organization's webhook instead of mailed.
        WebhookPost = "webhook_post",
    }
}

impl MailKind {
    /// Which carriers take it.
    pub fn load(self) -> Load {
        match self {
            Self::Alert | Self::Code | Self::Decision | Self::Invitation | Self::Notice => {
                Load::Mails
            }
            Self::Logout => Load::Logouts,
            Self::WebhookPost => Load::Posts,
        }
    }
}

/// What a carrier takes. Posts have one of their own, so that no mail waits behind the webhook of
/// some organization, and so have logouts, which wait behind neither.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Load {
    /// What apps are told of sessions.
    Logouts,
    /// What goes to the relay.
    Mails,
    /// What is posted to webhooks.
    Posts,
}

words! {
    /// How far a delivery got. Nobody can say "delivered": a relay that took a mail is all that
    /// is known.
    Delivery {
        /// What it was about is over; it was not sent.
        Cancelled = "cancelled",
        /// Every try failed, or the receiver said no for good.
        Failed = "failed",
        /// It waits to be sent.
        Queued = "queued",
        /// It is being handed over: whoever is cut off here cannot know whether it was taken.
        Sending = "sending",
        /// The relay took it.
        Sent = "sent",
    }
}
