//! S1 and S2: people sign in from their identity provider, each time by another response.

use std::cell::{Cell, RefCell};
use std::rc::Rc;

use hyper::header::LOCATION;

use crate::clock;
use crate::drive::{Lane, Workload};
use crate::failure::{Failure, Wrong, ensure};
use crate::http::{Asked, Origin};
use crate::people::filled_name;
use crate::saml::{Exchange, IdentityProvider};
use crate::workload::Setting;

/// Sign-ins.
pub(super) struct SignIn {
    idp: Rc<IdentityProvider>,
    /// The ACS's host; the path is asked each time, since S2 goes on to others.
    origin: Origin,
    path: String,
    visitors: u64,
    exchange: Option<Rc<Exchange>>,
    /// Forms that were signed before the round: what signing costs this machine is not measured.
    forms: RefCell<Vec<String>>,
    signed: Cell<u64>,
}

impl SignIn {
    pub(super) fn new(setting: &Setting, exchanges: bool) -> Result<Self, Failure> {
        let missing = || {
            Failure::new(
                "S1 and S2 need --acs, --idp-key, --idp-cert, --idp-entity-id and --sp-entity-id, as `usher connection show` prints them",
            )
        };
        let idp = setting.identity_provider.clone().ok_or_else(missing)?;
        let missing = || {
            Failure::new(
                "S2 needs an app: give --client-id, --client-secret and --redirect-uri, as `usher app create` prints them",
            )
        };
        let exchange = if exchanges {
            Some(setting.exchange.clone().ok_or_else(missing)?)
        } else {
            None
        };
        Ok(Self {
            origin: idp.acs().root(),
            path: idp.acs().prefix.clone(),
            idp,
            visitors: setting.visitors.max(1),
            exchange,
            forms: RefCell::default(),
            signed: Cell::default(),
        })
    }

    /// A form of the next person.
    fn form(&self) -> Result<String, Failure> {
        let number = self.signed.get();
        self.signed.set(number + 1);
        let address = filled_name(number % self.visitors + 1);
        self.idp.form(&address, clock::now())
    }
}

impl Workload for SignIn {
    fn origin(&self) -> &Origin {
        &self.origin
    }

    async fn prepare(&self, _lane: &mut Lane, operations: u64) -> Result<(), Failure> {
        let forms: Result<Vec<String>, Failure> = (0..operations).map(|_| self.form()).collect();
        self.forms.replace(forms?);
        Ok(())
    }

    async fn operate(&self, lane: &mut Lane, _number: u64) -> Result<(), Wrong> {
        let signed = self.forms.borrow_mut().pop();
        let form = match signed {
            Some(form) => form,
            None => self
                .form()
                .map_err(|failure| Wrong::new(failure.to_string()))?,
        };
        let asked = Asked::form(&self.path, form);
        let answer = lane.connection.ask(asked).await?.expect(&[302, 303])?;
        ensure(answer.header(LOCATION).is_some(), || {
            "the browser is sent nowhere".to_owned()
        })?;
        let cookies = answer.cookies();
        ensure(!cookies.is_empty(), || {
            "no session's cookie came".to_owned()
        })?;
        match &self.exchange {
            Some(exchange) => exchange.perform(&mut lane.connection, &cookies).await,
            None => Ok(()),
        }
    }
}
