//! The webhooks of an organization, known by their names.

use url::Url;

use crate::cli::config_code::document::{Organization, Webhook};
use crate::cli::config_code::plan::{Action, Changes, Differ, Ending, Same, pairs};
use crate::directory::webhook;
use crate::provisioning::settings::webhooks::{NewWebhook, Types, WebhookChange};

impl Differ<'_> {
    pub(super) fn webhooks(&mut self, wanted: &Organization, present: &Organization) {
        let ways: [Same<'_, Webhook>; 2] = [&same_place, &same_name];
        let (partners, unwanted) = pairs(&wanted.webhooks, &present.webhooks, &ways);
        for (index, (webhook, partner)) in wanted.webhooks.iter().zip(partners).enumerate() {
            let place = format!("webhooks[{index}]");
            let known = partner.and_then(|at| Some((at, present.webhooks.get(at)?)));
            let url = webhook.url.as_deref().map(Url::parse).transpose();
            match (url, hears(webhook)) {
                // The URL is a secret: what is wrong is said without it.
                (Err(why), _) => self.fault(&format!("{place}.url"), why),
                (_, Err(why)) => self.fault(&format!("{place}.types"), why),
                (Ok(url), Ok(types)) => match known {
                    None => self.new_webhook(&place, webhook, (url, types)),
                    Some((at, known)) => self.webhook(at, (webhook, known), (url, types)),
                },
            }
        }
        for place in unwanted {
            let Some(webhook) = present.webhooks.get(place) else {
                continue;
            };
            if self.prune {
                self.remove("webhook", &webhook.name);
                self.plan.endings.push(Ending::RemoveWebhook { place });
            } else {
                self.leave("webhook", &webhook.name);
            }
        }
    }

    fn new_webhook(
        &mut self,
        place: &str,
        webhook: &Webhook,
        (url, types): (Option<Url>, Option<Vec<String>>),
    ) {
        let Some(url) = url else {
            let why =
                "a webhook that is to be created needs its url: export it with --webhook-urls";
            return self.fault(place, why);
        };
        let mut changes = Changes::default();
        changes.hidden("url");
        changes.of("types", types.as_ref(), None::<&Vec<String>>);
        self.line(Action::Create, "webhook", &webhook.name, changes);
        self.plan.endings.push(Ending::Webhook(NewWebhook {
            url,
            by_operator: true,
            name: Some(webhook.name.clone()),
            types,
            format: webhook.format,
        }));
    }

    fn webhook(
        &mut self,
        place: usize,
        (webhook, known): (&Webhook, &Webhook),
        (url, types): (Option<Url>, Option<Vec<String>>),
    ) {
        let mut changes = Changes::default();
        let moved = webhook.url.is_some() && webhook.url != known.url;
        if moved {
            changes.hidden("url");
        }
        let heard = changes.of("types", Some(&types), Some(&known.types));
        let wanted = WebhookChange {
            url: url.filter(|_| moved).map(|url| (url, true)),
            name: None,
            types: heard.map(|types| types.map_or(Types::All, Types::These)),
        };
        if !changes.is_nothing() {
            self.line(Action::Change, "webhook", &webhook.name, changes);
            let change = Ending::ChangeWebhook { place, wanted };
            self.plan.endings.push(change);
        }
    }
}

/// The types that a webhook is to hear of, in the form in which they are kept.
fn hears(webhook: &Webhook) -> Result<Option<Vec<String>>, String> {
    let kept = webhook::types(webhook.types.as_deref(), webhook.format)?;
    Ok(kept.map(|kept| kept.split_whitespace().map(str::to_owned).collect()))
}

/// A webhook hears in one format for life.
fn same_name(wanted: &Webhook, present: &Webhook) -> bool {
    wanted.name == present.name && wanted.format == present.format
}

fn same_place(wanted: &Webhook, present: &Webhook) -> bool {
    let is_there = wanted.url.is_none() || wanted.url == present.url;
    is_there && same_name(wanted, present)
}
